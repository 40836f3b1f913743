"""Guided attention: the picture picks out words, and every word gets what was picked."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from tandem.fusion.base import Fusion, ImageProjection, Picture, Widths

START_GAIN = 0.1  # of the guide's weights: attention starts near the plain mean of the words, scaled or not


class GuidedAttention(Fusion):
    """attended = sum_i alpha_i h_i over the words of the post, with alpha = softmax_i(e . h_i) and e = W_e v + b_e.

    A word's fused vector is [h_i; attended] ("concat") or h_i + attended ("add"). `scale` divides e . h_i by sqrt(d).
    The attended words are all that the picture has a say in: in a post of one word it changes nothing. For an absent
    picture attended = 0. (FiLM study.)
    """

    per_word: ClassVar[bool] = False

    def __init__(self, *, widths: Widths, combine: Literal["concat", "add"], scale: bool, dropout: float) -> None:
        super().__init__()
        dim = widths.text
        self.combine = combine
        self.divisor = math.sqrt(dim) if scale else 1.0
        self.out_dim = 2 * dim if combine == "concat" else dim
        self.image = ImageProjection(in_dim=widths.pooled, out_dim=dim, dropout=dropout)
        self.guide = nn.Linear(dim, dim)
        with torch.no_grad():
            self.guide.weight.mul_(START_GAIN)
            self.guide.bias.mul_(START_GAIN)

    def forward(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        """Fuse words (B, T, d_t) with the pooled picture into (B, T, out_dim)."""
        return self.attend(words, word_mask, picture)[0]

    def attend(self, words: Tensor, word_mask: Tensor, picture: Picture) -> tuple[Tensor, Tensor]:
        """The fused words (B, T, out_dim), and the weights (B, T): a sum of 1, or all 0 without a picture."""
        guide = self.guide(self.image(picture.pooled, picture.present))  # (B, d)
        known = words.masked_fill(~word_mask.unsqueeze(-1), 0)  # (B, T, d)
        scores = (known @ guide.unsqueeze(-1)).squeeze(-1).float() / self.divisor  # (B, T)
        # The least finite number and not -inf: a row without any word must not become NaN.
        scores = scores.masked_fill(~word_mask, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1)
        weights = torch.where(picture.present.unsqueeze(1), weights, torch.zeros_like(weights))
        attended = (weights.unsqueeze(1).to(known.dtype) @ known).to(words.dtype)  # (B, 1, d)
        if self.combine == "add":
            return words + attended, weights
        return torch.cat([words, attended.expand_as(words)], dim=-1), weights
