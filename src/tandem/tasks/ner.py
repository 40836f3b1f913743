"""Named entities: a BIO tag for every word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tandem.corpora.labels import entity_types, label_set, rename_tags, type_mapping
from tandem.corpora.schema import Sample, read_samples
from tandem.evaluation.metrics import Tree, score
from tandem.evaluation.spans import Span
from tandem.fusion.base import Fusion
from tandem.models.data import SentenceDataset
from tandem.models.tagger import Tagger
from tandem.params import TandemParams
from tandem.tasks.base import Task, head_of
from tandem.text.base import TextEncoder


class EntityTask(Task):
    """`task: ner`."""

    name = "ner"
    headline = "span"
    weighted = "span_weighted.f1"
    title = "span F1"
    dataset = SentenceDataset
    markers = False

    def read(self, prepared: Path, split: str | None = None) -> list[Sample]:
        return read_samples(prepared, split)

    def labels(self, prepared: Path, train: Sequence[Sample]) -> list[str]:
        return label_set(entity_types(sample.tags for sample in train))

    def knobs(self, params: TandemParams) -> dict[str, Any]:
        return {"decoder": params.decoder}

    def text_dim(self, word_dim: int, strategy: type[Fusion]) -> int:
        return word_dim

    def model(self, params: TandemParams, *, encoder: TextEncoder, fusion: Fusion, labels: list[str]) -> Tagger:
        return Tagger(
            text=encoder,
            fusion=fusion,
            head=head_of(params, fusion, 1, len(labels)),
            labels=labels,
            decoder=params.decoder,
            dropout=params.text.dropout,
        )

    def gold(self, samples: Sequence[Sample]) -> list[list[str]]:
        return [sample.tags for sample in samples]

    def classes(self, samples: Sequence[Sample]) -> list[list[str]]:
        return self.gold(samples)

    def score(self, gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> Tree:
        return score(gold, predicted)

    def rename(
        self, predicted: Sequence[Sequence[str]], source_labels: Sequence[str], samples: Sequence[Sample]
    ) -> list[list[str]]:
        mapping = self._mapping(source_labels, samples)
        return [rename_tags(tags, mapping) for tags in predicted]

    def rename_claims(
        self, claims: Sequence[list[Span]], source_labels: Sequence[str], samples: Sequence[Sample]
    ) -> list[list[Span]]:
        mapping = self._mapping(source_labels, samples)
        return [[span._replace(type=mapping[span.type]) for span in own] for own in claims]

    def _mapping(self, source_labels: Sequence[str], samples: Sequence[Sample]) -> dict[str, str]:
        return type_mapping(entity_types([source_labels]), entity_types(sample.tags for sample in samples))
