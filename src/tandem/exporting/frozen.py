"""The frozen encoder of pictures (or captions) that a model was trained on, as files beside the model.

A checkpoint alone names it, and finds its weights on a hub or in a local file. Saved here, it needs neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_model, save_model

from tandem.params.vision import WEIGHTED_FAMILIES, VisionParams
from tandem.text.subwords import save_tokenizer
from tandem.vision.encoder import Encoder
from tandem.vision.registry import encoder_identity, load_encoder

FOLDER = "encoder"
WEIGHTS = "model.safetensors"
WITHOUT_WEIGHTS = ("pixels", "raw")


def save_frozen(params: VisionParams, folder: Path) -> dict[str, str | int] | None:
    """Write the encoder that `params` names; what identifies its numbers, None (and no folder) if it has no weights.

    Errors: `ValueError` if its weights cannot be had.
    """
    if params.family in WITHOUT_WEIGHTS:
        return None
    encoder: Any = load_encoder(params)
    folder.mkdir(parents=True)
    if params.family == "caption":
        encoder.model.save_pretrained(folder)
        save_tokenizer(encoder.tokenizer, folder)
    else:
        encoder.save_config(folder)
        save_model(encoder, str(folder / WEIGHTS))
    return encoder_identity(params)


def load_frozen(params: VisionParams, folder: Path) -> Encoder:
    """What `save_frozen` wrote, without a look at where its weights came from."""
    if params.family == "caption":
        return load_encoder(params.model_copy(update={"caption_encoder": str(folder)}))
    named = params if params.family in WEIGHTED_FAMILIES else params.model_copy(update={"encoder": f"hf/{folder}"})
    encoder = load_encoder(named, pretrained=False)
    load_model(encoder, str(folder / WEIGHTS))
    return encoder


def frozen_of(about: Mapping[str, Any]) -> dict[str, str | int] | None:
    """What identifies the saved encoder of a model, by what tandem.json says; None if none was saved with it."""
    found: dict[str, str | int] | None = about.get("frozen_encoder")
    return found
