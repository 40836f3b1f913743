from __future__ import annotations

import pytest
from pydantic import ValidationError

from tandem.params.vision import VisionParams


@pytest.mark.parametrize(
    ("encoder", "family", "architecture"),
    [
        ("pixels", "pixels", ""),
        ("caption", "caption", ""),
        ("torchvision/resnet50", "torchvision", "resnet50"),
        ("hf/some/model", "hf", "some/model"),
        ("hf/pkg:package/folder", "hf", "pkg:package/folder"),
        ("hf//folder/of/mine", "hf", "/folder/of/mine"),
    ],
)
def test_vision_params_split_the_encoder(encoder: str, family: str, architecture: str) -> None:
    params = VisionParams(encoder=encoder)
    assert (params.family, params.architecture) == (family, architecture)


def test_vision_params_suggest_the_nearest_family() -> None:
    with pytest.raises(ValidationError, match=r"unknown vision encoder 'pixel'; did you mean 'pixels'\?"):
        VisionParams(encoder="pixel")
    with pytest.raises(ValidationError, match=r"did you mean 'open_clip/<name>'\?"):
        VisionParams(encoder="openclip/ViT-B-32")


@pytest.mark.parametrize("encoder", ["torchvision", "timm/", "pixels/8", "caption/"])
def test_vision_params_check_the_form(encoder: str) -> None:
    with pytest.raises(ValidationError, match="must have the form"):
        VisionParams(encoder=encoder)


@pytest.mark.parametrize("encoder", ["pixels", "caption", "hf/some/model"])
def test_vision_params_refuse_weights_that_mean_nothing(encoder: str) -> None:
    with pytest.raises(ValidationError, match="set it to null"):
        VisionParams(encoder=encoder, weights="openai")


@pytest.mark.parametrize(
    ("key", "value"), [("image_size", 31), ("batch_size", 0), ("storage", "float32"), ("sized", 1)]
)
def test_vision_params_check_ranges_and_keys(key: str, value: object) -> None:
    with pytest.raises(ValidationError):
        VisionParams.model_validate({key: value})


def test_vision_params_describe_every_knob() -> None:
    assert all(knob.description for knob in VisionParams.model_fields.values())
