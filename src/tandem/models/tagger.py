"""The tagger: fused word vectors, a head, and a CRF or softmax over BIO labels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tandem.corpora.labels import entity_types
from tandem.evaluation.spans import Span, spans
from tandem.fusion.base import Fusion
from tandem.models.base import IGNORE, Batch, FusedModel
from tandem.models.crf import CRF, bio_constraints, word_posterior
from tandem.models.posterior import Posterior
from tandem.models.reading import Reading, about_or, region_weights, word_weights
from tandem.text.base import TextEncoder


class Tagger(FusedModel):
    """Labels for every word of a post."""

    def __init__(
        self, *, text: TextEncoder, fusion: Fusion, head: nn.Module, labels: list[str], decoder: str, dropout: float
    ) -> None:
        super().__init__(text=text, fusion=fusion, head=head, labels=labels, dropout=dropout)
        self.crf = CRF(len(labels)) if decoder == "crf" else None
        self.constraints = bio_constraints(labels)
        index = {label: number for number, label in enumerate(labels)}
        self._bounds = {kind: (index[f"B-{kind}"], index[f"I-{kind}"]) for kind in entity_types([labels])}

    def scores(self, fused: Tensor, batch: Batch) -> Tensor:
        """Label scores (B, T, K)."""
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
        best = scores.argmax(-1) if self.crf is None else self.crf.decode(scores, batch.word_mask, self.constraints)
        return self._tags(best, batch)

    @torch.no_grad()
    def read(self, batch: Batch, about: Sequence[list[Span]] | None = None) -> list[Reading]:
        """As `decode`, with the entities of the tags and how probable each is.

        Its probability is that of all tag sequences together that have exactly this entity (type and both ends), in the
        distribution whose maximum the decoder looks for: that of the CRF given that the sequence is IOB2, or that of
        independent words (softmax). The CRF's likelihood in training does not know of IOB2.
        """
        words, word_mask, picture = self.fusion_inputs(batch)
        explained = self.fusion.explain(words, word_mask, picture)
        scores = self.scores(explained.fused, batch)
        if self.crf is None:
            best, posterior = scores.argmax(-1), word_posterior(scores, word_mask)
        else:
            best, posterior = self.crf.read(scores, word_mask, self.constraints)
        said = self._tags(best, batch)
        found = [spans(tags, "default") for tags in said]
        claims = about_or(about, found)
        looked = torch.zeros_like(word_mask)  # the words of entities; all of a sentence that has none
        for row, entities in enumerate(found):
            for _, start, end in entities:
                looked[row, start:end] = True
        looked |= word_mask & ~looked.any(dim=1, keepdim=True)
        picture_weight = word_weights(explained.picture_weight, word_mask, picture.present)
        valid = picture.region_mask & picture.present.unsqueeze(1)
        region_weight = region_weights(explained.region_weight, looked, valid)
        confidences = self._confidences(posterior, claims)
        columns = zip(said, claims, confidences, picture_weight, region_weight, strict=True)
        return [Reading(*row) for row in columns]

    def _tags(self, best: Tensor, batch: Batch) -> list[list[str]]:
        """Labels (B, T) by name, without the padding."""
        lengths, rows = batch.word_mask.sum(1).tolist(), best.tolist()
        return [[self.label_names[label] for label in row[:length]] for row, length in zip(rows, lengths, strict=True)]

    def _confidences(self, posterior: Posterior, claims: Sequence[list[Span]]) -> list[list[float]]:
        """How probable each entity of each row is."""
        asked = [(row, *self._bounds[kind], start, end) for row, own in enumerate(claims) for kind, start, end in own]
        columns = np.array(asked, dtype=np.int64).reshape(len(asked), 5).T
        found = posterior.entities(*columns).tolist()
        ends = list(accumulate(map(len, claims), initial=0))
        return [found[start:end] for start, end in pairwise(ends)]
