"""Bimodal fusion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tandem.fusion import Fusion, Picture

Build = Callable[..., Fusion]
Inputs = tuple[Tensor, Tensor, Picture]
Array = np.ndarray[Any, Any]


@pytest.mark.parametrize("dim", [None, 7])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("mix", ["alpha", "concat"])
def test_bimodal_equation(build: Build, inputs: Inputs, ref: Any, mix: str, activation: str, dim: int | None) -> None:
    fusion: Any = build("bimodal", mix=mix, activation=activation, dim=dim)

    def equation(h: Array, v: Array | None, regions: Array) -> Array:
        text = ref.linear(fusion.text, h)
        if mix == "concat":
            joined = np.concatenate([text, np.zeros_like(text) if v is None else v])
        else:
            alpha = ref.sigmoid(ref.array(fusion.alpha_logit))
            joined = text if v is None else alpha * text + (1 - alpha) * v
        return (ref.relu if activation == "relu" else np.tanh)(ref.linear(fusion.output, joined))

    ref.check(fusion, inputs, equation)


@pytest.mark.parametrize("alpha", [0.1, 0.8])
def test_bimodal_alpha_starts_at_its_knob(build: Build, alpha: float) -> None:
    fusion: Any = build("bimodal", randomise=False, alpha=alpha)
    assert torch.sigmoid(fusion.alpha_logit).item() == pytest.approx(alpha)
    assert isinstance(fusion.alpha_logit, nn.Parameter)


def test_bimodal_explains_by_the_share_of_the_picture(build: Build, inputs: Inputs) -> None:
    fusion: Any = build("bimodal")
    words, _, picture = inputs
    weight = fusion.explain(*inputs).picture_weight.unsqueeze(-1)
    image = fusion.image(picture.pooled, picture.present).unsqueeze(1)
    mixed = (1 - weight) * fusion.text(words) + weight * image
    torch.testing.assert_close(fusion.activation(fusion.output(mixed)), fusion(*inputs))
    assert build("bimodal", mix="concat").explain(*inputs).picture_weight is None
