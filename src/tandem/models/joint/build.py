"""The joint encoder that `text.encoder` names, if it names one.

What reads checkpoints is imported only where there is one, as in `tandem.text.build`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tandem.params import TextParams
from tandem.text.base import WordTokenizer
from tandem.weights import load_pretrained

if TYPE_CHECKING:
    from tandem.models.joint.base import JointEncoder

JOINT_ENCODERS = {
    "blip": "tandem.models.joint.blip:BlipEncoder",
    "blip-2": "tandem.models.joint.blip2:Blip2Encoder",
    "vilt": "tandem.models.joint.vilt:ViltEncoder",
}
"""By `model_type` of a checkpoint's configuration."""


def _encoder_class(checkpoint: str) -> tuple[type[JointEncoder] | None, Any]:
    """The class that serves a checkpoint, None for an ordinary encoder of text, and its configuration."""
    if checkpoint == "scratch":
        return None, None
    config = _configuration(checkpoint)
    if config.model_type not in JOINT_ENCODERS:
        return None, config
    module, _, name = JOINT_ENCODERS[config.model_type].partition(":")
    return getattr(import_module(module), name), config


def _configuration(checkpoint: str) -> Any:
    from transformers import AutoConfig  # noqa: PLC0415

    return load_pretrained(AutoConfig, checkpoint)


def build_joint(
    params: TextParams, *, markers: bool = False, context: bool = False
) -> tuple[WordTokenizer, JointEncoder] | None:
    """As `tandem.text.build.build_text`; None if the checkpoint is no joint encoder."""
    found, config = _encoder_class(params.encoder)
    if found is None:
        return None
    from tandem.text.checkpoint import fit  # noqa: PLC0415

    encoder = found.from_checkpoint(params.encoder, config, attention=params.attention)
    return fit(params, encoder, markers=markers, context=context), encoder


def load_joint(params: TextParams, folder: Path, *, markers: bool = False) -> tuple[WordTokenizer, JointEncoder] | None:
    """As `tandem.text.build.load_text`; None if the saved encoder is no joint one."""
    found, config = _encoder_class("scratch" if params.encoder == "scratch" else str(folder))
    if found is None:
        return None
    from tandem.text.checkpoint import fit_saved  # noqa: PLC0415

    if params.lora.rank:
        original = _configuration(params.encoder)
        encoder = found.from_checkpoint(params.encoder, original, attention=params.attention)
    else:
        encoder = found.from_saved(config, attention=params.attention)
    return fit_saved(params, folder, encoder, markers=markers), encoder


def check_joint(encoder: object, checkpoint: str, pooled_dim: int, region_dim: int) -> None:
    """That `fusion: joint` has an encoder which reads such pictures. Errors: `ValueError` with the remedy."""
    from tandem.models.joint.base import JointEncoder  # noqa: PLC0415

    if not isinstance(encoder, JointEncoder):
        raise ValueError(
            f"fusion joint: text.encoder {checkpoint!r} reads no pictures; take a checkpoint of "
            f"{', '.join(sorted(JOINT_ENCODERS))}, or another fusion"
        )
    encoder.check_pictures(pooled_dim, region_dim, checkpoint)
