"""Element-wise addition of the picture to every word."""

from __future__ import annotations

from torch import Tensor

from tandem.fusion.base import Fusion, ImageProjection, Picture, Widths

START_GAIN = 0.1  # of the picture's projection, so that training starts near the text-only model


class Add(Fusion):
    """fused = h + v with v projected to the width of h (ablation V1 of MSCMT_Hybrid); an absent picture is v = 0."""

    def __init__(self, *, widths: Widths, dropout: float) -> None:
        super().__init__()
        self.out_dim = widths.text
        self.image = ImageProjection(in_dim=widths.pooled, out_dim=widths.text, dropout=dropout, gain=START_GAIN)

    def forward(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        """Fuse words (B, T, d_t) with the pooled picture into (B, T, d_t)."""
        return words + self.image(picture.pooled, picture.present).unsqueeze(1)
