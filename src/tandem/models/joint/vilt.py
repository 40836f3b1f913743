"""ViLT (Kim et al. 2021): one transformer over the words and the patches of the picture itself."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional
from transformers import AutoImageProcessor, ViltModel

from tandem.models.joint.base import JointEncoder
from tandem.text.pretrained import Attention
from tandem.vision.squares import CHANNELS, to_squares
from tandem.weights import load_pretrained, mean_and_std


class ViltEncoder(JointEncoder):
    """ViLT reads pixels (`vision.encoder: raw`): there is no tower whose output could be cached.

    All patches are read, in their order; transformers draws them in a random one.
    """

    family: ClassVar[str] = "ViLT"
    model: ViltModel

    def run(self, inputs: dict[str, Tensor]) -> Tensor:
        rows, width = len(inputs["input_ids"]), self.out_dim
        weight = self.model.layernorm.weight
        return self._states(inputs, weight.new_zeros(rows, 0, width))

    def joint_states(self, inputs: dict[str, Tensor], pooled: Tensor, regions: Tensor, region_mask: Tensor) -> Tensor:
        return self._states(inputs, self._patches(to_squares(regions).float()))

    def _states(self, inputs: dict[str, Tensor], patches: Tensor) -> Tensor:
        """Text positions (W, L, d) of words and embedded patches (W, P, d)."""
        mask = torch.ones(patches.shape[:2], dtype=torch.long, device=patches.device)
        output = self.model(**inputs, image_embeds=patches, pixel_mask=mask)
        states: Tensor = output.last_hidden_state[:, : inputs["input_ids"].shape[1]]
        return states

    def _patches(self, picture: Tensor) -> Tensor:
        """Bytes as floats (W, 3, S, S) -> class token and patches with their positions (W, 1 + (S / p)^2, d)."""
        config: Any = self.config
        embeddings = self.model.embeddings
        mean, std = (255 * picture.new_tensor(values).view(3, 1, 1) for values in (config.image_mean, config.image_std))
        patches = embeddings.patch_embeddings((picture - mean) / std)  # (W, d, S / p, S / p)
        side = config.image_size // config.patch_size
        positions = embeddings.position_embeddings[:, 1:].transpose(1, 2).unflatten(2, (side, side))
        # As in transformers' own embedding, for pictures of another size than it was trained on.
        positions = functional.interpolate(positions, size=patches.shape[2:], mode="bilinear", align_corners=True)
        patches = (patches + positions).flatten(2).transpose(1, 2)
        first = (embeddings.cls_token + embeddings.position_embeddings[:, :1]).expand(len(patches), -1, -1)
        embedded: Tensor = embeddings.dropout(torch.cat([first, patches], dim=1))
        return embedded

    def check_pictures(self, pooled_dim: int, region_dim: int, checkpoint: str) -> None:
        patch = self.config.patch_size
        if pooled_dim != CHANNELS or region_dim % CHANNELS:
            raise ValueError(
                f"fusion joint: ViLT reads pixels, but the picture features have {pooled_dim} (pooled) and "
                f"{region_dim} (regions) numbers; set vision.encoder to raw"
            )
        side = region_dim // CHANNELS
        if side % patch:
            raise ValueError(
                f"vision.image_size {side}: ViLT cuts pictures into squares of {patch} pixels; "
                f"set it to a multiple of {patch}"
            )

    @classmethod
    def from_checkpoint(cls, name: str, config: Any, *, attention: Attention) -> ViltEncoder:
        model = load_pretrained(ViltModel, name, add_pooling_layer=False, dtype=torch.float32)
        # Kept with the model, which reads nothing else of the original checkpoint once it is trained.
        mean, std = mean_and_std(load_pretrained(AutoImageProcessor, name), name)
        model.config.image_mean, model.config.image_std = list(mean), list(std)
        return cls(model, model.config, attention=attention)

    @classmethod
    def from_saved(cls, config: Any, *, attention: Attention) -> ViltEncoder:
        return cls(ViltModel(config, add_pooling_layer=False), config, attention=attention)
