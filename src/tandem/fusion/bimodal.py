"""Bimodal fusion: both modalities projected to one width, mixed or concatenated, then one layer."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from tandem.fusion.base import Explanation, Fusion, ImageProjection, Picture, Widths, on_pictures


class Bimodal(Fusion):
    """Z = sigma(W_f F + b_f) with F = alpha h + (1 - alpha) v, or F = [h; v]; h and v projected to `dim`.

    alpha is one learnable number, kept in (0, 1) by a sigmoid and starting at `alpha`. An absent picture gives F = h in
    the mix (alpha must not shrink the text when there is nothing to mix it with) and v = 0 in the concatenation.
    """

    def __init__(
        self,
        *,
        widths: Widths,
        mix: Literal["alpha", "concat"],
        alpha: float,
        activation: Literal["relu", "tanh"],
        dim: int | None,
        dropout: float,
    ) -> None:
        super().__init__()
        if not 0 < alpha < 1:
            raise ValueError(f"bimodal: alpha must lie strictly between 0 and 1, found {alpha}")
        self.out_dim = dim or widths.text
        self.activation = {"relu": torch.relu, "tanh": torch.tanh}[activation]
        self.text = nn.Linear(widths.text, self.out_dim)
        self.image = ImageProjection(in_dim=widths.pooled, out_dim=self.out_dim, dropout=dropout)
        self.alpha_logit: nn.Parameter | None = None
        if mix == "alpha":
            self.alpha_logit = nn.Parameter(torch.tensor(math.log(alpha / (1 - alpha))))
            self.weighs = "modality_weight"
        self.output = nn.Linear(self.out_dim if mix == "alpha" else 2 * self.out_dim, self.out_dim)

    def forward(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        """Fuse words (B, T, d_t) with the pooled picture into (B, T, dim)."""
        text = self.text(words)  # (B, T, d_f)
        image = self.image(picture.pooled, picture.present).unsqueeze(1)  # (B, 1, d_f)
        alpha = self.alpha
        if alpha is None:
            joined = torch.cat([text, image.expand_as(text).to(text.dtype)], dim=-1)
        else:
            joined = torch.where(picture.present[:, None, None], alpha * text + (1 - alpha) * image, text)
        return self.activation(self.output(joined))

    def explain(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Explanation:
        """The fused words, and 1 - alpha, which is the same for every word; nothing of a concatenation."""
        fused = self(words, word_mask, picture)
        if self.alpha is None:
            return Explanation(fused)
        return Explanation(fused, on_pictures((1 - self.alpha).expand(words.shape[:2]), picture))

    @property
    def alpha(self) -> Tensor | None:
        """The share of the text (); None of a concatenation."""
        return None if self.alpha_logit is None else torch.sigmoid(self.alpha_logit)
