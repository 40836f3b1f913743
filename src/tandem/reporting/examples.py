"""Which test posts the page shows: where the picture decides, where it harms, what is right, and what is wrong.

Posts are drawn by a hash of their ids, so nobody has picked them by hand and the same results show the same posts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tandem.corpora.schema import NO_RELATION
from tandem.evaluation.spans import spans
from tandem.reporting.alignment import ERRORS, align
from tandem.reporting.results import Row

MOST_HELPED, MOST_HARMED, MOST_RIGHT, MOST_OF_A_KIND = 6, 4, 4, 2
RELATION_ERRORS = {"relation": "wrong relation", "missed": "missed", "invented": "invented"}


@dataclass(frozen=True)
class Group:
    """Posts of which the same can be said: how many there are, of how many, and the ones to show."""

    key: str
    title: str
    total: int
    of: int
    rows: list[Row] = field(default_factory=list)


def errors(row: Row) -> list[str]:
    """What is wrong with a row's prediction, in words, each once; nothing if it is right."""
    gold, predicted = row["gold"], row["predicted"]
    if isinstance(gold, str):
        if gold == predicted:
            return []
        kind = "missed" if predicted == NO_RELATION else "invented" if gold == NO_RELATION else "relation"
        return [RELATION_ERRORS[kind]]
    kinds = {pair.kind for pair in align(spans(gold, "default"), spans(predicted, "default"))}
    return [title for kind, title in ERRORS.items() if kind in kinds]


def right(row: Row, column: str = "predicted") -> bool:
    """Whether a column has just the entities, or the relation, that the gold has."""
    if isinstance(row["gold"], str):
        return bool(row["gold"] == row[column])
    return spans(row["gold"], "default") == spans(row[column], "default")


def something(row: Row) -> bool:
    """Whether there is an entity, or a relation, to be found."""
    return row["gold"] != NO_RELATION if isinstance(row["gold"], str) else bool(spans(row["gold"], "default"))


def choose(rows: Sequence[Row], seen: Callable[[Row], bool]) -> list[Group]:
    """The groups of a corpus, the first seed's predictions being `rows`.

    Args:
        seen: whether a row has a picture to show; others can be right or wrong, but no picture has decided them.
    """
    drawn = sorted(rows, key=lambda row: hashlib.sha256(str(row["id"]).encode()).digest())
    pictured = [row for row in drawn if seen(row)]
    compared = [row for row in pictured if row.get("no_image") is not None]
    helped = [row for row in compared if right(row) and not right(row, "no_image")]
    harmed = [row for row in compared if not right(row) and right(row, "no_image")]
    decided = {id(row) for row in (*helped, *harmed)}
    plain = [row for row in drawn if id(row) not in decided]
    fine = [row for row in plain if right(row) and something(row)]
    wrong = [row for row in plain if not right(row)]
    used: set[str] = set()
    way = " either way" if compared else ""
    return [
        Group("helped", "Decided by the picture", len(helped), len(rows), _fresh(helped, MOST_HELPED, used)),
        Group("harmed", "Misled by the picture", len(harmed), len(rows), _fresh(harmed, MOST_HARMED, used)),
        Group("right", f"Right{way}", len(fine), len(rows), _fresh(fine, MOST_RIGHT, used)),
        Group("wrong", f"Wrong{way}", len(wrong), len(rows), _each_kind(wrong, used)),
    ]


def _each_kind(rows: Iterable[Row], used: set[str]) -> list[Row]:
    """Some of every kind of error, the kinds in the order in which they are explained."""
    by_kind: dict[str, list[Row]] = {title: [] for title in (*ERRORS.values(), *RELATION_ERRORS.values())}
    for row in rows:
        by_kind[errors(row)[0]].append(row)
    return [row for found in by_kind.values() for row in _fresh(found, MOST_OF_A_KIND, used)]


def _fresh(rows: Iterable[Row], most: int, used: set[str]) -> list[Row]:
    """The first rows that show neither a picture nor a sentence that is shown already; `used` grows."""
    found: list[Row] = []
    for row in rows:
        marks = {f"sentence {' '.join(row['words'])}", f"picture {row['image_id']}" if row.get("image_id") else ""}
        marks.discard("")
        if len(found) < most and not marks & used:
            found.append(row)
            used |= marks
    return found
