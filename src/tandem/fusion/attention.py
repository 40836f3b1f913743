"""Attention over the two modalities: how much of each word, how much of the picture."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from tandem.fusion.base import Explanation, Fusion, ImageProjection, Picture, WeightKind, Widths

TEXT_LEAN = 1.0  # with `start: text` the scores start at (1, -1): weights near (.88, .12), close to the text-only model


class ModalityAttention(Fusion):
    """fused = a_1 h + a_2 v with a = softmax of one score for the word and one for the picture (`ModalityWeights`).

    For an absent picture a = (1, 0).
    """

    weighs: WeightKind = "modality_weight"

    def __init__(
        self,
        *,
        widths: Widths,
        scorer: Literal["linear", "mlp"],
        start: Literal["text", "even"],
        hidden: int,
        dropout: float,
    ) -> None:
        super().__init__()
        dim = self.out_dim = widths.text
        self.image = ImageProjection(in_dim=widths.pooled, out_dim=dim, dropout=dropout)
        self.weights = ModalityWeights(dim=dim, scorer=scorer, start=start, hidden=hidden, dropout=dropout)

    def forward(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        """Fuse words (B, T, d_t) with the pooled picture into (B, T, d_t)."""
        return self.attend(words, word_mask, picture)[0]

    def explain(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Explanation:
        """The fused words, and a_2."""
        fused, weights = self.attend(words, word_mask, picture)
        return Explanation(fused, weights[..., 1])

    def attend(self, words: Tensor, word_mask: Tensor, picture: Picture) -> tuple[Tensor, Tensor]:
        """The fused words (B, T, d_t), and the weights (B, T, 2) of word and picture."""
        image = self.image(picture.pooled, picture.present).unsqueeze(1)  # (B, 1, d)
        weights = self.weights(words, image, picture.present)
        return weights[..., :1] * words + weights[..., 1:] * image, weights


class ModalityWeights(nn.Module):
    """softmax of one score for the word and one for the picture; (1, 0) where the picture is absent.

    `scorer` "linear" is softmax(W_a [h; v]); "mlp" scores each modality by its own Linear(d, hidden), Tanh, Dropout,
    Linear(hidden, 1). `start` "even" is that and no more, as the FiLM study has it; with "text" training starts close
    to the text, and the scores of "mlp" are divided by sqrt(hidden). Which functions they can be is the same with the
    division, but not how fast they move: one AdamW step shifts all `hidden` last weights at once, and an undivided
    score shuts the picture out before it has become useful.
    """

    def __init__(
        self,
        *,
        dim: int,
        scorer: Literal["linear", "mlp"],
        start: Literal["text", "even"],
        hidden: int,
        dropout: float,
    ) -> None:
        super().__init__()
        leans = start == "text"
        self.joint: nn.Linear | None = None
        if scorer == "linear":
            self.joint = nn.Linear(2 * dim, 2)
            if leans:
                self.joint.bias.data.copy_(torch.tensor([TEXT_LEAN, -TEXT_LEAN]))
        else:
            self.text_scorer = _Scorer(dim=dim, hidden=hidden, dropout=dropout, start=TEXT_LEAN if leans else None)
            self.image_scorer = _Scorer(dim=dim, hidden=hidden, dropout=dropout, start=-TEXT_LEAN if leans else None)

    def forward(self, words: Tensor, image: Tensor, present: Tensor) -> Tensor:
        """Weights (B, T, 2) of words (B, T, d) and picture (B, 1, d), present (B,)."""
        image = image.expand_as(words)  # (B, T, d): the scorer's dropout differs from word to word
        if self.joint is not None:
            scores = self.joint(torch.cat([words, image.to(words.dtype)], dim=-1))  # (B, T, 2)
        else:
            scores = torch.cat([self.text_scorer(words), self.image_scorer(image)], dim=-1)
        weights = torch.softmax(scores.float(), dim=-1)
        return torch.where(present[:, None, None], weights, weights.new_tensor([1.0, 0.0]))


class _Scorer(nn.Module):
    """Linear, Tanh, Dropout, Linear to one score. With a `start` the score begins there, and is over sqrt(hidden)."""

    def __init__(self, *, dim: int, hidden: int, dropout: float, start: float | None) -> None:
        super().__init__()
        last = nn.Linear(hidden, 1)
        self.divisor = 1.0
        if start is not None:
            self.divisor = math.sqrt(hidden)
            nn.init.constant_(last.bias, start * self.divisor)
        self.layers = nn.Sequential(nn.Linear(dim, hidden), nn.Tanh(), nn.Dropout(dropout), last)

    def forward(self, vectors: Tensor) -> Tensor:
        """Scores (..., 1) of vectors (..., dim)."""
        return self.layers(vectors) / self.divisor
