"""A gate per word on the picture, as in the hybrid of BERTweet and CLIP."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from tandem.fusion.base import Explanation, Fusion, ImageProjection, Picture, WeightKind, Widths, on_pictures


class Gated(Fusion):
    """g = sigmoid(W_g [h; v] + b_g) with v the projected picture; fused = [h; g * v], or h + g * v.

    `granularity` "dimension" gives one gate per dimension, "token" one per word. `combine` "concat" is twice as wide as
    the text, "add" as wide. For an absent picture g * v = 0.
    """

    weighs: WeightKind = "gate"

    def __init__(
        self,
        *,
        widths: Widths,
        granularity: Literal["dimension", "token"],
        combine: Literal["concat", "add"],
        dropout: float,
    ) -> None:
        super().__init__()
        dim = widths.text
        self.combine = combine
        self.out_dim = 2 * dim if combine == "concat" else dim
        self.image = ImageProjection(in_dim=widths.pooled, out_dim=dim, dropout=dropout)
        self.gate = nn.Linear(2 * dim, dim if granularity == "dimension" else 1)
        nn.init.constant_(self.gate.bias, -1.0)  # gates start a quarter open: near the text, yet with a gradient

    def forward(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        """Fuse words (B, T, d_t) with the pooled picture into (B, T, out_dim)."""
        return self.attend(words, word_mask, picture)[0]

    def explain(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Explanation:
        """The fused words, and how far the gate is open, on average over its dimensions."""
        fused, gate = self.attend(words, word_mask, picture)
        return Explanation(fused, on_pictures(gate.float().mean(dim=-1), picture))

    def attend(self, words: Tensor, word_mask: Tensor, picture: Picture) -> tuple[Tensor, Tensor]:
        """The fused words (B, T, out_dim), and the gate (B, T, d_t) or (B, T, 1)."""
        image = self.image(picture.pooled, picture.present)  # (B, d)
        image = image.unsqueeze(1).expand(-1, words.shape[1], -1).to(words.dtype)  # (B, T, d)
        gate = torch.sigmoid(self.gate(torch.cat([words, image], dim=-1)))  # (B, T, d) or (B, T, 1)
        seen = gate * image  # zero where the picture is absent, for the projection is
        return (torch.cat([words, seen], dim=-1) if self.combine == "concat" else words + seen), gate
