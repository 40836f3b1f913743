from __future__ import annotations

import pytest
from pydantic import ValidationError

from tandem.params.vision import AugmentParams, VisionParams


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
    assert all(knob.description for knob in AugmentParams.model_fields.values())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"encoder": "caption", "views": 2}, r"vision.views 2: a caption has no augmented views; set it to 0"),
        ({"train": True}, r"vision.train: 'pixels' has nothing to train; set it to false, or vision.encoder to one of"),
        ({"encoder": "caption", "train": True}, "'caption' has nothing to train"),
        ({"encoder": "raw", "train": True}, "'raw' has nothing to train"),
        ({"encoder": "timm/x", "train": True, "views": 1}, "vision.views 1: an encoder that trains .*; set it to 0"),
        ({"encoder": "raw", "weights": "none"}, "set it to null"),
        ({"views": -1}, "greater than or equal to 0"),
        ({"augment": {"crop": 0}}, "greater than 0"),
        ({"augment": {"hue": 0.6}}, "less than or equal to 0.5"),
        ({"augment": {"hues": 0.1}}, "hues"),
    ],
)
def test_vision_params_refuse_augmentation_that_cannot_be(settings: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        VisionParams.model_validate(settings)


def test_vision_params_extract_pictures_for_an_encoder_that_trains() -> None:
    params = VisionParams(encoder="torchvision/resnet18", weights="none", train=True, image_size=64)
    assert params.extracted == VisionParams(encoder="raw", image_size=64)
    frozen = VisionParams(encoder="torchvision/resnet18")
    assert frozen.extracted is frozen
