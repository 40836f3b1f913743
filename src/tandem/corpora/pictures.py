"""From an image id to the picture's file."""

from __future__ import annotations

import os
from pathlib import Path

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")


class PictureFolder:
    """The files of a folder of pictures, found by image id with or without an ending.

    The folder is listed once; subfolders are looked at when an id names one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._listings: dict[Path, dict[str, str]] = {}

    def _listing(self, folder: Path) -> dict[str, str]:
        if folder not in self._listings:
            names: dict[str, str] = {}
            for name in sorted(os.listdir(folder)) if folder.is_dir() else []:
                stem, suffix = os.path.splitext(name)
                if suffix.lower() in SUFFIXES:
                    names.setdefault(stem, name)
                names[name] = name  # a whole name wins over the stem of another file
            self._listings[folder] = names
        return self._listings[folder]

    def find(self, image_id: str) -> Path | None:
        """The file of an image id that `check_image_id` has passed, or None."""
        relative = Path(image_id)
        name = self._listing(self.folder / relative.parent).get(relative.name)
        path = self.folder / relative.parent / name if name else None
        return path if path is not None and path.is_file() else None
