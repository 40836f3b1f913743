"""FiLM: one modality sets scale and shift of the other (Perez et al. 2018, arXiv:1709.07871)."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from tandem.fusion.base import Fusion, ImageProjection, Picture, Widths


class FiLM(Fusion):
    """h' = gamma * h + beta, or (1 + gamma) * h + beta, with gamma = W_g v + b_g and beta = W_b v + b_b.

    `direction` "image_to_text" is the above; "text_to_image" takes gamma and beta from h and applies them to v, giving
    v'; "both" does both, each with modulators of its own, and gives h' + v'. `form` "residual" adds the 1, "plain"
    leaves it out. `modulator_activation` "relu" is applied to gamma and beta. `output_projection` adds
    Z = W_f h' + b_f. For an absent picture h' = h, and v' = 0.

    It starts as the text-only model: the modulators are zero (but for b_g = 1 in the plain form), and where v alone is
    modulated beta starts as h. So the two directions with v' both start as v + h.
    """

    def __init__(
        self,
        *,
        widths: Widths,
        direction: Literal["image_to_text", "text_to_image", "both"],
        form: Literal["residual", "plain"],
        modulator_activation: Literal["none", "relu"],
        output_projection: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        dim = self.out_dim = widths.text
        self.image = ImageProjection(in_dim=widths.pooled, out_dim=dim, dropout=dropout)
        self.by_image: Modulation | None = None
        self.by_text: Modulation | None = None
        if direction != "text_to_image":
            self.by_image = Modulation(dim=dim, form=form, activation=modulator_activation)
        if direction != "image_to_text":
            self.by_text = Modulation(dim=dim, form=form, activation=modulator_activation)
        if self.by_text is not None and self.by_image is None:
            with torch.no_grad():
                self.by_text.beta.weight.add_(torch.eye(dim))
        self.output: nn.Module = nn.Identity()
        if output_projection:
            self.output = nn.Linear(dim, dim)
            nn.init.eye_(self.output.weight)
            nn.init.zeros_(self.output.bias)

    def forward(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        """Fuse words (B, T, d_t) with the pooled picture into (B, T, d_t)."""
        image = self.image(picture.pooled, picture.present).unsqueeze(1)  # (B, 1, d)
        parts: list[Tensor] = []  # (B, T, d) each
        if self.by_image is not None:
            parts.append(self.by_image(image, words))
        if self.by_text is not None:
            parts.append(self.by_text(words, image))
        modulated = sum(parts[1:], start=parts[0])
        return self.output(torch.where(picture.present[:, None, None], modulated, words))


class Modulation(nn.Module):
    """gamma * target + beta ("plain") or (1 + gamma) * target + beta ("residual"); gamma, beta linear in the source.

    `activation` "relu" is applied to gamma and beta. It starts as the identity on the target, or with "relu" near it.
    """

    def __init__(self, *, dim: int, form: Literal["residual", "plain"], activation: Literal["none", "relu"]) -> None:
        super().__init__()
        self.form = form
        self.activation: nn.Module = nn.ReLU() if activation == "relu" else nn.Identity()
        self.gamma = nn.Linear(dim, dim)
        self.beta = nn.Linear(dim, dim)
        for layer in (self.gamma, self.beta):
            # ReLU has no gradient at zero, so its modulators start small instead of at zero.
            nn.init.normal_(layer.weight, std=0.1 / math.sqrt(dim) if activation == "relu" else 0.0)
            nn.init.zeros_(layer.bias)
        if form == "plain":
            nn.init.ones_(self.gamma.bias)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Modulate target (..., dim) by source (..., dim); the leading dimensions broadcast."""
        gamma = self.activation(self.gamma(source))
        beta = self.activation(self.beta(source))
        return (1 + gamma if self.form == "residual" else gamma) * target + beta
