"""The relation classifier: the fused vectors of head and tail, and a softmax over relations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from tandem.fusion.base import Fusion, Picture
from tandem.models.base import Batch, FusedModel, PairPlaces
from tandem.models.reading import Choice, Chooser, Reading, about_or, region_weights, word_weights
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

    def fusion_inputs(self, batch: Batch) -> tuple[Tensor, Tensor, Picture]:
        """As of any model; of a strategy that predicts, the pairs (B, 1, 2 d_t) instead of words."""
        if not self.fusion.predicts:
            return super().fusion_inputs(batch)
        pair = self._pool(self.encode(batch), batch).unsqueeze(1)
        return pair, batch.word_mask.new_ones(pair.shape[0], 1), self.see(batch)

    def scores(self, fused: Tensor, batch: Batch) -> Tensor:
        """Relation scores (B, K)."""
        return self.head(fused.squeeze(1) if self.fusion.predicts else self._pool(fused, batch)).float()

    def _pairs(self, batch: Batch) -> PairPlaces:
        if batch.pairs is None:
            raise ValueError("a batch without pairs has no relations; mark head and tail in its sentences")
        return batch.pairs

    def _pool(self, words: Tensor, batch: Batch) -> Tensor:
        """Vectors of words (B, T, d) -> of pairs (B, 2 d)."""
        pairs = self._pairs(batch)
        if self.pooling == "start":
            places = pairs.starts.unsqueeze(-1).expand(-1, -1, words.shape[-1])  # (B, 2, d)
            return words.gather(1, places).flatten(1)
        inside = pairs.words.to(words.dtype)  # (B, 2, T)
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
    def read(
        self, batch: Batch, about: Sequence[list[str]] | None = None, choose: Chooser | None = None
    ) -> list[Reading]:
        """As `decode`, with how probable the relation is by the softmax.

        choose: chooses the relations instead, and says how probable all are then. Weights are those of the vectors that
        the classifier reads: of head and tail.
        """
        words, word_mask, picture = self.fusion_inputs(batch)
        explained = self.fusion.explain(words, word_mask, picture)
        logs = torch.log_softmax(self.scores(explained.fused, batch), dim=-1)
        said, logs = (choose or self._best)(logs)
        claims = about_or(about, [[relation] for relation in said])
        index = {relation: number for number, relation in enumerate(self.label_names)}
        probabilities = logs.exp().tolist()
        confidences = [[row[index[name]] for name in own] for row, own in zip(probabilities, claims, strict=True)]
        pairs = self._pairs(batch)
        picture_weight: list[list[float | None] | None] = [None] * len(said)
        if explained.picture_weight is not None:
            weights = self._of_ends(explained.picture_weight, pairs)
            picture_weight = word_weights(weights, pairs.kept, picture.present)
        region_weight: list[list[float] | None] = [None] * len(said)
        if explained.region_weight is not None:
            valid = picture.region_mask & picture.present.unsqueeze(1)
            region_weight = region_weights(explained.region_weight, self._read_places(word_mask, pairs), valid)
        columns = zip(said, claims, confidences, picture_weight, region_weight, strict=True)
        return [Reading(*row) for row in columns]

    def _best(self, logs: Tensor) -> Choice:
        return Choice([self.label_names[label] for label in logs.argmax(-1).tolist()], logs)

    def _of_ends(self, weights: Tensor, pairs: PairPlaces) -> Tensor:
        """Weights of fused vectors (B, T) -> of the words of head and tail, (B, T); NaN for other words.

        A word has that of the vector which stands for it: its own, that of the start marker before it, or that of the
        pair; of a word of both, the mean.
        """
        if self.fusion.predicts:
            weights = weights.expand(len(weights), pairs.kept.shape[1])
        ends = weights.unsqueeze(1).expand_as(pairs.words)  # (B, 2, T)
        if self.pooling == "start" and not self.fusion.predicts:
            ends = weights.gather(1, pairs.starts).unsqueeze(-1).expand_as(pairs.words)
        inside = pairs.words.to(weights.dtype)
        return (ends * inside).sum(1) / inside.sum(1)

    def _read_places(self, word_mask: Tensor, pairs: PairPlaces) -> Tensor:
        """How much each place (B, T) counts in what the classifier reads: head and tail equally."""
        if self.pooling == "start":
            return torch.zeros_like(word_mask, dtype=torch.float32).scatter_add(
                1, pairs.starts, torch.ones_like(pairs.starts, dtype=torch.float32)
            )
        inside = pairs.words.float()
        return (inside / inside.sum(-1, keepdim=True)).sum(1)
