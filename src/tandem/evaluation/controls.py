"""Controls: the same checkpoint with pictures that cannot help.

| name | what a sentence is shown |
|---|---|
| shuffled_image | the picture of another sentence |
| no_image | none |
| noise_image | its own picture, of which noise has taken the place (`tandem.vision.noise`, `tandem.models.captions`) |
"""

from __future__ import annotations

import random
from collections.abc import Sequence

NOISE = "noise_image"
CONTROLS = ("shuffled_image", "no_image", NOISE)
TWIN = "text_only"  # no control: what another model says, which was trained without pictures


def exchanged_pictures(image_ids: Sequence[str | None], *, seed: int) -> list[str | None]:
    """Every sentence gets the picture of another one.

    The sentences that have a picture stand in a ring, those that share one beside each other, in random order; each
    takes the picture as many places on as the most shared picture has sentences. So none keeps its own, unless one
    picture belongs to more than half of them. Sentences without a picture (None) stay without.
    """
    owners: dict[str, list[int]] = {}
    for row, image_id in enumerate(image_ids):
        if image_id is not None:
            owners.setdefault(image_id, []).append(row)
    groups = list(owners.values())
    random.Random(seed).shuffle(groups)
    ring = [row for group in groups for row in group]
    shift = max(map(len, groups), default=0)
    exchanged: list[str | None] = [None] * len(image_ids)
    for place, row in enumerate(ring):
        exchanged[row] = image_ids[ring[(place + shift) % len(ring)]]
    return exchanged


def no_pictures(image_ids: Sequence[str | None]) -> list[str | None]:
    """Every sentence without its picture."""
    return [None] * len(image_ids)


def conditions(image_ids: Sequence[str | None], *, seed: int) -> dict[str, list[str | None]]:
    """The picture of each sentence by the name of a prediction: `predicted` with its own, then the controls.

    Under `noise_image` the sentences keep their own; whoever shows them puts noise in their place.
    """
    return {
        "predicted": list(image_ids),
        "shuffled_image": exchanged_pictures(image_ids, seed=seed),
        "no_image": no_pictures(image_ids),
        NOISE: list(image_ids),
    }
