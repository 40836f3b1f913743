"""Results as numbers for `dvc plots`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from tandem.reporting.results import Results, number

# Not scores: deviations, how many there were of what, and what has a table of its own.
NOT_SCORES = (
    *("std", "per_type", "per_relation", "confusion", "by_seed", "seeds", "sentences", "pairs", "reference"),
    "interval",
)


def results_frame(results: Results) -> pd.DataFrame:
    """Every score of every corpus as columns corpus, metric (dotted), mean, std."""
    rows = [
        (name, ".".join(path), mean, number(tree.get("std"), *path))
        for name, tree in results.evaluate.items()
        for path, mean in _leaves({key: value for key, value in tree.items() if key not in NOT_SCORES})
        if path[-1] != "support"
    ]
    return pd.DataFrame(rows, columns=["corpus", "metric", "mean", "std"])


def type_frame(results: Results) -> pd.DataFrame:
    """Columns corpus, type, precision, recall, f1, f1_std, support."""
    return _class_frame(results, "per_type", "type")


def relation_frame(results: Results) -> pd.DataFrame:
    """Columns corpus, relation, precision, recall, f1, f1_std, support: the relations that have a test case."""
    return _class_frame(results, "per_relation", "relation")


def confusion_frame(results: Results) -> pd.DataFrame:
    """Columns corpus, gold, predicted, count: pairs of the test split, mean over the seeds, without zeros.

    No relation is the text `None`, which pandas reads as missing unless `keep_default_na=False`.
    """
    rows = [
        (name, gold, predicted, count)
        for name, tree in results.evaluate.items()
        for gold, row in tree.get("confusion", {}).items()
        for predicted, count in row.items()
    ]
    return pd.DataFrame(rows, columns=["corpus", "gold", "predicted", "count"])


def transfer_frame(results: Results) -> pd.DataFrame:
    """Columns source, target, f1, f1_std, drop: F1 of the target's own models minus F1 of the source's on it.

    Between corpora of one task alone: what two tasks reach together is another score.
    """
    rows = []
    for (source, target), tree in results.transfer.items():
        if results.task(source) == results.task(target):
            headline = results.headline(target).key
            f1, own = number(tree, headline, "f1"), results.f1(target)
            drop = None if f1 is None or own is None else own - f1
            rows.append((source, target, f1, number(tree, "std", headline, "f1"), drop))
    return pd.DataFrame(rows, columns=["source", "target", "f1", "f1_std", "drop"])


def _class_frame(results: Results, group: str, column: str) -> pd.DataFrame:
    """One row for each corpus and each class in `group`, its name in `column`."""
    rows = [
        (
            name,
            kind,
            *(number(tree, group, kind, key) for key in ("precision", "recall", "f1")),
            number(tree, "std", group, kind, "f1"),
            number(tree, group, kind, "support"),
        )
        for name, tree in results.evaluate.items()
        for kind in tree.get(group, {})
    ]
    return pd.DataFrame(rows, columns=["corpus", column, "precision", "recall", "f1", "f1_std", "support"])


def _leaves(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        elif number(dict(tree), key) is not None:
            yield (*path, key), value
