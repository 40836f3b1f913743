"""From `vision.encoder` to the module that builds it; only the chosen family is imported."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch

from tandem.params.vision import VisionParams
from tandem.vision.encoder import Encoder

_MODULES = {
    "pixels": "tandem.vision.pixels",
    "caption": "tandem.vision.caption",
    "torchvision": "tandem.vision.torchvision_models",
    "open_clip": "tandem.vision.open_clip_models",
    "timm": "tandem.vision.timm_models",
    "hf": "tandem.vision.hf_models",
}


def load_encoder(params: VisionParams) -> Encoder:
    """The frozen encoder that `params` names, in evaluation mode on the CPU.

    Raises:
        ValueError: an unknown architecture (with the nearest name), weights that cannot be had, an image size that
            the architecture does not take.
    """
    module: Any = import_module(_MODULES[params.family])
    with torch.random.fork_rng():  # random weights (`none`) are the same each time, and no one else's numbers change
        torch.manual_seed(0)
        return module.build(params)


def encoder_identity(params: VisionParams) -> dict[str, str | int]:
    """All that decides the numbers of an encoder, without building it; local weights count by their content."""
    module: Any = import_module(_MODULES[params.family])
    return module.identity(params)
