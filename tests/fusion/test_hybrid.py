"""The hybrid of FiLM, modality attention and concatenation."""

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


@pytest.mark.parametrize("dim", [None, 7])
@pytest.mark.parametrize("form", ["residual", "plain"])
@pytest.mark.parametrize("activation", ["none", "relu"])
@pytest.mark.parametrize("scorer", ["linear", "mlp"])
@pytest.mark.parametrize("start", ["text", "even"])
def test_hybrid_equation(
    *, build: Build, inputs: Inputs, ref: Any, dim: int | None, form: str, activation: str, scorer: str, start: str
) -> None:
    knobs = {"dim": dim, "form": form, "modulator_activation": activation, "scorer": scorer, "start": start}
    fusion: Any = build("hybrid", hidden=5, **knobs)

    def equation(h: Array, v: Array | None, regions: Array) -> Array:
        text = ref.linear(fusion.text, h)
        if v is None:
            return np.concatenate([text, np.zeros_like(text)])
        modulated = ref.modulate(fusion.modulation, v, text, form, activation)
        weights = ref.modality_weights(fusion.weights, scorer, modulated, v, start)
        return np.concatenate([weights[0] * modulated, weights[1] * v])

    ref.check(fusion, inputs, equation)
    assert fusion.out_dim == 2 * (dim or 16)


@pytest.mark.parametrize("scorer", ["linear", "mlp"])
@pytest.mark.parametrize("form", ["residual", "plain"])
def test_hybrid_starts_with_the_words_on_the_left(build: Build, inputs: Inputs, form: str, scorer: str) -> None:
    fusion: Any = build("hybrid", randomise=False, form=form, scorer=scorer)
    words, _, picture = inputs
    left = fusion(*inputs)[..., :16]
    share = (left / words)[picture.present]
    assert (share > 0.5).all()
    assert (share < 0.99).all()
    assert torch.equal(left[~picture.present], words[~picture.present])


def test_hybrid_is_made_of_film_and_attention(build: Build, inputs: Inputs) -> None:
    _, word_mask, picture = inputs
    hybrid: Any = build("hybrid", randomise=False, hidden=5)
    film: Any = build("film")
    attention: Any = build("attention", hidden=5)
    for fusion in (film, attention):
        fusion.image.load_state_dict(hybrid.image.state_dict())
    hybrid.modulation.load_state_dict(film.by_image.state_dict())
    hybrid.weights.load_state_dict(attention.weights.state_dict())
    expected = attention(film(*inputs), word_mask, picture)
    left, right = hybrid(*inputs).chunk(2, dim=-1)
    torch.testing.assert_close(left + right, expected)


def test_hybrid_explains_by_the_share_of_the_picture(build: Build, inputs: Inputs) -> None:
    fusion: Any = build("hybrid")
    _, _, picture = inputs
    weight = fusion.explain(*inputs).picture_weight.unsqueeze(-1)
    image = fusion.image(picture.pooled, picture.present).unsqueeze(1)
    torch.testing.assert_close(weight * image, fusion(*inputs)[..., 16:])
