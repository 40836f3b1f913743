"""Results as numbers for `dvc plots`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from tandem.reporting.predictions import BINS
from tandem.reporting.results import Results, Tree, number

# Not scores: deviations, how many there were of what, and what has a table of its own.
NOT_SCORES = (
    *("std", "per_type", "per_relation", "confusion", "by_seed", "seeds", "sentences", "pairs", "reference"),
    *("interval", "leaks", "explanation"),
)
NOT_LEAVES = ("support", "items", "low", "high", "p", "changed", "helped", "harmed")


def results_frame(results: Results) -> pd.DataFrame:
    """Every score of every corpus as columns corpus, metric (dotted), mean, std, low, high.

    low, high: the 95 % interval of the bootstrap, where there is one.
    """
    rows = [
        (name, ".".join(path), mean, number(tree.get("std"), *path), *_interval(tree, results.headline(name).key, path))
        for name, tree in results.evaluate.items()
        for path, mean in _leaves({key: value for key, value in tree.items() if key not in NOT_SCORES})
        if path[-1] not in NOT_LEAVES
    ]
    return pd.DataFrame(rows, columns=["corpus", "metric", "mean", "std", "low", "high"])


def type_frame(results: Results) -> pd.DataFrame:
    """Columns corpus, type, precision, recall, f1, f1_std, low, high (of F1), support."""
    return _class_frame(results, "per_type", "type")


def relation_frame(results: Results) -> pd.DataFrame:
    """Columns corpus, relation, precision, recall, f1, f1_std, low, high, support: relations that have a test case."""
    return _class_frame(results, "per_relation", "relation")


def confusion_frame(results: Results) -> pd.DataFrame:
    """Columns corpus, gold, predicted, count: of the test split, mean over the seeds, without zeros.

    Entities by their types: those that are found where there is nothing have the gold `invented`, those that are not
    found are predicted as `missed`. Pairs by their relations: no relation is the text `None`, which pandas reads as
    missing unless `keep_default_na=False`.
    """
    rows = [
        (name, gold, predicted, count)
        for name, counts in results.confusion.items()
        for gold, row in counts.items()
        for predicted, count in row.items()
    ]
    return pd.DataFrame(rows, columns=["corpus", "gold", "predicted", "count"])


def learning_frame(results: Results) -> pd.DataFrame:
    """Columns corpus, seed, epoch, loss, valid_f1."""
    columns = ["corpus", "seed", "epoch", "loss", "valid_f1"]
    parts = [curve.assign(corpus=name, seed=seed)[columns] for (name, seed), curve in results.history.items()]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def reliability_frame(results: Results) -> pd.DataFrame:
    """Columns corpus, low, high, items, confidence, accuracy: bins of confidence that are not empty."""
    columns = ["low", "high", "items", "confidence", "accuracy"]
    rows = [
        (name, *(one[column] for column in columns))
        for name, tree in results.evaluate.items()
        for one in tree.get("calibration", {}).get("bins", [])
        if one["items"]
    ]
    return pd.DataFrame(rows, columns=["corpus", *columns])


def gates_frame(results: Results) -> pd.DataFrame:
    """Columns corpus, type, low, high, words, share: words of a gold type (`O`: outside) by weight on the picture."""
    rows = [
        (name, kind, place / BINS, (place + 1) / BINS, words, words / sum(bins))
        for name, gates in results.gates.items()
        for kind, bins in gates.items()
        for place, words in enumerate(bins)
    ]
    return pd.DataFrame(rows, columns=["corpus", "type", "low", "high", "words", "share"])


def fusion_frame(results: Results) -> pd.DataFrame:
    """Columns study, corpus, system, mean, std, above_baseline, low, high: of the studies that have run."""
    columns = ["study", "corpus", "system", "mean", "std", "above_baseline", "low", "high"]
    parts = [study.table.assign(study=key)[columns] for key, study in results.studies.items()]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


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
            *(number(tree, "interval", group, kind, end) for end in ("low", "high")),
            number(tree, group, kind, "support"),
        )
        for name, tree in results.evaluate.items()
        for kind in tree.get(group, {})
    ]
    columns = ["corpus", column, "precision", "recall", "f1", "f1_std", "low", "high", "support"]
    return pd.DataFrame(rows, columns=columns)


def _interval(tree: Tree, headline: str, path: tuple[str, ...]) -> tuple[float | None, float | None]:
    """Ends of the interval of the headline's scores, and of differences that have their own."""
    place = ("interval", path[-1]) if path[:-1] == (headline,) else path[:-1] if path[-1] == "delta" else ()
    return (number(tree, *place, "low"), number(tree, *place, "high")) if place else (None, None)


def _leaves(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        elif number(dict(tree), key) is not None:
            yield (*path, key), value
