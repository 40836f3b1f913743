"""Which relations or entity types a corpus's models take for which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tandem.corpora.schema import NO_RELATION
from tandem.reporting.predictions import INVENTED, MISSED
from tandem.reporting.results import Counts, Tree


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
        """The names that have test cases, and what is invented; the others are only predicted."""
        return [name for name in self.names if sum(self.counts.get(name, {}).values())]

    @property
    def columns(self) -> list[str]:
        """The names that something can be read as, and what is missed."""
        return [name for name in self.names if name != INVENTED]

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
        for gold, row in tree.get("confusion", {}).items()
        for predicted, count in row.items()
        if predicted != gold and count
    ]
    return sorted(found, key=lambda confusion: (-confusion.pairs, confusion.gold, confusion.predicted))


def matrix(counts: Counts, most: int) -> Matrix:
    """`None` and the names by how many test cases they have, then those that are only predicted; at most `most`."""
    gold = {name: sum(row.values()) for name, row in counts.items()}
    predicted = {name: sum(row.get(name, 0.0) for row in counts.values()) for row in counts.values() for name in row}
    names = sorted(
        gold.keys() | predicted.keys(),
        key=lambda name: (
            name in (MISSED, INVENTED),
            name != NO_RELATION,
            -gold.get(name, 0.0),
            -predicted.get(name, 0.0),
            name,
        ),
    )
    ends = [name for name in names if name in (MISSED, INVENTED)]
    kept = names[: len(names) - len(ends)][:most]
    return Matrix([*kept, *ends], counts, len(names) - len(ends) - len(kept))
