"""The caption as a second segment."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from tandem.fusion import STRATEGIES, Fusion, Picture, strategy

Build = Callable[..., Fusion]
Inputs = tuple[Tensor, Tensor, Picture]


def test_caption_prefix_returns_the_words(build: Build, inputs: Inputs) -> None:
    fusion = build("caption_prefix", max_words=7)
    assert torch.equal(fusion(*inputs), inputs[0])
    assert not list(fusion.parameters())
    assert fusion.caption_words == 7


def test_caption_prefix_alone_has_captions_read() -> None:
    assert [name for name in STRATEGIES if strategy(name).reads_caption] == ["caption_prefix"]
