"""Prepared rows as batches of tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from tandem.corpora.schema import Post, RelationSample, Sample
from tandem.fusion.base import Picture
from tandem.models.base import IGNORE, Batch, PairPlaces
from tandem.models.captions import Captions
from tandem.text.base import WordTokenizer
from tandem.text.markers import Word, mark
from tandem.vision.cache import PictureSource

# Sub-words in one forward pass. A batch of ordinary posts has a few hundred; one of long documents is passed in parts,
# so that memory is bounded by this number (about 3 GB of activations for a base encoder) and not by the corpus.
BUDGET = 4096


class Dataset:
    """Texts tokenised once, with a cache of picture features.

    `image_ids`, the picture of each row (None = no picture), may be replaced, for controls, and before it what pictures
    are: `features` and `captions`. With `captions`, each text is read with that of its picture; rows without one are
    read alone.
    """

    def __init__(
        self,
        samples: Sequence[Post],
        texts: Sequence[Sequence[Word]],
        *,
        tokenizer: WordTokenizer,
        features: PictureSource,
        with_regions: bool,
        captions: Captions | None,
    ) -> None:
        self.tokenizer = tokenizer
        self.features = features
        self.with_regions = with_regions
        self.captions: Captions = captions or {}
        self._texts = texts
        tokenizer.prepare(texts)
        self._alone: list[Any] = [tokenizer.encode(words) for words in texts]
        self.image_ids = [sample.image_id for sample in samples]

    @property
    def image_ids(self) -> Sequence[str | None]:
        """The picture of each row."""
        return self._image_ids

    @image_ids.setter
    def image_ids(self, image_ids: Sequence[str | None]) -> None:
        self._image_ids = image_ids
        captions = [None if image_id is None else self.captions.get(image_id) for image_id in image_ids]
        self.encoded = [
            alone if caption is None else self.tokenizer.encode(words, caption)
            for alone, words, caption in zip(self._alone, self._texts, captions, strict=True)
        ]
        self.costs = [self.tokenizer.cost(encoded) for encoded in self.encoded]

    def __len__(self) -> int:
        return len(self.encoded)

    def batch(self, rows: Sequence[int], shown: Tensor | None = None, views: Tensor | None = None) -> Batch:
        """The given rows, padded to the longest; where `shown` (B,) bool is False, without picture and caption.

        views: (B,) long, the augmented view of each picture, 0 = the plain one; None = all plain.
        """
        ids = [self.image_ids[row] for row in rows]
        found = self.features.gather(ids, with_regions=self.with_regions, views=views)
        keep = torch.ones(len(rows), dtype=torch.bool) if shown is None else shown
        picture = Picture(
            pooled=found.pooled, regions=found.regions, region_mask=found.region_mask, present=found.present & keep
        )
        texts = [(self.encoded if seen else self._alone)[row] for row, seen in zip(rows, keep.tolist(), strict=True)]
        return Batch(self.tokenizer.collate(texts), picture)

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

    def blind(self, rows: Sequence[int], batch: Batch) -> Batch:
        """The same batch of the given rows without pictures and captions."""
        picture = replace(batch.picture, present=torch.zeros_like(batch.picture.present))
        text = self.tokenizer.collate([self._alone[row] for row in rows]) if self.captions else batch.text
        return replace(batch, text=text, picture=picture)

    def plan(self, batch_size: int) -> list[list[int]]:
        """Every row once, longest first, so that a batch pads little and memory peaks at the start."""
        order = sorted(range(len(self)), key=lambda row: (-self.costs[row], row))
        batches = (order[start : start + batch_size] for start in range(0, len(order), batch_size))
        return [part for rows in batches for part in self.parts(rows)]

    def in_order_of_length(self, batch_size: int) -> Iterator[tuple[list[int], Batch]]:
        """Every row once, in the batches of `plan`."""
        for rows in self.plan(batch_size):
            yield rows, self.batch(rows)


class SentenceDataset(Dataset):
    """Sentences, with a label for every word where `labels`, the classes of the model, are given."""

    def __init__(
        self,
        samples: Sequence[Sample],
        *,
        tokenizer: WordTokenizer,
        features: PictureSource,
        labels: Sequence[str] | None = None,
        with_regions: bool = True,
        captions: Captions | None = None,
    ) -> None:
        texts = [sample.words for sample in samples]
        reading: dict[str, Any] = {"tokenizer": tokenizer, "features": features, "captions": captions}
        super().__init__(samples, texts, with_regions=with_regions, **reading)
        self.labels: list[Tensor] | None = None
        if labels is not None:
            index = {label: number for number, label in enumerate(labels)}
            self.labels = [torch.tensor([index[tag] for tag in sample.tags]) for sample in samples]

    def batch(self, rows: Sequence[int], shown: Tensor | None = None, views: Tensor | None = None) -> Batch:
        batch = super().batch(rows, shown, views)
        if self.labels is None:
            return batch
        labels = [self.labels[row] for row in rows]
        return replace(batch, labels=torch.nn.utils.rnn.pad_sequence(labels, batch_first=True, padding_value=IGNORE))


class PairDataset(Dataset):
    """Pairs of entities in marked sentences, with their relation where `labels`, the model's classes, are given."""

    def __init__(
        self,
        samples: Sequence[RelationSample],
        *,
        tokenizer: WordTokenizer,
        features: PictureSource,
        labels: Sequence[str] | None = None,
        with_regions: bool = True,
        captions: Captions | None = None,
    ) -> None:
        self.marked = [mark(sample.words, sample.head, sample.tail) for sample in samples]
        texts = [marked.words for marked in self.marked]
        reading: dict[str, Any] = {"tokenizer": tokenizer, "features": features, "captions": captions}
        super().__init__(samples, texts, with_regions=with_regions, **reading)
        self.labels: Tensor | None = None
        if labels is not None:
            index = {label: number for number, label in enumerate(labels)}
            self.labels = torch.tensor([index[sample.relation] for sample in samples])

    def batch(self, rows: Sequence[int], shown: Tensor | None = None, views: Tensor | None = None) -> Batch:
        batch = super().batch(rows, shown, views)
        words = torch.zeros(len(rows), 2, batch.word_mask.shape[1], dtype=torch.bool)
        kept = torch.zeros(len(rows), batch.word_mask.shape[1], dtype=torch.bool)
        for place, row in enumerate(rows):
            kept[place, self.marked[row].places] = True
            words[place, 0, self.marked[row].head_words] = True
            words[place, 1, self.marked[row].tail_words] = True
        starts = torch.tensor([(self.marked[row].head_start, self.marked[row].tail_start) for row in rows])
        labels = None if self.labels is None else self.labels[list(rows)]
        return replace(batch, labels=labels, pairs=PairPlaces(starts, words, kept))
