"""Guided attention over the words."""

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


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("combine", ["concat", "add"])
def test_guided_attention_equation(build: Build, inputs: Inputs, ref: Any, combine: str, scale: bool) -> None:
    fusion: Any = build("guided_attention", combine=combine, scale=scale)
    words, word_mask, picture = inputs
    found = ref.array(fusion(*inputs))
    assert found.shape == (4, 5, fusion.out_dim)
    for b in range(4):
        rows = ref.array(words[b])
        real = rows[word_mask[b].numpy()]
        attended = np.zeros(16)
        if picture.present[b]:
            guide = ref.linear(fusion.guide, ref.image(fusion.image, ref.array(picture.pooled[b])))
            weights = ref.softmax(np.array([guide @ word / (4.0 if scale else 1.0) for word in real]))
            attended = sum(weight * word for weight, word in zip(weights, real, strict=True))
        for t in range(5):
            expected = rows[t] + attended if combine == "add" else np.concatenate([rows[t], attended])
            np.testing.assert_allclose(found[b, t], expected, rtol=1e-4, atol=1e-5)


def test_guided_attention_weights_are_of_real_words_and_present_pictures(build: Build, inputs: Inputs) -> None:
    fusion: Any = build("guided_attention")
    _, word_mask, picture = inputs
    fused, weights = fusion.attend(*inputs)
    assert torch.equal(fused, fusion(*inputs))
    torch.testing.assert_close(weights.sum(1), picture.present.float())
    assert torch.equal(weights > 0, word_mask & picture.present.unsqueeze(1))
    assert weights[0].std() > 1e-3
    assert (weights[0] - weights[0].roll(1)).abs().max() > 1e-3


@pytest.mark.parametrize("noise", [float("nan"), float("inf"), 1e30])
def test_guided_attention_never_reads_padding(build: Build, inputs: Inputs, noise: float) -> None:
    fusion = build("guided_attention", combine="add")
    words, word_mask, picture = inputs
    noisy = torch.where(word_mask.unsqueeze(-1), words, noise)
    assert torch.equal(fusion(noisy, word_mask, picture)[word_mask], fusion(*inputs)[word_mask])


def test_guided_attention_of_one_word_is_that_word(build: Build, inputs: Inputs) -> None:
    fusion = build("guided_attention")
    words, _, picture = inputs
    fused = fusion(words[:, :1], torch.ones(4, 1, dtype=torch.bool), picture)
    torch.testing.assert_close(fused[picture.present], torch.cat([words, words], -1)[picture.present, :1])


@pytest.mark.parametrize("scale", [True, False])
def test_guided_attention_starts_near_the_mean_of_the_words(build: Build, inputs: Inputs, scale: bool) -> None:
    fusion: Any = build("guided_attention", randomise=False, scale=scale)
    _, word_mask, picture = inputs
    fused, weights = fusion.attend(*inputs)
    even = word_mask / word_mask.sum(1, keepdim=True)
    assert (weights - even)[picture.present].abs().max() < 0.1
    fused.square().sum().backward()
    assert all(parameter.grad.any() for parameter in fusion.parameters())
