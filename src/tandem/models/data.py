"""Prepared sentences as batches of tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from tandem.corpora.schema import Sample
from tandem.fusion.base import Picture
from tandem.models.tagger import IGNORE, Batch
from tandem.text.base import WordTokenizer
from tandem.vision.cache import FeatureCache

# Sub-words in one forward pass. A batch of ordinary posts has a few hundred; one of long documents is passed in parts,
# so that memory is bounded by this number (about 3 GB of activations for a base encoder) and not by the corpus.
BUDGET = 4096


class Dataset:
    """Sentences tokenised once, with their labels and a cache of picture features.

    `image_ids` overrides the picture of each sentence (None = no picture), for controls.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        *,
        tokenizer: WordTokenizer,
        features: FeatureCache,
        labels: Sequence[str] | None = None,
        image_ids: Sequence[str | None] | None = None,
        with_regions: bool = True,
    ) -> None:
        self.tokenizer = tokenizer
        self.features = features
        self.with_regions = with_regions
        self.encoded: list[Any] = [tokenizer.encode(sample.words) for sample in samples]
        self.costs = [tokenizer.cost(encoded) for encoded in self.encoded]
        self.image_ids = list(image_ids) if image_ids is not None else [sample.image_id for sample in samples]
        self.labels: list[Tensor] | None = None
        if labels is not None:
            index = {label: number for number, label in enumerate(labels)}
            self.labels = [torch.tensor([index[tag] for tag in sample.tags]) for sample in samples]

    def __len__(self) -> int:
        return len(self.encoded)

    def batch(self, rows: Sequence[int]) -> Batch:
        """The sentences of the given rows, padded to the longest of them."""
        found = self.features.gather([self.image_ids[row] for row in rows], with_regions=self.with_regions)
        picture = Picture(
            pooled=found.pooled, regions=found.regions, region_mask=found.region_mask, present=found.present
        )
        labels = None
        if self.labels is not None:
            labels = torch.nn.utils.rnn.pad_sequence(
                [self.labels[row] for row in rows], batch_first=True, padding_value=IGNORE
            )
        return Batch(self.tokenizer.collate([self.encoded[row] for row in rows]), picture, labels)

    def parts(self, rows: Sequence[int]) -> list[list[int]]:
        """The rows cut where one forward pass would exceed BUDGET sub-words; a longer sentence stands alone."""
        parts: list[list[int]] = []
        total = BUDGET + 1
        for row in rows:
            if total + self.costs[row] > BUDGET:
                parts.append([])
                total = 0
            parts[-1].append(row)
            total += self.costs[row]
        return parts

    def in_order_of_length(self, batch_size: int) -> Iterator[tuple[list[int], Batch]]:
        """Every sentence once, longest first, so that a batch pads little and memory peaks at the start."""
        order = sorted(range(len(self)), key=lambda row: (-self.costs[row], row))
        for start in range(0, len(order), batch_size):
            for rows in self.parts(order[start : start + batch_size]):
                yield rows, self.batch(rows)
