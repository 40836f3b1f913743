"""Cross-attention: every word looks at the regions of the picture."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from tandem.fusion.base import Explanation, Fusion, ImageProjection, Picture, Widths

START_GAIN = 0.1  # of the value and last feed-forward weights, so that training starts near LayerNorm(h)


class CrossAttention(Fusion):
    """Z = softmax(Q K' / sqrt(d_k)) V over the regions; Zhat = LayerNorm(Z + h); Y = Zhat + FFN(Zhat).

    Q = h W_Q, K = V W_K, V = V W_V in `heads` heads, FFN two layers with a ReLU, `ffn_dim` wide inside (None for twice
    the width of the text). Without `residual` Y = FFN(Zhat), which has to relearn h. A picture without valid regions is
    an absent one: Z = 0. `dropout` is on the projected regions, the attention weights and the feed-forward layer.
    """

    uses_regions: ClassVar[bool] = True

    def __init__(self, *, widths: Widths, heads: int, ffn_dim: int | None, residual: bool, dropout: float) -> None:
        super().__init__()
        dim = self.out_dim = widths.text
        if heads < 1 or dim % heads:
            divisors = ", ".join(str(n) for n in range(1, min(dim, 64) + 1) if dim % n == 0)
            raise ValueError(
                f"cross_attention: heads {heads} does not divide the text width {dim}; use one of {divisors}"
            )
        self.heads = heads
        self.residual = residual
        self.image = ImageProjection(in_dim=widths.region, out_dim=dim, dropout=dropout)
        # No biases, as in the equation; a key's bias would cancel in the softmax anyway.
        self.query = nn.Linear(dim, dim, bias=False)
        self.key = nn.Linear(dim, dim, bias=False)
        self.value = nn.Linear(dim, dim, bias=False)
        self.weight_dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(dim)
        inner = ffn_dim or 2 * dim
        last = nn.Linear(inner, dim)
        self.feed_forward = nn.Sequential(nn.Linear(dim, inner), nn.ReLU(), nn.Dropout(dropout), last)
        with torch.no_grad():
            self.value.weight.mul_(START_GAIN)
            if residual:
                last.weight.mul_(START_GAIN)

    def forward(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        """Fuse words (B, T, d_t) with the regions into (B, T, d_t)."""
        return self.attend(words, word_mask, picture)[0]

    def explain(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Explanation:
        """The fused words, and the attention over the regions, on average over the heads."""
        fused, weights = self.attend(words, word_mask, picture)
        return Explanation(fused, region_weight=weights.mean(dim=1))

    def attend(self, words: Tensor, word_mask: Tensor, picture: Picture) -> tuple[Tensor, Tensor]:
        """The fused words (B, T, d_t), and the weights (B, heads, T, R): a sum of 1, or all 0 without a picture."""
        valid = picture.region_mask & picture.present.unsqueeze(1)  # (B, R)
        regions = self.image(picture.regions, valid)  # (B, R, d)
        query, key, value = (
            self._split(self.query(words)),
            self._split(self.key(regions)),
            self._split(self.value(regions)),
        )
        scores = (query @ key.transpose(-1, -2)).float() / math.sqrt(query.shape[-1])  # (B, heads, T, R)
        # The least finite number and not -inf: a row without any valid region must not become NaN.
        scores = scores.masked_fill(~valid[:, None, None, :], torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1)
        weights = torch.where(valid.any(dim=1)[:, None, None, None], weights, torch.zeros_like(weights))
        seen = self.weight_dropout(weights).to(value.dtype) @ value  # (B, heads, T, d_k)
        seen = seen.transpose(1, 2).flatten(2)  # (B, T, d)
        normed = self.norm(seen + words)
        fed = self.feed_forward(normed)
        return (normed + fed if self.residual else fed), weights

    def _split(self, vectors: Tensor) -> Tensor:
        """(B, N, d) to (B, heads, N, d / heads)."""
        return vectors.unflatten(-1, (self.heads, -1)).transpose(1, 2)
