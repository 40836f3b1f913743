"""Captions of the embedded pictures: what a picture shows, said plainly, and nothing of its post."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

PHRASINGS = (
    "a photo of {}",
    "a picture of {}",
    "a small image of {}",
    "a drawing that shows {}",
    "this image shows {}",
    "{} in the middle of a small picture",
)


def captions(pictures: Mapping[str, str], subjects: Mapping[str, Sequence[str]], *, seed: int) -> str:
    """The content of `captions.tsv`: a line for each picture, in their order.

    Args:
        pictures: the kind of each picture by its id in the texts.
        subjects: what a caption calls each kind; one of them is drawn, as is the phrasing, for each picture.
    """
    lines = []
    for image_id, kind in pictures.items():
        chance = random.Random(f"{seed}/caption/{image_id}")
        lines.append(f"{image_id}\t{chance.choice(PHRASINGS).format(chance.choice(subjects[kind]))}\n")
    return "".join(lines) or "\n"  # DVC warns of files without a byte
