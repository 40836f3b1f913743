"""Which relations a corpus's models take for which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tandem.corpora.schema import NO_RELATION
from tandem.reporting.results import Tree

Counts = dict[str, dict[str, float]]


class Confusion(NamedTuple):
    """Pairs of relation `gold` that are read as another, and what share of all of `gold` they are."""

    gold: str
    predicted: str
    pairs: float  # mean over the seeds
    share: float


@dataclass(frozen=True)
class Matrix:
    """How often what is read as what. `left_out`: names that have no room in it."""

    names: list[str]
    counts: Counts
    left_out: int

    @property
    def rows(self) -> list[str]:
        """The names that have test pairs; the others are only predicted."""
        return [name for name in self.names if sum(self.counts.get(name, {}).values())]

    def count(self, gold: str, predicted: str) -> float:
        """Pairs, mean over the seeds."""
        return self.counts.get(gold, {}).get(predicted, 0.0)

    def share(self, gold: str, predicted: str) -> float:
        """The same as a share of all pairs that are `gold`."""
        total = sum(self.counts.get(gold, {}).values())
        return self.count(gold, predicted) / total if total else 0.0


def confusions(tree: Tree) -> list[Confusion]:
    """What is read wrongly, most frequent first (ties by name)."""
    found = [
        Confusion(gold, predicted, count, count / sum(row.values()))
        for gold, row in _counts(tree).items()
        for predicted, count in row.items()
        if predicted != gold and count
    ]
    return sorted(found, key=lambda confusion: (-confusion.pairs, confusion.gold, confusion.predicted))


def matrix(tree: Tree, most: int) -> Matrix:
    """`None` and the relations by how many test pairs they have, then those that are only predicted; at most `most`."""
    counts = _counts(tree)
    gold = {name: sum(row.values()) for name, row in counts.items()}
    predicted = {name: sum(row.get(name, 0.0) for row in counts.values()) for row in counts.values() for name in row}
    names = sorted(
        gold.keys() | predicted.keys(),
        key=lambda name: (name != NO_RELATION, -gold.get(name, 0.0), -predicted.get(name, 0.0), name),
    )
    return Matrix(names[:most], counts, max(0, len(names) - most))


def _counts(tree: Tree) -> Counts:
    found: Counts = tree.get("confusion", {})
    return found
