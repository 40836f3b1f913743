"""From `vision.encoder` to the module that builds it; only the chosen family is imported."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from tandem.files import sha256_of
from tandem.params.vision import VisionParams
from tandem.vision.encoder import Encoder

_MODULES = {
    "pixels": "tandem.vision.pixels",
    "caption": "tandem.vision.caption",
    "raw": "tandem.vision.raw",
    "torchvision": "tandem.vision.torchvision_models",
    "open_clip": "tandem.vision.open_clip_models",
    "timm": "tandem.vision.timm_models",
    "hf": "tandem.vision.hf_models",
}
_SHARED = ("augment", "encoder", "pictures", "registry")  # modules behind every encoder that trains


def encoder_module(family: str) -> str:
    """Name of the module that builds the encoders of a family."""
    return _MODULES[family]


def load_encoder(params: VisionParams, *, pretrained: bool = True) -> Encoder:
    """The frozen encoder that `params` names, in evaluation mode on the CPU.

    Args:
        params: names it.
        pretrained: False leaves the weights random, and reads and fetches none, for those of a checkpoint; only for
            families that train.

    Raises:
        ValueError: an unknown architecture (with the nearest name), weights that cannot be had, an image size that
            the architecture does not take.
    """
    module: Any = import_module(_MODULES[params.family])
    with torch.random.fork_rng():  # random weights (`none`) are the same each time, and no one else's numbers change
        torch.manual_seed(0)
        return module.build(params) if pretrained else module.build(params, pretrained=False)


def encoder_identity(params: VisionParams) -> dict[str, str | int]:
    """All that decides the numbers of an encoder, without building it; local weights count by their content."""
    module: Any = import_module(_MODULES[params.family])
    return module.identity(params)


def trained_identity(params: VisionParams) -> dict[str, object]:
    """All that decides how an encoder trains: its weights before training, the augmentation, and the code."""
    digest = hashlib.sha256()
    for file in trained_sources(params.family):
        digest.update(sha256_of(file).encode())
    augment = params.augment.model_dump(mode="json")
    return {**encoder_identity(params), "augment": augment, "code": digest.hexdigest()[:16]}


def trained_sources(family: str) -> list[Path]:
    """The files that an encoder of a family runs through while it trains."""
    names = [*_SHARED, _MODULES[family].rpartition(".")[2]]
    return [Path(__file__).with_name(f"{name}.py") for name in names]
