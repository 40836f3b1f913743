"""Every strategy against its equation, written again in NumPy for one word at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tandem.fusion import Fusion, Picture

Build = Callable[..., Fusion]
Array = np.ndarray[Any, Any]


def _np(tensor: Tensor) -> Array:
    return tensor.detach().double().numpy()


def _linear(layer: Any, x: Array) -> Array:
    out = _np(layer.weight) @ x
    return out if layer.bias is None else out + _np(layer.bias)


def _norm(layer: Any, x: Array) -> Array:
    return (x - x.mean()) / np.sqrt(x.var() + layer.eps) * _np(layer.weight) + _np(layer.bias)


def _image(fusion: Any, features: Array) -> Array:
    return _linear(fusion.image.linear, _norm(fusion.image.norm, features))


def _softmax(x: Array) -> Array:
    return np.exp(x - x.max()) / np.exp(x - x.max()).sum()


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def _relu(x: Array) -> Array:
    return np.maximum(x, 0)


def _check(
    fusion: Fusion,
    words: Tensor,
    word_mask: Tensor,
    picture: Picture,
    equation: Callable[[Array, Array | None, Array], Array],
) -> None:
    """`equation` takes a word, the projected picture or None, and the valid raw regions."""
    found = fusion(words, word_mask, picture)
    assert found.shape == (*words.shape[:2], fusion.out_dim)
    for b in range(len(words)):
        present = bool(picture.present[b])
        pooled = _image(fusion, _np(picture.pooled[b])) if present and not fusion.uses_regions else None
        regions = _np(picture.regions[b][picture.region_mask[b] & present])
        for t in range(words.shape[1]):
            expected = equation(_np(words[b, t]), pooled, regions)
            np.testing.assert_allclose(_np(found[b, t]), expected, rtol=1e-4, atol=1e-5)


@pytest.fixture
def inputs(words: Tensor, word_mask: Tensor, picture: Picture) -> tuple[Tensor, Tensor, Picture]:
    return words, word_mask, picture


Inputs = tuple[Tensor, Tensor, Picture]


def test_text_only_returns_the_words(build: Build, inputs: Inputs) -> None:
    fusion = build("text_only")
    assert torch.equal(fusion(*inputs), inputs[0])
    assert not list(fusion.parameters())
    assert not fusion.uses_picture


@pytest.mark.parametrize("width", [None, 7])
def test_concat_equation(build: Build, inputs: Inputs, width: int | None) -> None:
    fusion: Any = build("concat", width=width)

    def equation(h: Array, v: Array | None, regions: Array) -> Array:
        return _relu(_linear(fusion.mix, np.concatenate([h, np.zeros_like(h) if v is None else v])))

    _check(fusion, *inputs, equation)
    assert fusion.out_dim == (width or 16)


@pytest.mark.parametrize("dim", [None, 7])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("mix", ["alpha", "concat"])
def test_bimodal_equation(build: Build, inputs: Inputs, mix: str, activation: str, dim: int | None) -> None:
    fusion: Any = build("bimodal", mix=mix, activation=activation, dim=dim)

    def equation(h: Array, v: Array | None, regions: Array) -> Array:
        text = _linear(fusion.text, h)
        if mix == "concat":
            joined = np.concatenate([text, np.zeros_like(text) if v is None else v])
        else:
            alpha = _sigmoid(_np(fusion.alpha_logit))
            joined = text if v is None else alpha * text + (1 - alpha) * v
        return (_relu if activation == "relu" else np.tanh)(_linear(fusion.output, joined))

    _check(fusion, *inputs, equation)


@pytest.mark.parametrize("alpha", [0.1, 0.8])
def test_bimodal_alpha_starts_at_its_knob(build: Build, alpha: float) -> None:
    fusion: Any = build("bimodal", randomise=False, alpha=alpha)
    assert torch.sigmoid(fusion.alpha_logit).item() == pytest.approx(alpha)
    assert isinstance(fusion.alpha_logit, nn.Parameter)


@pytest.mark.parametrize("output_projection", [False, True])
@pytest.mark.parametrize("modulator_activation", ["none", "relu"])
@pytest.mark.parametrize("form", ["residual", "plain"])
@pytest.mark.parametrize("direction", ["image_to_text", "text_to_image"])
def test_film_equation(
    *, build: Build, inputs: Inputs, direction: str, form: str, modulator_activation: str, output_projection: bool
) -> None:
    fusion: Any = build(
        "film",
        direction=direction,
        form=form,
        modulator_activation=modulator_activation,
        output_projection=output_projection,
    )

    def equation(h: Array, v: Array | None, regions: Array) -> Array:
        fused = h
        if v is not None:
            source, target = (v, h) if direction == "image_to_text" else (h, v)
            gamma, beta = _linear(fusion.gamma, source), _linear(fusion.beta, source)
            if modulator_activation == "relu":
                gamma, beta = _relu(gamma), _relu(beta)
            fused = (gamma + 1 if form == "residual" else gamma) * target + beta
        return _linear(fusion.output, fused) if output_projection else fused

    _check(fusion, *inputs, equation)


@pytest.mark.parametrize("output_projection", [False, True])
@pytest.mark.parametrize("form", ["residual", "plain"])
def test_film_starts_as_the_text_only_model(build: Build, inputs: Inputs, form: str, output_projection: bool) -> None:
    fusion = build("film", randomise=False, form=form, output_projection=output_projection)
    torch.testing.assert_close(fusion(*inputs), inputs[0])


@pytest.mark.parametrize("form", ["residual", "plain"])
def test_film_with_relu_starts_near_the_text_and_with_a_gradient(build: Build, inputs: Inputs, form: str) -> None:
    fusion: Any = build("film", randomise=False, form=form, modulator_activation="relu")
    fused = fusion(*inputs)
    assert (fused - inputs[0]).norm() < 0.2 * inputs[0].norm()
    fused.square().sum().backward()
    assert fusion.gamma.weight.grad.any()
    assert fusion.beta.weight.grad.any()


def test_film_from_text_to_image_starts_with_the_text_in_it(build: Build, inputs: Inputs) -> None:
    fusion: Any = build("film", randomise=False, direction="text_to_image")
    words, _, picture = inputs
    expected = words + fusion.image(picture.pooled, picture.present).unsqueeze(1)
    torch.testing.assert_close(fusion(*inputs), expected)


@pytest.mark.parametrize("scorer", ["linear", "mlp"])
def test_attention_equation(build: Build, inputs: Inputs, scorer: str) -> None:
    fusion: Any = build("attention", scorer=scorer, hidden=5)

    def score(scorer: Any, x: Array) -> float:
        return float(_linear(scorer.layers[3], np.tanh(_linear(scorer.layers[0], x)))[0] / np.sqrt(5))

    def equation(h: Array, v: Array | None, regions: Array) -> Array:
        if v is None:
            return h
        if scorer == "linear":
            weights = _softmax(_linear(fusion.joint, np.concatenate([h, v])))
        else:
            weights = _softmax(np.array([score(fusion.text_scorer, h), score(fusion.image_scorer, v)]))
        return np.asarray(weights[0] * h + weights[1] * v)

    _check(fusion, *inputs, equation)


@pytest.mark.parametrize("hidden", [4, 512])
def test_attention_starts_close_to_the_text(build: Build, inputs: Inputs, hidden: int) -> None:
    fusion: Any = build("attention", randomise=False, hidden=hidden)
    _, weights = fusion.attend(*inputs)
    assert ((weights[0, :, 0] > 0.7) & (weights[0, :, 0] < 0.97)).all()


@pytest.mark.parametrize("scorer", ["linear", "mlp"])
def test_attention_weights_sum_to_one_and_leave_absent_pictures_out(build: Build, inputs: Inputs, scorer: str) -> None:
    fusion: Any = build("attention", scorer=scorer)
    _, weights = fusion.attend(*inputs)
    torch.testing.assert_close(weights.sum(-1), torch.ones(4, 5))
    assert torch.equal(weights[2], torch.tensor([1.0, 0.0]).expand(5, 2))
    assert (weights[0, :, 1] > 0).all()


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("heads", [1, 4])
def test_cross_attention_equation(build: Build, inputs: Inputs, heads: int, residual: bool) -> None:
    fusion: Any = build("cross_attention", heads=heads, residual=residual, ffn_dim=9)

    def equation(h: Array, v: Array | None, regions: Array) -> Array:
        seen = []
        projected = [_image(fusion, region) for region in regions]
        width = len(h) // heads
        for head in range(heads):
            part = slice(head * width, (head + 1) * width)
            query = _linear(fusion.query, h)[part]
            keys = np.array([_linear(fusion.key, region)[part] for region in projected]).reshape(-1, width)
            values = np.array([_linear(fusion.value, region)[part] for region in projected]).reshape(-1, width)
            weights = _softmax(keys @ query / np.sqrt(width)) if len(keys) else np.zeros(0)
            seen.append(weights @ values)
        normed = _norm(fusion.norm, np.concatenate(seen) + h)
        fed = _linear(fusion.feed_forward[3], _relu(_linear(fusion.feed_forward[0], normed)))
        return normed + fed if residual else fed

    _check(fusion, *inputs, equation)


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


@pytest.mark.parametrize("combine", ["concat", "add"])
@pytest.mark.parametrize("granularity", ["dimension", "token"])
def test_gated_equation(build: Build, inputs: Inputs, granularity: str, combine: str) -> None:
    fusion: Any = build("gated", granularity=granularity, combine=combine)
    assert fusion.gate.out_features == (16 if granularity == "dimension" else 1)

    def equation(h: Array, v: Array | None, regions: Array) -> Array:
        seen = np.zeros_like(h)
        if v is not None:
            seen = _sigmoid(_linear(fusion.gate, np.concatenate([h, v]))) * v
        return np.concatenate([h, seen]) if combine == "concat" else h + seen

    _check(fusion, *inputs, equation)
