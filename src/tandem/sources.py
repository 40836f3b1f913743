"""Which source files a training really uses, so that a change of one strategy retrains no other.

A study trains many strategies with one stage, so its dependencies cannot name one strategy's file. They name a small
file instead: the hashes of the modules that this system reaches. Likewise a finished twin (`tandem.training.twin`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tandem.files import sha256_of

PACKAGE = "tandem"
# Registries name every strategy and encoder; what a system takes from them is added by name. Parameters count by value.
LEFT_OUT = ("tandem/fusion/__init__.py", "tandem/vision/registry.py", "tandem/params/")


def module_file(name: str, source: Path) -> Path | None:
    """The file of a module below `source` (the folder that holds the package), None for others'."""
    path = source.joinpath(*name.split("."))
    if path.with_suffix(".py").is_file():
        return path.with_suffix(".py")
    return path / "__init__.py" if (path / "__init__.py").is_file() else None


@cache
def imports(file: Path, source: Path) -> frozenset[Path]:
    """The files below `source` that a file imports anywhere in it, lazily named ones (`tandem.x:Class`) included."""
    found: set[Path | None] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {module_file(alias.name, source) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(module_file(node.module, source))
            found |= {module_file(f"{node.module}.{alias.name}", source) for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(f"{PACKAGE}."):
            found.add(module_file(node.value.partition(":")[0], source))
    return frozenset(path for path in found if path is not None)


def reached(start: Iterable[Path], source: Path, left_out: tuple[str, ...] = LEFT_OUT) -> list[Path]:
    """Every file that the given ones reach through imports, themselves included, in order of their names.

    Files whose path holds a part of `left_out` are neither listed nor followed.
    """
    found: set[Path] = set()
    frontier = list(start)
    while frontier:
        file = frontier.pop()
        if file in found or any(part in file.as_posix() for part in left_out):
            continue
        found.add(file)
        frontier.extend(imports(file, source))
    return sorted(found)


def code_hashes(scripts: Iterable[Path], modules: Iterable[str], root: Path) -> dict[str, str]:
    """First 16 hexadecimal digits of the SHA-256 of every file that stage scripts and some modules by name reach."""
    source = root / "src"
    named = [file for name in modules if (file := module_file(name, source)) is not None]
    files = reached([*scripts, *named], source)
    return {file.relative_to(root).as_posix(): sha256_of(file)[:16] for file in files}
