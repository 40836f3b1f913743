"""Low-rank bilinear fusion (Kim et al. 2017, arXiv:1610.04325)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from tandem.fusion.base import Fusion, ImageProjection, Picture, Widths


class Bilinear(Fusion):
    """z = P (f(U h) * f(V v)): each dimension of z is a bilinear form h' W v, the W all of rank `rank` at most.

    `activation` f is "none" (the FiLM study's form) or "tanh" (Kim et al.). U and V have biases, so that z holds the
    linear terms in h and v too; P has none. "add" gives h + z, "concat" [h; z]. For an absent picture z = 0.
    """

    def __init__(
        self,
        *,
        widths: Widths,
        rank: int,
        activation: Literal["none", "tanh"],
        combine: Literal["add", "concat"],
        dropout: float,
    ) -> None:
        super().__init__()
        dim = widths.text
        self.combine = combine
        self.out_dim = 2 * dim if combine == "concat" else dim
        self.activation: nn.Module = nn.Tanh() if activation == "tanh" else nn.Identity()
        self.image = ImageProjection(in_dim=widths.pooled, out_dim=rank, dropout=dropout)  # V
        self.text = nn.Linear(dim, rank)  # U
        self.output = nn.Linear(rank, dim, bias=False)  # P

    def forward(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        """Fuse words (B, T, d_t) with the pooled picture into (B, T, out_dim)."""
        image = self.activation(self.image(picture.pooled, picture.present)).unsqueeze(1)  # (B, 1, rank)
        product = self.activation(self.text(words)) * image  # (B, T, rank), zero where the picture is absent
        seen = self.output(product).to(words.dtype)  # (B, T, d)
        return words + seen if self.combine == "add" else torch.cat([words, seen], dim=-1)
