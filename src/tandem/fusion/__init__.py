"""The fusion strategies by name.

To add one: a file with a `Fusion` whose constructor takes `widths` and its knobs by keyword, a line in `STRATEGIES`,
and its knobs under the same name in `tandem.params.fusions.FUSION_PARAMS`.
"""

from __future__ import annotations

from importlib import import_module

from pydantic import BaseModel

from tandem.fusion.base import Explanation, Fusion, ImageProjection, Picture, Widths
from tandem.params.base import suggest

__all__ = ["STRATEGIES", "Explanation", "Fusion", "ImageProjection", "Picture", "Widths", "build_fusion", "strategy"]

STRATEGIES: dict[str, str] = {
    "text_only": "tandem.fusion.text_only:TextOnly",
    "add": "tandem.fusion.add:Add",
    "concat": "tandem.fusion.concat:Concat",
    "bimodal": "tandem.fusion.bimodal:Bimodal",
    "film": "tandem.fusion.film:FiLM",
    "attention": "tandem.fusion.attention:ModalityAttention",
    "cross_attention": "tandem.fusion.cross_attention:CrossAttention",
    "gated": "tandem.fusion.gated:Gated",
    "guided_attention": "tandem.fusion.guided_attention:GuidedAttention",
    "bilinear": "tandem.fusion.bilinear:Bilinear",
    "hybrid": "tandem.fusion.hybrid:Hybrid",
    "partial_prediction": "tandem.fusion.partial_prediction:PartialPrediction",
    "caption_prefix": "tandem.fusion.caption_prefix:CaptionPrefix",
    "joint": "tandem.fusion.joint:Joint",
}


def strategy(name: str) -> type[Fusion]:
    """The class of a strategy; only its own module is imported. Unknown names raise `ValueError`."""
    if name not in STRATEGIES:
        raise ValueError(f"unknown fusion {name!r}; {suggest(name, STRATEGIES)}")
    module, _, attribute = STRATEGIES[name].partition(":")
    found: type[Fusion] = getattr(import_module(module), attribute)
    return found


def build_fusion(
    name: str, *, knobs: BaseModel, text_dim: int, pooled_dim: int, region_dim: int, classes: int
) -> Fusion:
    """Build a strategy for word vectors of `text_dim`, pictures of `pooled_dim` and `region_dim`, and `classes` labels.

    `knobs` is an instance of the strategy's model in `tandem.params.fusions`. What a strategy that `predicts` gives
    back are class scores, any other gives vectors for a head. Raises `ValueError` for an unknown name or knobs that do
    not fit the widths.
    """
    widths = Widths(text=text_dim, pooled=pooled_dim, region=region_dim, classes=classes)
    return strategy(name)(widths=widths, **knobs.model_dump())
