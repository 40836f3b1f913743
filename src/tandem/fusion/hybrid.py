"""The FiLM study's hybrid: FiLM, then attention over the modalities and their concatenation."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from tandem.fusion.attention import ModalityWeights
from tandem.fusion.base import Explanation, Fusion, ImageProjection, Picture, WeightKind, Widths
from tandem.fusion.film import Modulation


class Hybrid(Fusion):
    """fused = [a_1 h'; a_2 v]: h' = FiLM(h, v), a = softmax of one score for h' and one for v; h and v projected.

    The parts are those of the strategies `film` (image to text) and `attention`, on one projection of the picture and
    one of the words, both `dim` wide. The projection of the words starts as the identity where `dim` is their width.
    An absent picture gives [h; 0].
    """

    weighs: WeightKind = "modality_weight"

    def __init__(
        self,
        *,
        widths: Widths,
        dim: int | None,
        form: Literal["residual", "plain"],
        modulator_activation: Literal["none", "relu"],
        scorer: Literal["linear", "mlp"],
        start: Literal["text", "even"],
        hidden: int,
        dropout: float,
    ) -> None:
        super().__init__()
        dim = dim or widths.text
        self.out_dim = 2 * dim
        self.text = nn.Linear(widths.text, dim)
        if dim == widths.text:
            nn.init.eye_(self.text.weight)
            nn.init.zeros_(self.text.bias)
        self.image = ImageProjection(in_dim=widths.pooled, out_dim=dim, dropout=dropout)
        self.modulation = Modulation(dim=dim, form=form, activation=modulator_activation)
        self.weights = ModalityWeights(dim=dim, scorer=scorer, start=start, hidden=hidden, dropout=dropout)

    def forward(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        """Fuse words (B, T, d_t) with the pooled picture into (B, T, 2 dim)."""
        return self.attend(words, word_mask, picture)[0]

    def explain(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Explanation:
        """The fused words, and a_2."""
        fused, weights = self.attend(words, word_mask, picture)
        return Explanation(fused, weights[..., 1])

    def attend(self, words: Tensor, word_mask: Tensor, picture: Picture) -> tuple[Tensor, Tensor]:
        """The fused words (B, T, 2 dim), and the weights (B, T, 2) of word and picture."""
        text = self.text(words)  # (B, T, d)
        image = self.image(picture.pooled, picture.present).unsqueeze(1)  # (B, 1, d)
        modulated = torch.where(picture.present[:, None, None], self.modulation(image, text), text)
        weights = self.weights(modulated, image, picture.present)  # (B, T, 2)
        return torch.cat([weights[..., :1] * modulated, weights[..., 1:] * image], dim=-1), weights
