"""What differs between named entities and relations, in one place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from torch import nn

from tandem.evaluation.metrics import Tree
from tandem.fusion.base import Fusion
from tandem.models.base import FusedModel
from tandem.models.data import Dataset
from tandem.models.heads import build_head
from tandem.params import TandemParams
from tandem.text.base import TextEncoder


class Task(ABC):
    """A task: its rows, its classes, its model, its scores. `samples` are the rows of a prepared table."""

    name: ClassVar[str]  # as in `corpora.<name>.task`
    headline: ClassVar[str]  # key of the tree of scores whose F1 decides
    weighted: ClassVar[str]  # path in that tree to the F1 that decides with `train.select_by: weighted`
    title: ClassVar[str]  # what this F1 is called in messages
    dataset: ClassVar[Callable[..., Dataset]]  # rows as batches, as `SentenceDataset` or `PairDataset` takes them
    markers: ClassVar[bool]  # whether its texts have entity markers

    @abstractmethod
    def read(self, prepared: Path, split: str | None = None) -> list[Any]:
        """The rows of a prepared table, or of one split. Errors: `ValueError` naming the file and the remedy."""

    @abstractmethod
    def labels(self, prepared: Path, train: Sequence[Any]) -> list[str]:
        """The classes of a model of the corpus, in order, from its prepared table or its training rows."""

    @abstractmethod
    def knobs(self, params: TandemParams) -> dict[str, Any]:
        """The knobs that models of this task alone are built by, under their keys in params.yaml."""

    @abstractmethod
    def text_dim(self, word_dim: int, strategy: type[Fusion]) -> int:
        """Width of the text vectors that a strategy fuses, out of that of a word vector."""

    @abstractmethod
    def model(self, params: TandemParams, *, encoder: TextEncoder, fusion: Fusion, labels: list[str]) -> FusedModel:
        """A model around `encoder` and `fusion`; its head comes from the current random state."""

    @abstractmethod
    def gold(self, samples: Sequence[Any]) -> list[Any]:
        """What the model should say of each row: tags, or a relation."""

    @abstractmethod
    def classes(self, samples: Sequence[Any]) -> list[list[str]]:
        """The classes that occur in each row, for sampling by their rarity."""

    @abstractmethod
    def score(self, gold: Sequence[Any], predicted: Sequence[Any]) -> Tree:
        """All scores of `predicted` against `gold`, as one tree of numbers."""

    @abstractmethod
    def rename(self, predicted: Sequence[Any], source_labels: Sequence[str], samples: Sequence[Any]) -> list[Any]:
        """Predictions of a model with `source_labels` under the names that the corpus of `samples` has for them."""

    @abstractmethod
    def rename_claims(
        self, claims: Sequence[list[Any]], source_labels: Sequence[str], samples: Sequence[Any]
    ) -> list[list[Any]]:
        """The same for what confidences are about (`tandem.models.reading.Reading`): entities, or relations."""


def head_of(params: TandemParams, fusion: Fusion, vectors: int, labels: int) -> nn.Module:
    """The head that reads `vectors` fused vectors, joined; none after a strategy that gives the scores itself."""
    if fusion.predicts:
        return nn.Identity()
    head = params.head
    return build_head(head.kind, vectors * fusion.out_dim, labels, hidden=head.hidden, dropout=head.dropout)
