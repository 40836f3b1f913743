"""Concatenation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from tandem.fusion import Fusion, Picture

Build = Callable[..., Fusion]
Inputs = tuple[Tensor, Tensor, Picture]
Array = np.ndarray[Any, Any]


@pytest.mark.parametrize("width", [None, 7])
def test_concat_equation(build: Build, inputs: Inputs, ref: Any, width: int | None) -> None:
    fusion: Any = build("concat", width=width)

    def equation(h: Array, v: Array | None, regions: Array) -> Array:
        return ref.relu(ref.linear(fusion.mix, np.concatenate([h, np.zeros_like(h) if v is None else v])))

    ref.check(fusion, inputs, equation)
    assert fusion.out_dim == (width or 16)
