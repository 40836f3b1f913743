"""What a joint encoder is: a text encoder that can read pictures beside its words."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor
from transformers import PreTrainedModel

from tandem.fusion.base import Picture
from tandem.text.base import TextBatch
from tandem.text.pretrained import Attention, PretrainedEncoder
from tandem.text.subwords import pool_words


class JointEncoder(PretrainedEncoder):
    """Without pictures an encoder of text, the text-only twin of what it is with them.

    Windows without a picture are passed apart from those with one, through the text alone: nothing that lies in the
    place of an absent picture is read, and no window's numbers depend on what the others show. A sentence of several
    windows shows its picture to each.
    """

    family: ClassVar[str]  # its name in messages

    def __init__(self, model: PreTrainedModel, config: Any, *, attention: Attention = "as_trained") -> None:
        """`config` is that of the whole checkpoint, of which `model` may be a part."""
        super().__init__(model, attention=attention)
        self.config = config

    def forward(self, batch: TextBatch, picture: Picture | None = None) -> Tensor:
        """Word vectors (B, T, out_dim) of sentences alone, or of each beside its picture where it has one."""
        if picture is None:
            return super().forward(batch)
        sentence = batch["owner"].amax(1) // max(1, batch["word_mask"].shape[1])  # (W,), of each window
        seen = picture.present[sentence]
        if not bool(seen.any()):
            return super().forward(batch)
        inputs = self.inputs(batch)
        beside = {name: value[seen] for name, value in inputs.items()}
        keep = picture.region_mask.unsqueeze(-1)
        regions = torch.where(keep, picture.regions, torch.zeros_like(picture.regions))
        where = sentence[seen]
        hidden = self.joint_states(beside, picture.pooled[where], regions[where], picture.region_mask[where])
        if not bool(seen.all()):
            alone = self.states({name: value[~seen] for name, value in inputs.items()})
            order = torch.cat([seen.nonzero(), (~seen).nonzero()]).squeeze(1)
            hidden = torch.cat([hidden, alone])[order.argsort()]
        return pool_words(hidden, batch)

    @abstractmethod
    def joint_states(self, inputs: dict[str, Tensor], pooled: Tensor, regions: Tensor, region_mask: Tensor) -> Tensor:
        """States of the text positions (W, L, d) of windows that all have a picture.

        pooled (W, d_p), regions (W, R, d_r) and region_mask (W, R) are those of each window's picture.
        """

    @abstractmethod
    def check_pictures(self, pooled_dim: int, region_dim: int, checkpoint: str) -> None:
        """Whether it can read pictures of these widths. Errors: `ValueError` with the `vision` knobs that fit."""

    @classmethod
    @abstractmethod
    def from_checkpoint(cls, name: str, config: Any, *, attention: Attention) -> JointEncoder:
        """With the weights of a checkpoint whose configuration is `config`."""

    @classmethod
    @abstractmethod
    def from_saved(cls, config: Any, *, attention: Attention) -> JointEncoder:
        """With random weights, from the configuration that `save_config` wrote."""

    def save_config(self, folder: Path) -> None:
        if self.config is not self.model.config:
            self.config.text_config = self.model.config  # its vocabulary may have grown
        self.config.save_pretrained(folder)


def check_tower(found: tuple[int, int], width: int, family: str, checkpoint: str) -> None:
    """That class token and patch tokens (`found`: their widths) are as wide as those that the text side reads."""
    if found != (width, width):
        raise ValueError(
            f"fusion joint: {family} reads class and patch tokens of {width} numbers, but the picture features have "
            f"{found[0]} (pooled) and {found[1]} (regions); set vision.encoder to hf/{checkpoint}"
        )


def tower_tokens(pooled: Tensor, regions: Tensor, region_mask: Tensor) -> tuple[Tensor, Tensor]:
    """Class token and patch tokens as the sequence (W, 1 + R, d) that a vision tower gave, and its mask of 0 and 1."""
    tokens = torch.cat([pooled.unsqueeze(1), regions], dim=1)
    return tokens, torch.cat([torch.ones_like(region_mask[:, :1]), region_mask], dim=1).long()
