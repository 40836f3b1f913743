"""Relations: one for every pair of entities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tandem.corpora.schema import RelationSample, read_relation_names, read_relations
from tandem.evaluation.metrics import Tree
from tandem.evaluation.relations import score_relations
from tandem.fusion.base import Fusion
from tandem.models.data import PairDataset
from tandem.models.relation import RelationClassifier
from tandem.params import TandemParams
from tandem.tasks.base import Task, head_of
from tandem.text.base import TextEncoder


class RelationTask(Task):
    """`task: re`."""

    name = "re"
    headline = "relation"
    weighted = "weighted_f1"
    title = "relation F1"
    dataset = PairDataset
    markers = True

    def read(self, prepared: Path, split: str | None = None) -> list[RelationSample]:
        return read_relations(prepared, split)

    def labels(self, prepared: Path, train: Sequence[RelationSample]) -> list[str]:
        return read_relation_names(prepared)

    def knobs(self, params: TandemParams) -> dict[str, Any]:
        return {"relation": {"pooling": params.relation.pooling}}  # `types` is a matter of decoding

    def text_dim(self, word_dim: int, strategy: type[Fusion]) -> int:
        return 2 * word_dim if strategy.predicts else word_dim  # a prediction is for a pair, not for a word

    def model(
        self, params: TandemParams, *, encoder: TextEncoder, fusion: Fusion, labels: list[str]
    ) -> RelationClassifier:
        return RelationClassifier(
            text=encoder,
            fusion=fusion,
            head=head_of(params, fusion, 2, len(labels)),
            labels=labels,
            pooling=params.relation.pooling,
            dropout=params.text.dropout,
        )

    def gold(self, samples: Sequence[RelationSample]) -> list[str]:
        return [sample.relation for sample in samples]

    def classes(self, samples: Sequence[RelationSample]) -> list[list[str]]:
        return [[sample.relation] for sample in samples]

    def score(self, gold: Sequence[str], predicted: Sequence[str]) -> Tree:
        return score_relations(gold, predicted)

    def rename(
        self, predicted: Sequence[str], source_labels: Sequence[str], samples: Sequence[RelationSample]
    ) -> list[str]:
        """The relations as they are: corpora share them by name, and one that the target lacks is an error there."""
        return list(predicted)

    def rename_claims(
        self, claims: Sequence[list[str]], source_labels: Sequence[str], samples: Sequence[RelationSample]
    ) -> list[list[str]]:
        return list(claims)
