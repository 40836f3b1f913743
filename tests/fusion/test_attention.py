"""Attention over the modalities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tandem.fusion import Fusion, Picture

Build = Callable[..., Fusion]
Inputs = tuple[Tensor, Tensor, Picture]
Array = np.ndarray[Any, Any]


@pytest.mark.parametrize("scorer", ["linear", "mlp"])
@pytest.mark.parametrize("start", ["text", "even"])
def test_attention_equation(build: Build, inputs: Inputs, ref: Any, scorer: str, start: str) -> None:
    fusion: Any = build("attention", scorer=scorer, start=start, hidden=5)

    def equation(h: Array, v: Array | None, regions: Array) -> Array:
        if v is None:
            return h
        text, image = ref.modality_weights(fusion.weights, scorer, h, v, start)
        return np.asarray(text * h + image * v)

    ref.check(fusion, inputs, equation)


@pytest.mark.parametrize("hidden", [4, 512])
def test_attention_starts_close_to_the_text(build: Build, inputs: Inputs, hidden: int) -> None:
    fusion: Any = build("attention", randomise=False, hidden=hidden)
    _, weights = fusion.attend(*inputs)
    assert ((weights[0, :, 0] > 0.7) & (weights[0, :, 0] < 0.97)).all()


@pytest.mark.parametrize("scorer", ["linear", "mlp"])
def test_attention_starts_even_as_published(build: Build, inputs: Inputs, scorer: str) -> None:
    fusion: Any = build("attention", randomise=False, scorer=scorer, start="even", hidden=512)
    _, weights = fusion.attend(*inputs)
    assert abs(weights[0, :, 0].mean() - 0.5) < 0.15


@pytest.mark.parametrize("scorer", ["linear", "mlp"])
def test_attention_weights_sum_to_one_and_leave_absent_pictures_out(build: Build, inputs: Inputs, scorer: str) -> None:
    fusion: Any = build("attention", scorer=scorer)
    _, weights = fusion.attend(*inputs)
    torch.testing.assert_close(weights.sum(-1), torch.ones(4, 5))
    assert torch.equal(weights[2], torch.tensor([1.0, 0.0]).expand(5, 2))
    assert (weights[0, :, 1] > 0).all()


@pytest.mark.parametrize("scorer", ["linear", "mlp"])
def test_attention_explains_by_the_share_of_the_picture(build: Build, inputs: Inputs, scorer: str) -> None:
    fusion: Any = build("attention", scorer=scorer)
    words, _, picture = inputs
    weight = fusion.explain(*inputs).picture_weight.unsqueeze(-1)
    image = fusion.image(picture.pooled, picture.present).unsqueeze(1)
    torch.testing.assert_close((1 - weight) * words + weight * image, fusion(*inputs))
