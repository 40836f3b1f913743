"""Two predictions, fused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tandem.fusion import Fusion, Picture, Widths, strategy

Build = Callable[..., Fusion]
Inputs = tuple[torch.Tensor, torch.Tensor, Picture]
Array = np.ndarray[Any, Any]


@pytest.mark.parametrize("weights", ["scalar", "class", "gate"])
def test_partial_prediction_equation(build: Build, inputs: Inputs, ref: Any, weights: str) -> None:
    fusion: Any = build("partial_prediction", weights=weights)

    def equation(h: Array, v: Array | None, regions: Array) -> Array:
        text = ref.linear(fusion.text, h)
        if v is None:
            return np.asarray(text)
        if weights == "gate":
            share = ref.sigmoid(ref.linear(fusion.gate, np.concatenate([h, v]))[0])
        else:
            share = ref.sigmoid(ref.array(fusion.share_logit))
            assert share.shape == (() if weights == "scalar" else (3,))
        return np.asarray(share * text + (1 - share) * ref.linear(fusion.image_scores, v))

    ref.check(fusion, inputs, equation)
    assert fusion.out_dim == 3


def test_partial_prediction_of_the_picture_is_one_for_all_words(build: Build, inputs: Inputs) -> None:
    fusion: Any = build("partial_prediction", weights="class")
    words, _, picture = inputs
    text, image, share = fusion.parts(words, picture)
    assert image.shape == (4, 1, 3)
    seen = (fusion(*inputs) - share * text)[picture.present]
    torch.testing.assert_close(seen, ((1 - share) * image).expand(4, 5, 3)[picture.present])


@pytest.mark.parametrize("share", [0.1, 0.8])
@pytest.mark.parametrize("weights", ["scalar", "class", "gate"])
def test_partial_prediction_share_starts_at_its_knob(build: Build, inputs: Inputs, weights: str, share: float) -> None:
    fusion: Any = build("partial_prediction", randomise=False, weights=weights, share=share)
    words, _, picture = inputs
    found = fusion.parts(words, picture)[2]
    assert found.mean().item() == pytest.approx(share, abs=0.1 if weights == "gate" else 1e-6)


def test_partial_prediction_share_must_leave_room_for_both(build: Build) -> None:
    widths = Widths(text=4, pooled=3, region=3, classes=2)
    with pytest.raises(ValueError, match="share must lie strictly between 0 and 1, found 1"):
        strategy("partial_prediction")(widths=widths, weights="scalar", share=1.0, dropout=0.1)


@pytest.mark.parametrize("weights", ["scalar", "class", "gate"])
def test_partial_prediction_explains_by_the_share_of_the_picture(build: Build, inputs: Inputs, weights: str) -> None:
    fusion: Any = build("partial_prediction", weights=weights)
    words, _, picture = inputs
    text, image, _ = fusion.parts(words, picture)
    expected = (fusion(*inputs) - text) / (image - text)  # of each class
    expected = torch.where(picture.present[:, None, None], expected, 0.0).mean(-1)
    torch.testing.assert_close(fusion.explain(*inputs).picture_weight, expected, rtol=1e-3, atol=1e-4)
