"""The strategy of joint encoders, whose text encoder has read the picture already."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from tandem.fusion import STRATEGIES, Fusion, Picture, strategy

Build = Callable[..., Fusion]
Inputs = tuple[Tensor, Tensor, Picture]


def test_joint_returns_the_words(build: Build, inputs: Inputs) -> None:
    fusion = build("joint")
    assert torch.equal(fusion(*inputs), inputs[0])
    assert not list(fusion.parameters())


def test_joint_counts_as_reading_pictures_and_their_regions() -> None:
    assert [name for name in STRATEGIES if strategy(name).joint] == ["joint"]
    found = strategy("joint")
    assert found.uses_picture
    assert found.uses_regions
    assert not found.reads_caption
