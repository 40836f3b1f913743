"""Picture towers of open_clip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import open_clip
from torch import Tensor, nn

from tandem.params.base import suggest
from tandem.params.vision import VisionParams
from tandem.vision.encoder import LOCAL_REMEDY, GridEncoder, tokens_to_grid
from tandem.weights import WeightsError, describe_failure, fail_fast, fingerprint, local_file


class OpenClipEncoder(GridEncoder):
    """The picture half of a CLIP model.

    pooled: the projected image embedding (768 numbers for ViT-L-14), before normalisation. regions: the patch tokens
    after the last norm, not projected (1024 numbers for ViT-L-14); for the ResNet towers the last map, before the
    attention pooling.
    """

    def __init__(self, *, visual: nn.Module, image_size: int, max_regions: int) -> None:
        tower: Any = visual
        super().__init__(
            image_size=image_size,
            mean=tuple(tower.image_mean or open_clip.OPENAI_DATASET_MEAN),
            std=tuple(tower.image_std or open_clip.OPENAI_DATASET_STD),
            max_regions=max_regions,
            bicubic=True,
        )
        self.visual = tower
        if hasattr(tower, "output_tokens"):
            tower.output_tokens = True
        self.freeze()

    def grid(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, S, S) normalised -> pooled (B, d_p), grid (B, d_r, h, w)."""
        visual = self.visual
        if hasattr(visual, "output_tokens"):
            pooled, tokens = visual(pixels)
            return pooled, tokens_to_grid(tokens)
        grid = visual.layer4(visual.layer3(visual.layer2(visual.layer1(visual.stem(pixels)))))
        return visual.attnpool(grid), grid


def build(params: VisionParams, *, pretrained: bool = True) -> OpenClipEncoder:
    """Build the model, load its weights, unless not `pretrained`, and keep the picture tower."""
    name = _checked_name(params.architecture)
    tag, file = _weights(name, params.weights) if pretrained else (_tag(name, params.weights), None)
    source = (str(file) if file else tag) if pretrained else None
    config = _tag_config(name, tag)
    try:
        with fail_fast():
            # open_clip only warns when the weights of a tag were trained with another activation than the
            # architecture's. A local file trained with it needs an architecture whose name ends in "-quickgelu".
            model = open_clip.create_model(
                name,
                pretrained=source,
                force_quick_gelu=_needs_quick_gelu(name, tag),
                force_image_size=params.image_size,
                force_preprocess_cfg={key: config[key] for key in ("mean", "std") if key in config},
                weights_only=True,
            )
    except Exception as error:
        if source is None:
            raise ValueError(f"{params.encoder!r} at vision.image_size {params.image_size}: {error}") from error
        raise WeightsError(
            describe_failure(f"{params.encoder} {source}", error, is_local=file is not None, remedy=LOCAL_REMEDY)
        ) from error
    visual = model.visual
    if not (hasattr(visual, "output_tokens") or hasattr(visual, "attnpool")):
        raise ValueError(f"{params.encoder!r}: its picture tower comes from timm; take timm/<its name>")
    return OpenClipEncoder(visual=visual, image_size=params.image_size, max_regions=params.max_regions)


def identity(params: VisionParams) -> dict[str, str | int]:
    """What decides its numbers."""
    tag, file = _weights(_checked_name(params.architecture), params.weights)
    return {
        "encoder": params.encoder,
        "weights": fingerprint(str(file)) if file else str(tag),
        "image_size": params.image_size,
        "max_regions": params.max_regions,
        # Named only where it changes the architecture, so that features of the others keep their key.
        **({"activation": "quick_gelu"} if _needs_quick_gelu(_checked_name(params.architecture), tag) else {}),
    }


def _checked_name(name: str) -> str:
    known = open_clip.list_models()
    if name not in known:
        raise ValueError(f"unknown open_clip encoder {name!r}; {suggest(name, known)}")
    return name


def _weights(name: str, weights: str | None) -> tuple[str | None, Path | None]:
    """Tag to download and file to read; neither for random weights. The default is OpenAI's, where there is one."""
    if weights == "none":
        return None, None
    tags = open_clip.list_pretrained_tags_by_model(name)
    if weights is None:
        if not tags:
            raise ValueError(f"open_clip has no weights for {name!r}; set vision.weights to a local file or `none`")
        return ("openai" if "openai" in tags else tags[0]), None
    if weights in tags:
        return weights, None
    file = local_file(weights)
    if file is not None:
        return None, file
    raise ValueError(
        f"vision.weights {weights!r} is neither a file nor a tag of {name!r}; {suggest(weights, [*tags, 'none'])}"
    )


def _tag(name: str, weights: str | None) -> str | None:
    """The tag of weights, None for random ones or a file, which need not be there."""
    tags = open_clip.list_pretrained_tags_by_model(name)
    return _weights(name, weights)[0] if weights is None or weights in tags else None


def _tag_config(name: str, tag: str | None) -> dict[str, Any]:
    """What open_clip knows of the weights of a tag."""
    config: dict[str, Any] = open_clip.get_pretrained_cfg(name, tag) if tag else {}
    return config


def _needs_quick_gelu(name: str, tag: str | None) -> bool:
    """Whether the weights were trained with QuickGELU and the architecture of that name has GELU."""
    has = bool((open_clip.get_model_config(name) or {}).get("quick_gelu"))
    return bool(_tag_config(name, tag).get("quick_gelu")) and not has
