"""No fusion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tandem.fusion import Fusion, Picture

Build = Callable[..., Fusion]
Inputs = tuple[Tensor, Tensor, Picture]
Array = np.ndarray[Any, Any]


def test_text_only_returns_the_words(build: Build, inputs: Inputs) -> None:
    fusion = build("text_only")
    assert torch.equal(fusion(*inputs), inputs[0])
    assert not list(fusion.parameters())
    assert not fusion.uses_picture
