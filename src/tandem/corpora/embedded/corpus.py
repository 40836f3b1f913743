"""A generated corpus before it is written: texts, pictures to draw, and the scores that can be reached on it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from tandem.corpora.embedded.captions import captions
from tandem.corpora.embedded.png import encode_png

Drawing = Callable[[str, random.Random], Image.Image]


@dataclass(frozen=True)
class Corpus:
    """The content of a folder.

    texts: content by file name. pictures: what to draw by image id. draw: draws it. subjects: what a caption calls it.
    ceilings: for `ceiling.json`. ending: what the texts, and so the captions, put behind an image id.
    """

    name: str
    texts: Mapping[str, str]
    pictures: Mapping[str, str]
    draw: Drawing
    subjects: Mapping[str, Sequence[str]]
    ceilings: dict[str, Any]
    ending: str = ""

    def write(self, folder: Path, *, seed: int) -> None:
        """Write the texts, `images/<image id>.png`, `captions.tsv` and `ceiling.json`."""
        images = folder / "images"
        images.mkdir(parents=True)
        described = json.dumps(self.ceilings, indent=2, ensure_ascii=False) + "\n"
        named = {f"{image_id}{self.ending}": kind for image_id, kind in self.pictures.items()}
        told = captions(named, self.subjects, seed=seed)
        for name, text in {**self.texts, "captions.tsv": told, "ceiling.json": described}.items():
            (folder / name).write_bytes(text.encode("utf-8"))
        for image_id, kind in self.pictures.items():
            picture = self.draw(kind, random.Random(f"{seed}/picture/{image_id}"))
            (images / f"{image_id}.png").write_bytes(encode_png(picture))
