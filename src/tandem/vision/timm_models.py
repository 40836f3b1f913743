"""Models of timm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import timm
from torch import Tensor, nn

from tandem.params.base import suggest
from tandem.params.vision import VisionParams
from tandem.vision.encoder import LOCAL_REMEDY, GridEncoder, tokens_to_grid
from tandem.weights import WeightsError, describe_failure, fail_fast, fingerprint, load_state, local_file


class TimmEncoder(GridEncoder):
    """A timm model without its classifier.

    pooled: what timm feeds the classifier. regions: the last feature map, or the tokens after the prefix tokens.
    """

    def __init__(self, *, model: nn.Module, image_size: int, max_regions: int) -> None:
        config: dict[str, Any] = timm.data.resolve_model_data_config(model)
        super().__init__(
            image_size=image_size,
            mean=config["mean"],
            std=config["std"],
            max_regions=max_regions,
            bicubic=config["interpolation"] == "bicubic",
        )
        self.model: Any = model
        self.freeze()

    def grid(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, S, S) normalised -> pooled (B, d_p), grid (B, d_r, h, w)."""
        features = self.model.forward_features(pixels)
        pooled = self.model.forward_head(features, pre_logits=True)
        if features.dim() == 3:
            return pooled, tokens_to_grid(features[:, getattr(self.model, "num_prefix_tokens", 0) :])
        if getattr(self.model, "output_fmt", "NCHW") == "NHWC":
            features = features.permute(0, 3, 1, 2)
        return pooled, features


def build(params: VisionParams, *, pretrained: bool = True) -> TimmEncoder:
    """Build the architecture and load its weights, unless not `pretrained`."""
    name, file = _named(params) if pretrained else (_tagged(params), None)
    config = timm.get_pretrained_cfg(name)
    options: dict[str, Any] = {"img_size": params.image_size} if config and config.fixed_input_size else {}
    pretrained = pretrained and params.weights != "none" and file is None
    try:
        with fail_fast():
            model = timm.create_model(name, pretrained=pretrained, num_classes=0, **options)
    except Exception as error:
        if not pretrained:
            raise ValueError(f"{params.encoder!r} at vision.image_size {params.image_size}: {error}") from error
        raise WeightsError(describe_failure(params.encoder, error, is_local=False, remedy=LOCAL_REMEDY)) from error
    if file is not None:
        _load(model, file)
    return TimmEncoder(model=model, image_size=params.image_size, max_regions=params.max_regions)


def identity(params: VisionParams) -> dict[str, str | int]:
    """What decides its numbers."""
    name, file = _named(params)
    config = timm.get_pretrained_cfg(name)
    tag = params.weights or (config.tag if config else None) or "default"
    return {
        "encoder": params.encoder,
        "weights": fingerprint(str(file)) if file else tag,
        "image_size": params.image_size,
        "max_regions": params.max_regions,
    }


def _named(params: VisionParams) -> tuple[str, Path | None]:
    """The name timm is asked for, with the tag of its weights, and the file to read instead."""
    name, weights = params.architecture, params.weights
    if not timm.is_model(name):
        raise ValueError(f"unknown timm encoder {name!r}; {suggest(name, _near(name))}")
    if weights is None or weights == "none":
        return name, None
    file = local_file(weights)
    if file is not None:
        return name, file
    tags = _tags(name)
    if weights not in tags:
        raise ValueError(
            f"vision.weights {weights!r} is neither a file nor a tag of {name!r}; {suggest(weights, tags)}"
        )
    return f"{name}.{weights}", None


def _tags(name: str) -> list[str]:
    return [full.partition(".")[2] for full in timm.list_pretrained(f"{name}.*")]


def _tagged(params: VisionParams) -> str:
    """The name with its tag, which also decides mean and spread; a file of weights decides nothing but weights."""
    name, weights = params.architecture, params.weights
    return f"{name}.{weights}" if weights in _tags(name) else name


def _near(name: str) -> list[str]:
    family = name.partition("_")[0]
    return timm.list_models(f"{family}*")[:20] or timm.list_models("vit_*_patch*_224")


def _load(model: nn.Module, file: Path) -> None:
    state = load_state(file)
    wanted = model.state_dict().keys()
    try:  # a checkpoint brings the classifier along, which was left out
        model.load_state_dict({name: value for name, value in state.items() if name in wanted})
    except RuntimeError as error:
        raise WeightsError(
            f"{file}: not weights of {type(model).__name__} in timm's names ({' '.join(str(error).split())[:200]})"
        ) from error
