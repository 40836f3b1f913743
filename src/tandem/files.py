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


def enclosing_project(folder: Path) -> Path | None:
    """The project that a queued experiment belongs to: its workspace lies in `<project>/.dvc/tmp/exps/<name>`."""
    parts = folder.parts
    for i in range(len(parts) - 3, 0, -1):
        if parts[i : i + 3] == (".dvc", "tmp", "exps"):
            return Path(*parts[:i])
    return None


def locate(path: Path) -> Path | None:
    """Where an existing file or folder is, `path` being relative to the project's root or absolute; None if nowhere.

    What git ignores (raw corpora, weights) is absent from the workspace of a queued experiment; it is then taken from
    the project that the experiment belongs to. A link is not followed, so that a file keeps its name and its suffix.
    """
    candidates = [path]
    project = enclosing_project(Path.cwd().resolve())
    if project and not path.is_absolute():
        candidates.append(project / path)
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
