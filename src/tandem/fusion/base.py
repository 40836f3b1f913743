"""What every fusion strategy takes and gives, and the projection of pictures they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Picture:
    """The frozen features of a batch of pictures.

    What lies in the rows of absent pictures and in invalid regions is never read, be it noise, NaN or infinity.
    """

    pooled: Tensor  # (B, d_p) float32
    regions: Tensor  # (B, R, d_r)
    region_mask: Tensor  # (B, R) bool, True = valid
    present: Tensor  # (B,) bool, False = missing or broken picture


WeightKind = Literal["gate", "modality_weight", "none"]
"""What a strategy's weight on the picture is: how far a gate is open, its share in a sum of two modalities, or none."""


@dataclass(frozen=True)
class Explanation:
    """Fused words, and what the picture had to do with them, in float32; None where a strategy has no such number."""

    fused: Tensor  # (B, T, out_dim)
    picture_weight: Tensor | None = None  # (B, T) weight of the picture, in [0, 1]; 0 where it is absent
    region_weight: Tensor | None = None  # (B, T, R) attention over its regions: a sum of 1; all 0 where it is absent


@dataclass(frozen=True)
class Widths:
    """The widths a strategy is built for: word vectors, pooled picture vector, region vectors, and class scores."""

    text: int
    pooled: int
    region: int
    classes: int

    def __post_init__(self) -> None:
        for name, width in asdict(self).items():
            if width < 1:
                raise ValueError(f"the {name} width must be at least 1, found {width}")


class Fusion(nn.Module, ABC):
    """Turns word vectors and a picture into fused word vectors.

    Every strategy holds to the same rules: padding never changes a word's fused vector; an absent picture counts as the
    zero vector and leaves the text path alone, bit for bit.
    """

    uses_picture: ClassVar[bool] = True  # reads the features of the picture
    reads_caption: ClassVar[bool] = False  # the text encoder reads the picture's caption beside the words
    joint: ClassVar[bool] = False  # the text encoder reads the features of the picture beside the words
    uses_regions: ClassVar[bool] = False
    per_word: ClassVar[bool] = True  # a word's fused vector depends on that word and the picture, on no other word
    predicts: ClassVar[bool] = False  # the output is class scores, `Widths.classes` wide: no head comes after it
    weighs: WeightKind = "none"  # kind of the `picture_weight` that `explain` gives
    out_dim: int
    caption_words: int = 0  # most words of a caption that are read; what comes after them is cut

    @abstractmethod
    def forward(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        """Fuse words (B, T, d_t), valid where `word_mask` (B, T) is True, with `picture` into (B, T, out_dim)."""

    def explain(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Explanation:
        """What `forward` gives, with the weights that it has used: none, unless a strategy says otherwise."""
        return Explanation(self(words, word_mask, picture))


def on_pictures(weight: Tensor, picture: Picture) -> Tensor:
    """Weights (B, T) in float32, 0 where the picture is absent."""
    return torch.where(picture.present.unsqueeze(1), weight.float(), 0.0)


class ImageProjection(nn.Module):
    """LayerNorm, Linear to `out_dim`, dropout; zero wherever there is no valid picture.

    The LayerNorm is on purpose: the scale of frozen features differs by orders of magnitude between encoders. `gain` is
    a factor on the weights that the Linear starts with.
    """

    def __init__(self, *, in_dim: int, out_dim: int, dropout: float, gain: float = 1.0) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(in_dim)
        self.linear = nn.Linear(in_dim, out_dim)
        self.dropout = nn.Dropout(dropout)
        with torch.no_grad():
            self.linear.weight.mul_(gain)
            self.linear.bias.mul_(gain)

    def forward(self, features: Tensor, valid: Tensor) -> Tensor:
        """Project features (..., in_dim), valid (...) bool, to (..., out_dim)."""
        keep = valid.unsqueeze(-1)
        # Selected before and after, never multiplied: NaN * 0 is NaN, and the bias would leak into empty places.
        features = torch.where(keep, features, torch.zeros_like(features))
        projected = self.dropout(self.linear(self.norm(features)))
        return torch.where(keep, projected, torch.zeros_like(projected))
