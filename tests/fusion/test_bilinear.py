"""Low-rank bilinear fusion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tandem.fusion import Fusion, Picture

Build = Callable[..., Fusion]
Inputs = tuple[torch.Tensor, torch.Tensor, Picture]
Array = np.ndarray[Any, Any]


@pytest.mark.parametrize("rank", [1, 7, 128])
@pytest.mark.parametrize("activation", ["none", "tanh"])
@pytest.mark.parametrize("combine", ["add", "concat"])
def test_bilinear_equation(*, build: Build, inputs: Inputs, ref: Any, rank: int, activation: str, combine: str) -> None:
    fusion: Any = build("bilinear", rank=rank, activation=activation, combine=combine)
    squash = np.tanh if activation == "tanh" else np.asarray

    def equation(h: Array, v: Array | None, regions: Array) -> Array:
        seen = np.zeros_like(h)
        if v is not None:
            seen = ref.linear(fusion.output, squash(ref.linear(fusion.text, h)) * squash(v))
        return h + seen if combine == "add" else np.concatenate([h, seen])

    ref.check(fusion, inputs, equation)


def test_bilinear_is_a_form_of_rank_at_most_the_knob(build: Build, inputs: Inputs, ref: Any) -> None:
    fusion: Any = build("bilinear", rank=3)
    words, word_mask, picture = inputs
    u, p = ref.array(fusion.text.weight), ref.array(fusion.output.weight)
    norm = ref.norm(fusion.image.norm, ref.array(picture.pooled[0]))
    v, c = ref.array(fusion.image.linear.weight), ref.array(fusion.image.linear.bias)
    h, b = ref.array(words[0, 0]), ref.array(fusion.text.bias)
    for k in range(len(h)):  # z_k = [h, 1]' W_k [v, 1]
        form = np.hstack([u, b[:, None]]).T @ np.diag(p[k]) @ np.hstack([v, c[:, None]])
        assert np.linalg.matrix_rank(form) <= 3
        found = (fusion(words, word_mask, picture) - words)[0, 0, k]
        assert found.item() == pytest.approx(np.append(h, 1) @ form @ np.append(norm, 1), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("activation", ["none", "tanh"])
def test_bilinear_starts_near_the_text_and_with_a_gradient(build: Build, inputs: Inputs, activation: str) -> None:
    fusion: Any = build("bilinear", randomise=False, activation=activation)
    fused = fusion(*inputs)
    assert 0 < (fused - inputs[0]).norm() < 0.2 * inputs[0].norm()
    fused.square().sum().backward()
    assert all(parameter.grad.any() for parameter in fusion.parameters())
