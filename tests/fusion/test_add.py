"""Addition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tandem.fusion import Fusion, Picture

Build = Callable[..., Fusion]
Inputs = tuple[torch.Tensor, torch.Tensor, Picture]
Array = np.ndarray[Any, Any]


def test_add_equation(build: Build, inputs: Inputs, ref: Any) -> None:
    fusion = build("add")
    ref.check(fusion, inputs, lambda h, v, regions: h if v is None else h + v)


def test_add_starts_near_the_text_and_with_a_gradient(build: Build, inputs: Inputs) -> None:
    fusion: Any = build("add", randomise=False)
    fused = fusion(*inputs)
    assert 0 < (fused - inputs[0]).norm() < 0.2 * inputs[0].norm()
    fused.square().sum().backward()
    assert fusion.image.linear.weight.grad.any()
