"""What each row of a test split adds to a score: how many items are right, predicted and gold.

Their sums over rows give precision, recall and F1, so that a bootstrap draws rows and never reads a tag again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

import numpy as np

from tandem.corpora.schema import NO_RELATION
from tandem.evaluation.partial import credit, overlapping
from tandem.evaluation.significance import counts
from tandem.evaluation.spans import Mode, spans

Tally = Callable[[Sequence[Any], Sequence[Any]], np.ndarray]


def span_tally(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], mode: Mode = "default") -> np.ndarray:
    """Entities of each sentence, of its BIO tags: (N, 3)."""
    return counts([spans(tags, mode) for tags in gold], [spans(tags, mode) for tags in predicted])


def partial_tally(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], criterion: str = "overlap"
) -> np.ndarray:
    """Entities of each sentence, with the credit of a criterion of `tandem.evaluation.partial` as right: (N, 3)."""
    rows = []
    for gold_tags, predicted_tags in zip(gold, predicted, strict=True):
        true, guess = spans(gold_tags, "default"), spans(predicted_tags, "default")
        rows.append((credit(overlapping(true, guess), criterion), len(guess), len(true)))
    return np.array(rows, dtype=np.float64).reshape(len(rows), 3)


def token_tally(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> np.ndarray:
    """Words of each sentence whose label is not O: (N, 3)."""
    return counts([_labelled(tags) for tags in gold], [_labelled(tags) for tags in predicted])


def relation_tally(gold: Sequence[str], predicted: Sequence[str]) -> np.ndarray:
    """The relation of each pair, `None` being none: (N, 3)."""
    return counts([_relation(name) for name in gold], [_relation(name) for name in predicted])


METRICS: dict[str, dict[str, Tally]] = {
    "ner": {
        "span": span_tally,
        "span_strict": partial(span_tally, mode="strict"),
        "partial.type": partial(partial_tally, criterion="type"),
        "partial.boundary": partial(partial_tally, criterion="boundary"),
        "partial.overlap": partial(partial_tally, criterion="overlap"),
        "token_entities": token_tally,
    },
    "re": {"relation": relation_tally},
}
"""Task -> key of a micro-averaged score in metrics/evaluate/<corpus>.json -> its tally; the first is the headline."""


def headline_tally(task: str, gold: Sequence[Any], predicted: Sequence[Any]) -> np.ndarray:
    """Items of a task's headline: (N, 3)."""
    return next(iter(METRICS[task].values()))(gold, predicted)


def class_tallies(task: str, gold: Sequence[Any], predicted: Sequence[Any]) -> dict[str, np.ndarray]:
    """The headline's items by entity type or relation that occurs on either side, in order: (N, 3) each.

    Added over classes they are the headline's.
    """
    sides = [[_classed(task, answer) for answer in side] for side in (gold, predicted)]
    names = sorted({name for side in sides for row in side for name, _ in row})
    places = {name: place for place, name in enumerate(names)}
    found = np.zeros((len(names), len(gold), 3), dtype=np.int64)
    for row, (true, guess) in enumerate(zip(*sides, strict=True)):
        for column, items in enumerate((set(true) & set(guess), guess, true)):
            for name, _ in items:
                found[places[name], row, column] += 1
    return dict(zip(names, found, strict=True))


def by_group(tally: np.ndarray, groups: Sequence[Hashable]) -> np.ndarray:
    """Rows of one group added: (groups, 3), in the order in which groups come first. The pairs of a sentence, say."""
    numbers: dict[Hashable, int] = {}
    place = [numbers.setdefault(group, len(numbers)) for group in groups]
    added = np.zeros((len(numbers), tally.shape[1]), dtype=tally.dtype)
    np.add.at(added, place, tally)
    return added


def _classed(task: str, answer: Any) -> list[tuple[str, Hashable]]:
    """The items of an answer, each with its class."""
    if task == "re":
        return [(name, name) for name in _relation(answer)]
    return [(span.type, span) for span in spans(answer, "default")]


def _labelled(tags: Sequence[str]) -> list[tuple[int, str]]:
    return [(place, tag) for place, tag in enumerate(tags) if tag != "O"]


def _relation(name: str) -> list[str]:
    return [] if name == NO_RELATION else [name]
