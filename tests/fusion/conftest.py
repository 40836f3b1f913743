"""Small words and pictures for the tests of the fusion strategies."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from tandem.fusion import Fusion, Picture, build_fusion
from tandem.params.fusions import FUSION_PARAMS

TEXT, POOLED, REGION = 16, 12, 10

Build = Callable[..., Fusion]


@pytest.fixture
def build() -> Build:
    """Build a strategy in evaluation mode, with seeded random weights even where training starts at zero."""

    def make(name: str, seed: int = 0, randomise: bool = True, **knobs: Any) -> Fusion:
        torch.manual_seed(seed)
        fusion = build_fusion(
            name, knobs=FUSION_PARAMS[name](**knobs), text_dim=TEXT, pooled_dim=POOLED, region_dim=REGION
        ).eval()
        if randomise:
            with torch.no_grad():
                for parameter in fusion.parameters():
                    parameter.copy_(0.5 * torch.randn(parameter.shape))
        return fusion

    return make


@pytest.fixture
def words() -> Tensor:
    """(4, 5, 16)"""
    return torch.randn(4, 5, TEXT, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def word_mask() -> Tensor:
    """(4, 5), lengths 5, 3, 4, 1."""
    return torch.arange(5) < torch.tensor([[5], [3], [4], [1]])


@pytest.fixture
def picture() -> Picture:
    """Four pictures, the third absent, with 6, 2, 0 and 4 valid regions."""
    generator = torch.Generator().manual_seed(2)
    return Picture(
        pooled=torch.randn(4, POOLED, generator=generator),
        regions=torch.randn(4, 6, REGION, generator=generator),
        region_mask=torch.arange(6) < torch.tensor([[6], [2], [0], [4]]),
        present=torch.tensor([True, True, False, True]),
    )


@pytest.fixture
def blank() -> Callable[[Picture], Picture]:
    """The same batch with every picture absent, and their features not numbers."""

    def make(picture: Picture) -> Picture:
        return dataclasses.replace(
            picture,
            pooled=torch.full_like(picture.pooled, float("nan")),
            regions=torch.full_like(picture.regions, float("inf")),
            present=torch.zeros_like(picture.present),
        )

    return make
