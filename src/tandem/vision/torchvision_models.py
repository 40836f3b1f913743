"""Classifiers of torchvision: residual networks, AlexNet, vision transformers, other convolutional ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models

from tandem.params.base import suggest
from tandem.params.vision import VisionParams
from tandem.vision.encoder import IMAGENET_MEAN, IMAGENET_STD, GridEncoder, tokens_to_grid
from tandem.weights import WeightsError, fingerprint, load_state, local_file

_RESIDUAL = ("resnet", "resnext", "wide_resnet")
_FEATURES = ("vgg", "convnext", "densenet", "efficientnet", "mobilenet")
_SUPPORTED = (*_RESIDUAL, *_FEATURES, "alexnet", "vit_")


class TorchvisionEncoder(GridEncoder):
    """One of torchvision's classifiers without its last layer.

    Residual networks: the last stage's map (7 x 7 at 224 pixels) as regions, its mean as pooled. AlexNet: the 6 x 6 x
    256 map after the last pooling as regions, the 4096 activations of the second hidden layer (fc7, after the ReLU) as
    pooled. Vision transformers: patch tokens and the class token after the last norm. Others: the map of `features`
    and its mean.
    """

    def __init__(self, *, name: str, model: nn.Module, image_size: int, max_regions: int) -> None:
        super().__init__(
            image_size=image_size, mean=IMAGENET_MEAN, std=IMAGENET_STD, max_regions=max_regions, bicubic=False
        )
        self.name = name
        self.model: Any = model
        self.freeze()

    def unfreeze(self) -> None:
        """Without the classifier, or what of it comes after the pooled vector."""
        if self.name.startswith("vit_"):
            self.model.heads = nn.Identity()
        elif self.name == "alexnet":
            self.model.classifier = self.model.classifier[:6]
        elif self.name.startswith(_RESIDUAL):
            self.model.fc = nn.Identity()
        else:
            self.model.classifier = nn.Identity()
        super().unfreeze()

    def grid(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, S, S) normalised -> pooled (B, d_p), grid (B, d_r, h, w)."""
        model = self.model
        if self.name.startswith("vit_"):
            patches = model._process_input(pixels)  # (B, h * w, d)
            tokens = model.encoder(torch.cat([model.class_token.expand(len(patches), -1, -1), patches], dim=1))
            return tokens[:, 0], tokens_to_grid(tokens[:, 1:])
        if self.name == "alexnet":
            grid = model.avgpool(model.features(pixels))  # (B, 256, 6, 6)
            return model.classifier[:6](grid.flatten(1)), grid
        if self.name.startswith(_RESIDUAL):
            stem = model.maxpool(model.relu(model.bn1(model.conv1(pixels))))
            grid = model.layer4(model.layer3(model.layer2(model.layer1(stem))))
        else:
            grid = model.features(pixels)
        return grid.mean(dim=(2, 3)), grid


def build(params: VisionParams, *, pretrained: bool = True) -> TorchvisionEncoder:
    """Build the architecture and load its weights, unless not `pretrained`."""
    name = _checked_name(params.architecture)
    options = {"image_size": params.image_size} if name.startswith("vit_") else {}
    tag, file = _weights(name, params.weights) if pretrained else (None, None)
    try:
        model = models.get_model(name, weights=tag, **options)
    except ValueError as error:
        wanted = models.get_model_weights(name)[tag].meta.get("min_size", ("another",))[0] if tag else "another"
        raise ValueError(
            f"vision.image_size {params.image_size} does not fit {params.encoder!r} with weights {tag!r} ({error}); "
            f"set it to {wanted}"
        ) from error
    except Exception as error:
        raise WeightsError(
            f"weights {tag!r} of {params.encoder!r} cannot be downloaded ({' '.join(str(error).split())[:200]}); set "
            "vision.weights to a local file, or take hf/<folder>"
        ) from error
    if file is not None:
        _load(model, file)
    return TorchvisionEncoder(name=name, model=model, image_size=params.image_size, max_regions=params.max_regions)


def identity(params: VisionParams) -> dict[str, str | int]:
    """What decides its numbers."""
    tag, file = _weights(_checked_name(params.architecture), params.weights)
    return {
        "encoder": params.encoder,
        "weights": fingerprint(str(file)) if file else str(tag),
        "image_size": params.image_size,
        "max_regions": params.max_regions,
    }


def _checked_name(name: str) -> str:
    known = [model for model in models.list_models(module=models) if model.startswith(_SUPPORTED)]
    if name not in known:
        raise ValueError(f"unknown torchvision encoder {name!r}; {suggest(name, known)}")
    return name


def _weights(name: str, weights: str | None) -> tuple[str | None, Path | None]:
    """Tag to download and file to read; neither for random weights."""
    if weights == "none":
        return None, None
    tags = models.get_model_weights(name)
    if weights is None:
        return tags["DEFAULT"].name, None
    if weights in tags.__members__:
        return tags[weights].name, None
    file = local_file(weights)
    if file is not None:
        return None, file
    allowed = suggest(weights, [*tags.__members__, "none"])
    raise ValueError(f"vision.weights {weights!r} is neither a file nor a tag of {name!r}; {allowed}")


def _load(model: nn.Module, file: Path) -> None:
    try:
        model.load_state_dict(load_state(file))
    except RuntimeError as error:
        cause = " ".join(str(error).split())[:200]
        raise WeightsError(f"{file}: not torchvision's weights of {type(model).__name__} ({cause})") from error
