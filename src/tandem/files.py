"""Finding files from a queued experiment too, and writing them so that a kill never leaves half of one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def projects(folder: Path) -> list[Path]:
    """The DVC projects that a folder lies in, the innermost first.

    A queued experiment's workspace, `<project>/.dvc/tmp/exps/<name>`, is a project inside the one it belongs to.
    """
    whole = folder.resolve()
    return [place for place in (whole, *whole.parents) if (place / ".dvc").is_dir()]


def home(folder: Path) -> Path:
    """The project that a folder belongs to, for a queued experiment the one that it was queued in; else the folder."""
    return next((place for place in projects(folder) if ".dvc" not in place.parts), folder.resolve())


def locate(path: Path) -> Path | None:
    """Where an existing file or folder is, `path` being relative to the project's root or absolute; None if nowhere.

    Looked for here first, then in the root of the project that the working folder lies in (a study's systems have
    folders of their own), then in the project that a queued experiment belongs to: what git ignores (raw corpora,
    weights) is absent from its workspace. A link is not followed, so that a file keeps its name and its suffix.
    """
    candidates = [path]
    if not path.is_absolute():
        candidates += [project / path for project in projects(Path.cwd())]
    return next((candidate for candidate in candidates if candidate.exists()), None)


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`; on success it is renamed to `target`, on failure it is removed.

    The rename is atomic on one file system, so a reader sees the old file or the new one and never a part of it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary)
        else:
            temporary.unlink(missing_ok=True)


def write_json(target: Path, value: Any) -> None:
    """Write `value` as indented JSON with sorted keys off (the order of insertion is the order of reading)."""
    with atomic_path(target) as temporary:
        temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_text(target: Path, text: str) -> None:
    """Write `text` as UTF-8."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sha256_of(path: Path, chunk: int = 1 << 20) -> str:
    """Hexadecimal SHA-256 of a file's bytes, read in chunks of `chunk` bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(chunk):
            digest.update(block)
    return digest.hexdigest()


def digest_of(folder: Path) -> dict[str, int | str]:
    """How many files a folder holds, and a SHA-256 of the names and contents of them all."""
    digest = hashlib.sha256()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256_of(path)}\n".encode())
    return {"files": len(files), "sha256": digest.hexdigest()}
