"""FiLM."""

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


@pytest.mark.parametrize("output_projection", [False, True])
@pytest.mark.parametrize("activation", ["none", "relu"])
@pytest.mark.parametrize("form", ["residual", "plain"])
@pytest.mark.parametrize("direction", ["image_to_text", "text_to_image", "both"])
def test_film_equation(
    *, build: Build, inputs: Inputs, ref: Any, direction: str, form: str, activation: str, output_projection: bool
) -> None:
    fusion: Any = build(
        "film",
        direction=direction,
        form=form,
        modulator_activation=activation,
        output_projection=output_projection,
    )

    def equation(h: Array, v: Array | None, regions: Array) -> Array:
        fused = h
        if v is not None:
            fused = np.zeros_like(h)
            if direction != "text_to_image":
                fused = fused + ref.modulate(fusion.by_image, v, h, form, activation)
            if direction != "image_to_text":
                fused = fused + ref.modulate(fusion.by_text, h, v, form, activation)
        return ref.linear(fusion.output, fused) if output_projection else fused

    ref.check(fusion, inputs, equation)


@pytest.mark.parametrize(
    ("direction", "modulations"),
    [("image_to_text", {"by_image"}), ("text_to_image", {"by_text"}), ("both", {"by_image", "by_text"})],
)
def test_film_has_modulators_for_its_directions_only(build: Build, direction: str, modulations: set[str]) -> None:
    names = {name.split(".")[0] for name, _ in build("film", direction=direction).named_parameters()}
    assert names == {"image", *modulations}


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
    assert fusion.by_image.gamma.weight.grad.any()
    assert fusion.by_image.beta.weight.grad.any()


@pytest.mark.parametrize("form", ["residual", "plain"])
@pytest.mark.parametrize("direction", ["text_to_image", "both"])
def test_film_that_modulates_the_image_starts_as_the_sum(
    build: Build, inputs: Inputs, direction: str, form: str
) -> None:
    fusion: Any = build("film", randomise=False, direction=direction, form=form)
    words, _, picture = inputs
    expected = words + fusion.image(picture.pooled, picture.present).unsqueeze(1)
    torch.testing.assert_close(fusion(*inputs), expected)
