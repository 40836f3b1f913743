"""The tagger: fused word vectors, a head, and a CRF or softmax over BIO labels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tandem.fusion.base import Fusion
from tandem.models.base import IGNORE, Batch, FusedModel
from tandem.models.crf import CRF, bio_constraints
from tandem.text.base import TextEncoder


class Tagger(FusedModel):
    """Labels for every word of a post."""

    def __init__(
        self, *, text: TextEncoder, fusion: Fusion, head: nn.Module, labels: list[str], decoder: str, dropout: float
    ) -> None:
        super().__init__(text=text, fusion=fusion, head=head, labels=labels, dropout=dropout)
        self.crf = CRF(len(labels)) if decoder == "crf" else None
        self.constraints = bio_constraints(labels)

    def forward(self, batch: Batch) -> Tensor:
        """Label scores (B, T, K) in float32."""
        return self.head(self.fuse(batch)).float()

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
