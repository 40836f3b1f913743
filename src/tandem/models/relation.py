"""The relation classifier: the fused vectors of head and tail, and a softmax over relations."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from tandem.fusion.base import Fusion
from tandem.models.base import Batch, FusedModel
from tandem.text.base import TextEncoder

Pooling = Literal["start", "span"]


class RelationClassifier(FusedModel):
    """One relation for every pair of entities.

    A pair is [head; tail], each the fused vector of its start marker (`pooling` start) or the mean of those of its
    words (span), and the classifier reads it. A strategy that predicts by itself gets the pair's plain vectors instead,
    as the one word of the post.
    """

    def __init__(
        self,
        *,
        text: TextEncoder,
        fusion: Fusion,
        head: nn.Module,
        labels: list[str],
        pooling: Pooling,
        dropout: float,
    ) -> None:
        super().__init__(text=text, fusion=fusion, head=head, labels=labels, dropout=dropout)
        self.pooling = pooling

    def forward(self, batch: Batch) -> Tensor:
        """Relation scores (B, K) in float32."""
        if not self.fusion.predicts:
            return self.head(self._pool(self.fuse(batch), batch)).float()
        pair = self._pool(self.encode(batch), batch).unsqueeze(1)  # (B, 1, 2 d_t)
        scores = self.fusion(pair, batch.word_mask.new_ones(len(pair), 1), self.see(batch))
        return self.head(scores.squeeze(1)).float()

    def _pool(self, words: Tensor, batch: Batch) -> Tensor:
        """Vectors of words (B, T, d) -> of pairs (B, 2 d)."""
        if batch.pairs is None:
            raise ValueError("a batch without pairs has no relations; mark head and tail in its sentences")
        if self.pooling == "start":
            places = batch.pairs.starts.unsqueeze(-1).expand(-1, -1, words.shape[-1])  # (B, 2, d)
            return words.gather(1, places).flatten(1)
        inside = batch.pairs.words.to(words.dtype)  # (B, 2, T)
        return (inside @ words / inside.sum(-1, keepdim=True)).flatten(1)

    def loss(self, batch: Batch) -> Tensor:
        """Mean cross-entropy of a pair."""
        if batch.labels is None:
            raise ValueError("a batch without labels has no loss")
        return functional.cross_entropy(self(batch), batch.labels)

    def loss_items(self, batch: Batch) -> int:
        """How many items `loss` is the mean of: pairs."""
        return len(batch.word_mask)

    @torch.no_grad()
    def decode(self, batch: Batch) -> list[str]:
        """The best relation of each pair."""
        return [self.label_names[label] for label in self(batch).argmax(-1).tolist()]

    @torch.no_grad()
    def log_probabilities(self, batch: Batch) -> Tensor:
        """log p(relation | pair), (B, K) float32."""
        return torch.log_softmax(self(batch), dim=-1)
