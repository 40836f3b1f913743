"""The tagger: text encoder, fusion with the picture, head, and a CRF or softmax over BIO labels."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn
from torch.nn import functional

from tandem.fusion.base import Fusion, Picture
from tandem.models.crf import CRF, bio_constraints
from tandem.text.base import TextBatch, TextEncoder

IGNORE = -100  # label of padding words


@dataclass(frozen=True)
class Batch:
    """B sentences of at most T words with their pictures."""

    text: TextBatch
    picture: Picture
    labels: Tensor | None = None  # (B, T) long, IGNORE on padding

    @property
    def word_mask(self) -> Tensor:
        """(B, T) bool, True = a word."""
        return self.text["word_mask"]

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        picture = Picture(**{f.name: getattr(self.picture, f.name).to(device) for f in fields(self.picture)})
        labels = None if self.labels is None else self.labels.to(device)
        return Batch({key: value.to(device) for key, value in self.text.items()}, picture, labels)


class Tagger(nn.Module):
    """Labels for every word of a post."""

    def __init__(
        self, *, text: TextEncoder, fusion: Fusion, head: nn.Module, labels: list[str], decoder: str, dropout: float
    ) -> None:
        super().__init__()
        self.text = text
        self.dropout = nn.Dropout(dropout)
        self.fusion = fusion
        self.head = head
        self.crf = CRF(len(labels)) if decoder == "crf" else None
        self.label_names = labels
        self.constraints = bio_constraints(labels)

    def forward(self, batch: Batch) -> Tensor:
        """Label scores (B, T, K) in float32."""
        words = self.dropout(self.text(batch.text))  # (B, T, d_t)
        fused = self.fusion(words, batch.word_mask, batch.picture)  # (B, T, d)
        return self.head(fused).float()

    def loss(self, batch: Batch) -> Tensor:
        """Mean over the batch: negative log-likelihood of a sentence (CRF), or cross-entropy of a word (softmax)."""
        if batch.labels is None:
            raise ValueError("a batch without labels has no loss")
        scores = self(batch)
        if self.crf is None:
            return functional.cross_entropy(scores.flatten(0, 1), batch.labels.flatten(), ignore_index=IGNORE)
        labels = batch.labels.masked_fill(~batch.word_mask, 0)
        return -self.crf.log_likelihood(scores, labels, batch.word_mask).mean()

    def loss_items(self, batch: Batch) -> int:
        """How many items `loss` is the mean of: sentences (CRF) or words (softmax)."""
        return len(batch.word_mask) if self.crf is not None else int(batch.word_mask.sum())

    @torch.no_grad()
    def decode(self, batch: Batch) -> list[list[str]]:
        """The best tags of each sentence: Viterbi under BIO constraints (CRF), or each word's best label (softmax)."""
        scores = self(batch)
        lengths = batch.word_mask.sum(1).tolist()
        best = scores.argmax(-1) if self.crf is None else self.crf.decode(scores, batch.word_mask, self.constraints)
        rows = best.tolist()
        return [[self.label_names[label] for label in row[:length]] for row, length in zip(rows, lengths, strict=True)]
