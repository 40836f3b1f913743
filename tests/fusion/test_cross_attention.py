"""Cross-attention over regions."""

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


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("heads", [1, 4])
def test_cross_attention_equation(build: Build, inputs: Inputs, ref: Any, heads: int, residual: bool) -> None:
    fusion: Any = build("cross_attention", heads=heads, residual=residual, ffn_dim=9)

    def equation(h: Array, v: Array | None, regions: Array) -> Array:
        seen = []
        projected = [ref.image(fusion.image, region) for region in regions]
        width = len(h) // heads
        for head in range(heads):
            part = slice(head * width, (head + 1) * width)
            query = ref.linear(fusion.query, h)[part]
            keys = np.array([ref.linear(fusion.key, region)[part] for region in projected]).reshape(-1, width)
            values = np.array([ref.linear(fusion.value, region)[part] for region in projected]).reshape(-1, width)
            weights = ref.softmax(keys @ query / np.sqrt(width)) if len(keys) else np.zeros(0)
            seen.append(weights @ values)
        normed = ref.norm(fusion.norm, np.concatenate(seen) + h)
        fed = ref.linear(fusion.feed_forward[3], ref.relu(ref.linear(fusion.feed_forward[0], normed)))
        return normed + fed if residual else fed

    ref.check(fusion, inputs, equation)


def test_cross_attention_weights_differ_across_regions_words_and_heads(build: Build, inputs: Inputs) -> None:
    fusion: Any = build("cross_attention", heads=4)
    fused, weights = fusion.attend(*inputs)
    assert torch.equal(fused, fusion(*inputs))
    assert weights.shape == (4, 4, 5, 6)
    seen = weights[0]  # (heads, T, R), all regions valid
    torch.testing.assert_close(seen.sum(-1), torch.ones(4, 5))
    for dim in range(3):
        assert (seen.std(dim=dim) > 1e-3).all()
    assert torch.equal(weights[1, :, :, 2:], torch.zeros(4, 5, 4))
    assert torch.equal(weights[2], torch.zeros(4, 5, 6))


def test_cross_attention_heads_must_divide_the_width(build: Build) -> None:
    with pytest.raises(ValueError, match=r"heads 5 does not divide the text width 16; use one of 1, 2, 4, 8, 16"):
        build("cross_attention", heads=5)


def test_cross_attention_explains_by_the_mean_over_heads(build: Build, inputs: Inputs) -> None:
    fusion: Any = build("cross_attention", heads=1)
    words, _, picture = inputs
    valid = picture.region_mask & picture.present.unsqueeze(1)
    values = fusion.value(fusion.image(picture.regions, valid))
    explained = fusion.explain(*inputs)
    normed = fusion.norm(explained.region_weight @ values + words)
    torch.testing.assert_close(normed + fusion.feed_forward(normed), explained.fused)
    several: Any = build("cross_attention", heads=4)
    torch.testing.assert_close(several.explain(*inputs).region_weight, several.attend(*inputs)[1].mean(1))
