"""Picture models of transformers, from a hub name, a folder, or a folder inside a package."""

from __future__ import annotations

import inspect
from math import isqrt
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoImageProcessor, AutoModel

from tandem.params.vision import VisionParams
from tandem.vision.encoder import GridEncoder, tokens_to_grid
from tandem.weights import fingerprint, load_pretrained

_BICUBIC = 3  # PIL's number, as preprocessor files write it


class TransformersEncoder(GridEncoder):
    """A transformers model of pictures.

    Feature maps (ResNet, ConvNeXt): the last map as regions, the model's own pooling of it as pooled. Token sequences
    (ViT, DeiT, DINOv2, Swin): patch tokens of the last hidden state as regions; the class token as pooled, or the mean
    of the patches where there is none. CLIP: the projected image embedding as pooled, patch tokens not projected.
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        image_size: int,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        max_regions: int,
        bicubic: bool,
        processor: Any,
    ) -> None:
        super().__init__(image_size=image_size, mean=mean, std=std, max_regions=max_regions, bicubic=bicubic)
        source: Any = model
        self.configs = (source.config, processor)
        self.projection: Any = getattr(source, "visual_projection", None)
        self.model: Any = source.vision_model if self.projection is not None else source
        config = self.model.config
        self.options: dict[str, Any] = {}
        trained = getattr(config, "image_size", image_size)
        if trained != image_size and hasattr(config, "patch_size"):
            if "interpolate_pos_encoding" not in inspect.signature(self.model.forward).parameters:
                raise ValueError(f"vision.image_size {image_size}: {type(source).__name__} takes {trained} alone")
            self.options["interpolate_pos_encoding"] = True
        self.freeze()

    def grid(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, S, S) normalised -> pooled (B, d_p), grid (B, d_r, h, w)."""
        output = self.model(pixel_values=pixels, **self.options)
        states = output.last_hidden_state
        if states.dim() == 4:
            pooled = output.pooler_output
            return (states.mean(dim=(2, 3)) if pooled is None else pooled.flatten(1)), states
        prefix = self._prefix(states.shape[1])
        patches = states[:, prefix:]
        if self.projection is not None:
            return self.projection(output.pooler_output), tokens_to_grid(patches)
        return (states[:, 0] if prefix else patches.mean(dim=1)), tokens_to_grid(patches)

    def save_config(self, folder: Path) -> None:
        """Write the configuration of the whole model and the preprocessor's; with them `folder` is a name for it."""
        for config in self.configs:
            config.save_pretrained(folder)

    def _prefix(self, tokens: int) -> int:
        """Tokens before the patches (class, distillation, registers)."""
        patch = getattr(self.model.config, "patch_size", None)
        patches = (self.image_size // patch) ** 2 if isinstance(patch, int) else tokens + 1
        # Hierarchical models (Swin) end with fewer tokens than patches.
        return tokens - (patches if patches <= tokens else isqrt(tokens) ** 2)


def build(params: VisionParams, *, pretrained: bool = True) -> TransformersEncoder:
    """Load the model (not `pretrained`: its configuration) and the mean and spread of its preprocessor file."""
    name = params.architecture
    processor = load_pretrained(AutoImageProcessor, name)
    mean, std = getattr(processor, "image_mean", None), getattr(processor, "image_std", None)
    if not mean or not std:
        raise ValueError(f"checkpoint {name!r}: preprocessor_config.json gives no image_mean and image_std; add them")
    if pretrained:
        model = load_pretrained(AutoModel, name, dtype=torch.float32)
    else:
        model = AutoModel.from_config(load_pretrained(AutoConfig, name), dtype=torch.float32)
    return TransformersEncoder(
        model=model,
        image_size=params.image_size,
        mean=tuple(mean),
        std=tuple(std),
        max_regions=params.max_regions,
        bicubic=int(getattr(processor, "resample", None) or _BICUBIC) == _BICUBIC,
        processor=processor,
    )


def identity(params: VisionParams) -> dict[str, str | int]:
    """What decides its numbers."""
    return {
        "encoder": "hf",
        "weights": fingerprint(params.architecture),
        "image_size": params.image_size,
        "max_regions": params.max_regions,
    }
