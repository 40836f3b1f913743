"""Partial prediction: text and picture each predict alone, then the two predictions are fused."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from tandem.fusion.base import Explanation, Fusion, ImageProjection, Picture, WeightKind, Widths, on_pictures


class PartialPrediction(Fusion):
    """y = a s + (1 - a) p with class scores s = W_s h + b_s of the word and p = W_p v + b_p of the picture (thesis).

    The picture's scores are the same for every word. The share a of the text is learned: one number ("scalar"), one
    for each class ("class"), or sigmoid(w [h; v] + b), one for each word ("gate"); it starts at `share`, or near it
    for the gate. For an absent picture y = s.
    """

    predicts: ClassVar[bool] = True
    weighs: WeightKind = "modality_weight"

    def __init__(
        self, *, widths: Widths, weights: Literal["scalar", "class", "gate"], share: float, dropout: float
    ) -> None:
        super().__init__()
        if not 0 < share < 1:
            raise ValueError(f"partial_prediction: share must lie strictly between 0 and 1, found {share}")
        dim = widths.text
        self.out_dim = widths.classes
        self.text = nn.Linear(dim, widths.classes)
        self.image = ImageProjection(in_dim=widths.pooled, out_dim=dim, dropout=dropout)
        self.image_scores = nn.Linear(dim, widths.classes)
        start = math.log(share / (1 - share))
        self.gate: nn.Linear | None = None
        if weights == "gate":
            self.gate = nn.Linear(2 * dim, 1)
            nn.init.constant_(self.gate.bias, start)
        else:
            self.share_logit = nn.Parameter(torch.full((widths.classes,) if weights == "class" else (), start))

    def forward(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        """Class scores (B, T, classes) from words (B, T, d_t) and the pooled picture."""
        return self.mix(words, word_mask, picture)[0]

    def explain(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Explanation:
        """The scores, and 1 - a: on average over the classes, and the same for every word, where it is no gate."""
        scores, share = self.mix(words, word_mask, picture)
        weight = 1 - share.float().expand(*words.shape[:2], -1 if share.dim() else 1).mean(dim=-1)
        return Explanation(scores, on_pictures(weight, picture))

    def mix(self, words: Tensor, word_mask: Tensor, picture: Picture) -> tuple[Tensor, Tensor]:
        """The scores (B, T, classes), and the text's share (broadcasts)."""
        text, image, share = self.parts(words, picture)
        return torch.where(picture.present[:, None, None], share * text + (1 - share) * image, text), share

    def parts(self, words: Tensor, picture: Picture) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of the text (B, T, classes), of the picture (B, 1, classes), and the text's share (broadcasts)."""
        image = self.image(picture.pooled, picture.present).unsqueeze(1)  # (B, 1, d)
        if self.gate is None:
            logit: Tensor = self.share_logit  # () or (classes,)
        else:
            joined = torch.cat([words, image.expand_as(words).to(words.dtype)], dim=-1)
            logit = self.gate(joined)  # (B, T, 1)
        return self.text(words), self.image_scores(image), torch.sigmoid(logit)
