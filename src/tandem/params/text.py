"""Knobs of the text side and of the head on top of the fusion."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tandem.params.base import Knobs


class ScratchParams(Knobs):
    """The small text encoder trained from nothing: hashed word and affix embeddings, then convolutions over words."""

    dim: int = Field(96, ge=8, le=1024, description="width of a word vector")
    buckets: int = Field(8192, ge=256, le=1 << 20, description="rows of the hashed embedding table")
    layers: int = Field(2, ge=1, le=8, description="convolution blocks, each sees one more word to either side")
    learning_rate: float = Field(2e-3, gt=0, le=1, description="peak rate of these parameters (AdamW)")


class LoraParams(Knobs):
    """Low-rank adapters in a pretrained encoder, which is itself frozen (needs the package peft)."""

    rank: int = Field(0, ge=0, le=1024, description="rank of an adapter; 0 = none, the whole encoder is trained")
    alpha: int = Field(16, ge=1, le=4096, description="an adapter's output is scaled by alpha / rank")
    dropout: float = Field(0.05, ge=0, lt=1, description="on what the adapters read")
    targets: Literal["auto"] | Annotated[list[str], Field(min_length=1)] = Field(
        "auto", description="names of the layers that get one; auto = those of the queries and values"
    )


class TextParams(Knobs):
    """The text encoder and how words become sub-words and back."""

    encoder: str = Field("scratch", min_length=1, description="`scratch`, hub name, folder, or pkg:<package>/<folder>")
    pooling: Literal["first", "mean", "last"] = Field("first", description="sub-words to word vector")
    max_length: int = Field(128, ge=8, le=8192, description="sub-words in a window, specials included")
    overlap: int = Field(32, ge=0, description="sub-words that neighbouring windows share")
    normalise: Literal["none", "bertweet", "clean"] = Field("none", description="word normalisation")
    dropout: float = Field(0.3, ge=0, lt=1, description="on the word vectors")
    word_dropout: float = Field(0.0, ge=0, lt=1, description="share of training words replaced by the unknown word")
    attention: Literal["as_trained", "causal", "bidirectional"] = Field(
        "as_trained", description="what a word sees of a pretrained encoder's text: only what is before it, or all"
    )
    lora: LoraParams = LoraParams()
    scratch: ScratchParams = ScratchParams()

    @model_validator(mode="after")
    def _pretrained_only(self) -> TextParams:
        if self.encoder == "scratch" and self.attention != "as_trained":
            raise ValueError(
                f"text.attention {self.attention} has no meaning for encoder scratch; set it to as_trained"
            )
        if self.encoder == "scratch" and self.lora.rank:
            raise ValueError(f"text.lora.rank {self.lora.rank} has no meaning for encoder scratch; set it to 0")
        return self

    @model_validator(mode="after")
    def _overlap_fits(self) -> TextParams:
        if self.overlap > self.max_length // 2:
            raise ValueError(f"text.overlap {self.overlap} must be at most half of text.max_length {self.max_length}")
        return self


class HeadParams(Knobs):
    """The classifier between the fused word vectors and the label scores."""

    kind: Literal["linear", "mlp"] = "linear"
    hidden: int = Field(512, ge=1, le=8192, description="width of the hidden layer (mlp)")
    dropout: float = Field(0.1, ge=0, lt=1)
