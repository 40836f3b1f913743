"""BLIP (Li et al. 2022): text layers that cross-attend to the tokens of a vision tower."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import BlipTextModel

from tandem.models.joint.base import JointEncoder, check_tower, tower_tokens
from tandem.text.pretrained import Attention
from tandem.weights import load_part

# Which part of a checkpoint encodes text, by the class that it was saved from.
_TEXT_SIDE = {
    "BlipForConditionalGeneration": r"text_decoder\.bert",
    "BlipForQuestionAnswering": "text_encoder",
    "BlipForImageTextRetrieval": "text_encoder",
    "BlipModel": "text_model",
}


class BlipEncoder(JointEncoder):
    """The image-grounded text encoder. The vision tower is no part of it: `vision.encoder: hf/<checkpoint>` is.

    It reads the text in both directions, also where the text side of the checkpoint is a decoder (captioning). The
    tower's patch tokens are the regions, averaged to a coarser grid where they are more than `vision.max_regions`.
    """

    family: ClassVar[str] = "BLIP"
    model: BlipTextModel

    def __init__(self, model: BlipTextModel, config: Any, *, attention: Attention = "as_trained") -> None:
        super().__init__(model, config, attention=attention)
        layers: Any = model.encoder.layer
        for layer in layers:
            layer.crossattention.self.register_forward_pre_hook(_mask_regions, with_kwargs=True)

    def joint_states(self, inputs: dict[str, Tensor], pooled: Tensor, regions: Tensor, region_mask: Tensor) -> Tensor:
        tokens, mask = tower_tokens(pooled, regions, region_mask)
        output = self.model(**inputs, encoder_hidden_states=tokens, encoder_attention_mask=mask)
        states: Tensor = output.last_hidden_state
        return states

    def check_pictures(self, pooled_dim: int, region_dim: int, checkpoint: str) -> None:
        check_tower((pooled_dim, region_dim), self.config.vision_config.hidden_size, self.family, checkpoint)

    @classmethod
    def from_checkpoint(cls, name: str, config: Any, *, attention: Attention) -> BlipEncoder:
        side = _TEXT_SIDE.get((config.architectures or [""])[0], "text_model")
        options = {"config": config.text_config, "add_pooling_layer": False, "dtype": torch.float32}
        return cls(load_part(BlipTextModel, name, {rf"^{side}\.": ""}, **options), config, attention=attention)

    @classmethod
    def from_saved(cls, config: Any, *, attention: Attention) -> BlipEncoder:
        return cls(BlipTextModel(config.text_config, add_pooling_layer=False), config, attention=attention)


def _mask_regions(
    attention: nn.Module, args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Give a cross-attention the mask of the picture's tokens, which transformers 5.23 brings under another name."""
    return args, {"encoder_attention_mask": options["attention_mask"], **options}
