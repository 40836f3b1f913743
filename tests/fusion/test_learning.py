"""That every strategy learns to read the picture: in these posts it alone tells two classes apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tandem.fusion import STRATEGIES, Fusion, Picture, strategy

Build = Callable[..., Fusion]
OUTSIDE, FIRST = 0, 1  # the third class is FIRST + 1
POSTS, WORDS = 256, 6

PICTURES = [name for name in STRATEGIES if strategy(name).uses_picture and not strategy(name).joint]
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *((name, {"hidden": 16} if name in ("attention", "hybrid") else {}) for name in PICTURES),
    ("film", {"direction": "text_to_image"}),
    ("film", {"direction": "both"}),
    ("guided_attention", {"combine": "add"}),
    ("guided_attention", {"scale": False}),
    ("bilinear", {"combine": "concat", "activation": "tanh"}),
    ("hybrid", {"form": "plain", "scorer": "linear", "modulator_activation": "relu"}),
    ("partial_prediction", {"weights": "class"}),
    ("partial_prediction", {"weights": "gate"}),
]


def posts(seed: int) -> tuple[Tensor, Tensor, Picture, Tensor]:
    """Words, mask, pictures and classes of posts with plain words, mentions, and two words that every post has.

    A mention is of class 1 or 2 as the picture shows; of all other words nothing but the word decides that it is 0.
    """
    generator = torch.Generator().manual_seed(seed)
    kinds = torch.randint(0, 2, (POSTS, WORDS), generator=generator)  # 0 plain, 1 mention
    kinds[:, :3] = torch.tensor([1, 2, 3])  # guided attention tells by the words that it picks: let there be some
    words = 0.1 * torch.randn(POSTS, WORDS, 16, generator=generator) + functional.one_hot(kinds, 16)
    shown = torch.randint(0, 2, (POSTS,), generator=generator)
    sign = (2.0 * shown - 1).unsqueeze(1)
    pooled = 0.5 * torch.randn(POSTS, 12, generator=generator)
    pooled[:, :3] += sign
    regions = 0.5 * torch.randn(POSTS, 4, 10, generator=generator)
    regions[:, 0, :3] += sign
    picture = Picture(
        pooled=pooled,
        regions=regions,
        region_mask=torch.ones(POSTS, 4, dtype=torch.bool),
        present=torch.ones(POSTS, dtype=torch.bool),
    )
    classes = torch.where(kinds == 1, FIRST + shown.unsqueeze(1), OUTSIDE)
    return words, torch.ones(POSTS, WORDS, dtype=torch.bool), picture, classes


@pytest.mark.parametrize(
    ("name", "knobs"), VARIANTS, ids=["-".join([name, *map(str, knobs.values())]) for name, knobs in VARIANTS]
)
def test_learning_reads_the_picture(build: Build, name: str, knobs: dict[str, Any]) -> None:
    fusion = build(name, randomise=False, **knobs).train()
    model = nn.ModuleList([fusion, nn.Identity() if fusion.predicts else nn.Linear(fusion.out_dim, 3)])

    def scores(words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        found: Tensor = model[1](model[0](words, word_mask, picture))
        return found  # (POSTS, WORDS, 3)

    words, word_mask, picture, classes = posts(seed=1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(150):
        optimizer.zero_grad()
        functional.cross_entropy(scores(words, word_mask, picture).flatten(0, 1), classes.flatten()).backward()
        optimizer.step()
    model.eval()

    words, word_mask, picture, classes = posts(seed=2)

    def accuracy(picture: Picture) -> float:
        """Share of the mentions whose class is found."""
        right = scores(words, word_mask, picture).argmax(-1) == classes
        return right[classes != OUTSIDE].float().mean().item()

    shuffled = dataclasses.replace(picture, pooled=picture.pooled.roll(1, 0), regions=picture.regions.roll(1, 0))
    absent = dataclasses.replace(picture, present=torch.zeros_like(picture.present))
    assert accuracy(picture) > 0.85
    assert accuracy(shuffled) < 0.65
    assert accuracy(absent) < 0.65
