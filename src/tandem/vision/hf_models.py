"""Picture models of transformers, from a hub name, a folder, or a folder inside a package."""

from __future__ import annotations

import inspect
from math import isqrt
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoImageProcessor, AutoModel, Blip2VisionModel, BlipVisionModel

from tandem.params.vision import VisionParams
from tandem.vision.encoder import GridEncoder, tokens_to_grid
from tandem.weights import fingerprint, load_part, load_pretrained, mean_and_std

_BICUBIC = 3  # PIL's number, as preprocessor files write it
# Vision towers inside larger models. Their last states are what the text side of the model attends to (models/joint).
_TOWERS: dict[str, Any] = {"blip": BlipVisionModel, "blip-2": Blip2VisionModel}


class TransformersEncoder(GridEncoder):
    """A transformers model of pictures.

    Feature maps (ResNet, ConvNeXt): the last map as regions, the model's own pooling of it as pooled. Token sequences
    (ViT, DeiT, DINOv2, Swin, vision towers of BLIP and BLIP-2): patch tokens of the last hidden state as regions; the
    class token as pooled, or the mean of the patches where there is none. CLIP: the projected image embedding as
    pooled, patch tokens not projected. SigLIP: the vision model of the pair, read like any token sequence.
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
        configs: tuple[Any, Any],
    ) -> None:
        super().__init__(image_size=image_size, mean=mean, std=std, max_regions=max_regions, bicubic=bicubic)
        source: Any = model
        self.configs = configs  # of the whole checkpoint, and of its preprocessor
        self.projection: Any = getattr(source, "visual_projection", None)
        self.model: Any = getattr(source, "vision_model", source)
        self.options: dict[str, Any] = {}
        trained = getattr(self.model.config, "image_size", image_size)
        if trained != image_size and "interpolate_pos_encoding" in inspect.signature(self.model.forward).parameters:
            self.options["interpolate_pos_encoding"] = True
        try:
            self.freeze()
        except (RuntimeError, ValueError) as error:
            if trained == image_size:
                raise
            what = f"{type(source).__name__} cannot read it ({' '.join(str(error).split())})"
            raise ValueError(f"vision.image_size {image_size}: {what}; set {trained}") from error

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
    mean, std = mean_and_std(processor, name)
    config = load_pretrained(AutoConfig, name)
    return TransformersEncoder(
        model=_load_model(name, config) if pretrained else _blank_model(config),
        image_size=params.image_size,
        mean=mean,
        std=std,
        max_regions=params.max_regions,
        bicubic=int(getattr(processor, "resample", None) or _BICUBIC) == _BICUBIC,
        configs=(config, processor),
    )


def _load_model(name: str, config: Any) -> Any:
    tower = _TOWERS.get(config.model_type)
    if tower is None:
        return load_pretrained(AutoModel, name, dtype=torch.float32)
    return load_part(tower, name, {r"^vision_model\.": ""}, config=config.vision_config, dtype=torch.float32)


def _blank_model(config: Any) -> Any:
    """The same model with random weights."""
    tower = _TOWERS.get(config.model_type)
    return AutoModel.from_config(config, dtype=torch.float32) if tower is None else tower(config.vision_config)


def identity(params: VisionParams) -> dict[str, str | int]:
    """What decides its numbers."""
    return {
        "encoder": "hf",
        "weights": fingerprint(params.architecture),
        "image_size": params.image_size,
        "max_regions": params.max_regions,
    }
