"""The gate."""

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


@pytest.mark.parametrize("combine", ["concat", "add"])
@pytest.mark.parametrize("granularity", ["dimension", "token"])
def test_gated_equation(build: Build, inputs: Inputs, ref: Any, granularity: str, combine: str) -> None:
    fusion: Any = build("gated", granularity=granularity, combine=combine)
    assert fusion.gate.out_features == (16 if granularity == "dimension" else 1)

    def equation(h: Array, v: Array | None, regions: Array) -> Array:
        seen = np.zeros_like(h)
        if v is not None:
            seen = ref.sigmoid(ref.linear(fusion.gate, np.concatenate([h, v]))) * v
        return np.concatenate([h, seen]) if combine == "concat" else h + seen

    ref.check(fusion, inputs, equation)


@pytest.mark.parametrize("granularity", ["dimension", "token"])
def test_gated_explains_by_how_far_the_gate_is_open(build: Build, inputs: Inputs, granularity: str) -> None:
    fusion: Any = build("gated", granularity=granularity, combine="add")
    words, _, picture = inputs
    image = fusion.image(picture.pooled, picture.present).unsqueeze(1)
    gates = (fusion(*inputs) - words) / image  # what the words have been given, over what there is
    expected = torch.where(picture.present[:, None], gates.mean(-1), 0.0)
    torch.testing.assert_close(fusion.explain(*inputs).picture_weight, expected, rtol=1e-4, atol=1e-5)
