"""Controls: the same checkpoint with pictures that cannot help."""

from __future__ import annotations

import random
from collections.abc import Sequence

CONTROLS = ("shuffled_image", "no_image")


def exchanged_pictures(image_ids: Sequence[str | None], *, seed: int) -> list[str | None]:
    """Every sentence gets the picture of another one.

    The sentences that have a picture are put in a random ring and each takes the picture of the next, so that none
    keeps its own (unless two share an id, or there is only one). Sentences without a picture stay without.
    """
    ring = [row for row, image_id in enumerate(image_ids) if image_id is not None]
    random.Random(seed).shuffle(ring)
    exchanged: list[str | None] = [None] * len(image_ids)
    for row, neighbour in zip(ring, ring[1:] + ring[:1], strict=True):
        exchanged[row] = image_ids[neighbour]
    return exchanged


def no_pictures(image_ids: Sequence[str | None]) -> list[str | None]:
    """Every sentence without its picture."""
    return [None] * len(image_ids)
