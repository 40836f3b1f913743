"""Concatenation of word and picture, then one ReLU layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tandem.fusion.base import Fusion, ImageProjection, Picture, Widths


class Concat(Fusion):
    """ReLU(W_f [h; v] + b), with v projected to the width of h; an absent picture is v = 0.

    `width` is the output width, None for the width of the text.
    """

    def __init__(self, *, widths: Widths, width: int | None, dropout: float) -> None:
        super().__init__()
        self.out_dim = width or widths.text
        self.image = ImageProjection(in_dim=widths.pooled, out_dim=widths.text, dropout=dropout)
        self.mix = nn.Linear(2 * widths.text, self.out_dim)

    def forward(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        """Fuse words (B, T, d_t) with the pooled picture into (B, T, width)."""
        image = self.image(picture.pooled, picture.present)  # (B, d)
        image = image.unsqueeze(1).expand(-1, words.shape[1], -1)  # (B, T, d)
        return torch.relu(self.mix(torch.cat([words, image.to(words.dtype)], dim=-1)))
