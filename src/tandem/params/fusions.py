"""Knobs of the fusion strategies, one group per name."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from tandem.params.base import Knobs


class TextOnlyParams(Knobs):
    """`text_only`: no knobs."""


class AddParams(Knobs):
    """`add`: h + v."""

    dropout: float = Field(0.1, ge=0, lt=1, description="on the projected picture")


class ConcatParams(Knobs):
    """`concat`: ReLU(W_f [h; v] + b)."""

    width: int | None = Field(None, ge=1, le=8192, description="output width; null = width of the text encoder")
    dropout: float = Field(0.1, ge=0, lt=1, description="on the projected picture")


class BimodalParams(Knobs):
    """`bimodal`: both projected to d_f, mixed, then one layer."""

    mix: Literal["alpha", "concat"] = Field("alpha", description="alpha h + (1 - alpha) v, or [h; v] (FiLM study)")
    alpha: float = Field(0.8, gt=0, lt=1, description="where the learnable share of the text starts (mix: alpha)")
    activation: Literal["relu", "tanh"] = Field("relu", description="of the layer after the mix (FiLM study)")
    dim: int | None = Field(None, ge=1, le=8192, description="d_f; null = width of the text encoder")
    dropout: float = Field(0.1, ge=0, lt=1, description="on the projected picture")


class FilmParams(Knobs):
    """`film`: feature-wise scale and shift."""

    direction: Literal["image_to_text", "text_to_image", "both"] = Field(
        "image_to_text", description="which modality conditions which (FiLM study); both: the sum of the two"
    )
    form: Literal["residual", "plain"] = Field("residual", description="(1 + gamma) h + beta, or gamma h + beta")
    modulator_activation: Literal["none", "relu"] = Field("none", description="on gamma and beta (FiLM study)")
    output_projection: bool = Field(False, description="a linear layer after the modulation (FiLM study, optional)")
    dropout: float = Field(0.1, ge=0, lt=1, description="on the projected picture")


class AttentionParams(Knobs):
    """`attention`: weights over the two modalities."""

    scorer: Literal["linear", "mlp"] = Field(
        "mlp", description="softmax(W_a [h; v]), or Linear, Tanh, Dropout, Linear per modality (FiLM study's code)"
    )
    start: Literal["text", "even"] = Field(
        "text", description="close to the text, mlp scores over sqrt(hidden), or neither (FiLM study)"
    )
    hidden: int = Field(512, ge=1, le=8192, description="width of the scorer's hidden layer (mlp; FiLM study)")
    dropout: float = Field(0.1, ge=0, lt=1, description="in the mlp scorer and on the projected picture (FiLM study)")


class CrossAttentionParams(Knobs):
    """`cross_attention`: words attend to regions."""

    heads: int = Field(8, ge=1, le=128, description="must divide the width of the text encoder (FiLM study: 8)")
    ffn_dim: int | None = Field(None, ge=1, le=32768, description="feed-forward width; null = twice the text encoder's")
    residual: bool = Field(True, description="Y = Zhat + FFN(Zhat); false = the FiLM study's Y = FFN(Zhat)")
    dropout: float = Field(0.1, ge=0, lt=1, description="on regions, attention weights and feed-forward layer")


class GatedParams(Knobs):
    """`gated`: a gate per word on the picture."""

    granularity: Literal["dimension", "token"] = Field(
        "dimension", description="one gate per dimension (MSCMT_Hybrid) or one per word"
    )
    combine: Literal["concat", "add"] = Field("concat", description="[h; g * v] (MSCMT_Hybrid) or h + g * v")
    dropout: float = Field(0.1, ge=0, lt=1, description="on the projected picture")


class GuidedAttentionParams(Knobs):
    """`guided_attention`: the picture picks out words."""

    combine: Literal["concat", "add"] = Field("concat", description="[h; attended] or h + attended")
    scale: bool = Field(True, description="scores over sqrt(d); false = the FiLM study's equation")
    dropout: float = Field(0.1, ge=0, lt=1, description="on the projected picture")


class BilinearParams(Knobs):
    """`bilinear`: P ((U h) * (V v)), low-rank."""

    rank: int = Field(128, ge=1, le=8192, description="width of the product (Kim et al. 2017: 1200)")
    activation: Literal["none", "tanh"] = Field("none", description="on U h and V v; tanh as in Kim et al. 2017")
    combine: Literal["add", "concat"] = Field("add", description="h + z or [h; z]")
    dropout: float = Field(0.1, ge=0, lt=1, description="on the projected picture")


class HybridParams(Knobs):
    """`hybrid`: FiLM, then attention over the modalities and concatenation (FiLM study's proposal)."""

    dim: int | None = Field(None, ge=1, le=8192, description="width of both projections; null = of the text encoder")
    form: Literal["residual", "plain"] = Field("residual", description="(1 + gamma) h + beta, or gamma h + beta")
    modulator_activation: Literal["none", "relu"] = Field("none", description="on gamma and beta (FiLM study)")
    scorer: Literal["linear", "mlp"] = Field("mlp", description="of the modalities, as in `attention`")
    start: Literal["text", "even"] = Field("text", description="likewise")
    hidden: int = Field(512, ge=1, le=8192, description="width of the scorer's hidden layer (mlp; FiLM study)")
    dropout: float = Field(0.1, ge=0, lt=1, description="in the mlp scorer and on the projected picture (FiLM study)")


class PartialPredictionParams(Knobs):
    """`partial_prediction`: text and picture predict alone, then the predictions are fused."""

    weights: Literal["scalar", "class", "gate"] = Field(
        "scalar", description="share of the text's scores: one, one per class, or one per word from [h; v]"
    )
    share: float = Field(0.8, gt=0, lt=1, description="where the learnable share of the text starts")
    dropout: float = Field(0.1, ge=0, lt=1, description="on the projected picture")


class CaptionPrefixParams(Knobs):
    """`caption_prefix`: the caption is a second segment of the text."""

    max_words: int = Field(32, ge=1, le=4096, description="words of a caption that are read; what follows is cut")


class JointParams(Knobs):
    """`joint`: no knobs; the text encoder is a joint one."""


FUSION_PARAMS: dict[str, type[BaseModel]] = {
    "text_only": TextOnlyParams,
    "add": AddParams,
    "concat": ConcatParams,
    "bimodal": BimodalParams,
    "film": FilmParams,
    "attention": AttentionParams,
    "cross_attention": CrossAttentionParams,
    "gated": GatedParams,
    "guided_attention": GuidedAttentionParams,
    "bilinear": BilinearParams,
    "hybrid": HybridParams,
    "partial_prediction": PartialPredictionParams,
    "caption_prefix": CaptionPrefixParams,
    "joint": JointParams,
}
