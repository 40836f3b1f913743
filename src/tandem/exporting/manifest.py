"""manifest.json of an exported model: what every file was, so that a half copied folder says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tandem import __version__
from tandem.files import sha256_of, write_json

MANIFEST = "manifest.json"
CARD = "README.md"  # not in the manifest: whoever publishes the model writes in it
FORMAT = 1  # raised when what lies in an exported folder changes
LARGE = 64 << 20  # bytes; of larger files the length alone is compared, so that loading stays quick


def write_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """List all files of a folder; what is listed, by name."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in {MANIFEST, CARD})
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256_of(path)} for path in paths
    }
    write_json(folder / MANIFEST, {"format": FORMAT, "tandem": __version__, "files": files})
    return files


def check_manifest(folder: Path) -> bool:
    """Whether a folder is an exported model; then, that it is whole.

    Errors: `ValueError` naming the file that is absent, truncated or another one, and the remedy.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return False
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version, files = manifest["format"], dict(manifest["files"])
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path}: no manifest of an exported model; copy the folder again") from None
    if version != FORMAT:
        raise ValueError(f"{path}: format {version!r}, expected {FORMAT}; export the model again with this version")
    for name, expected in files.items():
        file = folder / name
        if not file.is_file():
            raise ValueError(f"{file}: not found; copy the whole exported folder again")
        size = file.stat().st_size
        if size != expected["bytes"]:
            kind = "truncated" if size < expected["bytes"] else "changed"
            raise ValueError(
                f"{file}: {kind} ({size} bytes, exported with {expected['bytes']}); copy the exported folder again"
            )
        if size < LARGE and sha256_of(file) != expected["sha256"]:
            raise ValueError(f"{file}: damaged or changed since the export; copy the exported folder again")
    return True
