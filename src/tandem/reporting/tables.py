"""The tables of the report: as rows of text for people, and as numbers for `dvc plots`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tandem.reporting.results import Results, Tree, control_cost, number

DASH = "–"
SPLITS = ("train", "valid", "test")
# Not scores: deviations, and how many there were of what.
NOT_SCORES = ("std", "per_type", "by_seed", "seeds", "sentences", "reference")


@dataclass(frozen=True)
class Table:
    """Column names and rows of text; the first `names` columns are left-aligned names, the others numbers."""

    columns: list[str]
    rows: list[list[str]]
    names: int = 1


def points(value: float | None, deviation: float | None = None, *, signed: bool = False) -> str:
    """A share as points: `.8214, .0031` is `82.14 ± 0.31`."""
    if value is None:
        return DASH
    text = f"{100 * value:+.2f}" if signed else f"{100 * value:.2f}"
    text = text.replace("-", "−")  # a minus sign, as wide as the plus
    return text if deviation is None else f"{text} ± {100 * deviation:.2f}"


def count(value: float | None) -> str:
    """A count with separated thousands."""
    return DASH if value is None else f"{value:,.0f}"


def mean_std(tree: Tree | None, *path: str) -> str:
    """Mean ± deviation at `path`; no deviation for a single seed."""
    deviation = None if number(tree, "seeds") == 1 else number(tree, "std", *path)
    return points(number(tree, *path), deviation)


def span_table(results: Results) -> Table:
    """Entities: span level."""
    columns = ["corpus", "F1", "precision", "recall", "F1 strict", "F1 macro", "F1 weighted", "validation F1", "seeds"]
    paths = [("span", "f1"), ("span", "precision"), ("span", "recall"), ("span_strict", "f1"), ("span_macro", "f1")]
    paths += [("span_weighted", "f1"), ("valid", "f1")]
    rows = []
    for name in results.datasets:
        tree = results.evaluate.get(name)
        rows.append([name, *(mean_std(tree, *path) for path in paths), count(number(tree, "seeds"))])
    return Table(columns, rows)


def token_table(results: Results) -> Table:
    """Words: token level, with O."""
    keys = ("accuracy", "weighted_f1", "macro_f1")
    rows = [[name, *(mean_std(results.evaluate.get(name), "token", key) for key in keys)] for name in results.datasets]
    return Table(["corpus", "token accuracy", "token weighted F1", "token macro F1"], rows)


def type_table(results: Results) -> Table:
    """One row for each corpus and entity type."""
    rows = []
    for name, tree in results.evaluate.items():
        for kind in tree.get("per_type", {}):
            scores = [mean_std(tree, "per_type", kind, key) for key in ("f1", "precision", "recall")]
            rows.append([name, kind, *scores, count(number(tree, "per_type", kind, "support"))])
    return Table(["corpus", "type", "F1", "precision", "recall", "test entities"], rows, names=2)


def control_table(results: Results) -> Table:
    """Span F1 with own, exchanged and no pictures."""
    rows = []
    for name in results.datasets:
        tree = results.evaluate.get(name)
        row = [name, mean_std(tree, "span", "f1")]
        for control in ("shuffled_image", "no_image"):
            row += [mean_std(tree, "controls", control, "f1"), _cost(tree, control)]
        rows.append(row)
    return Table(["corpus", "own pictures", "exchanged", "cost", "no pictures", "cost"], rows)


def _cost(tree: Tree | None, control: str) -> str:
    cost = control_cost(tree, control)
    if cost is None:
        return DASH
    return points(cost[0], None if number(tree, "seeds") == 1 else cost[1], signed=True)


def ceiling_table(results: Results) -> Table:
    """What can be reached on the generated corpora, beside what was; no rows without such a corpus."""
    rows = []
    for name in results.datasets:
        ceiling = results.ceiling.get(name)
        if isinstance(ceiling, dict):
            reached = [points(number(ceiling, rule, "expected_f1")) for rule in ("picture", "text_only", "shuffled")]
            rows.append([name, mean_std(results.evaluate.get(name), "span", "f1"), *reached])
    columns = ["corpus", "this model", "best with pictures", "best from text alone", "best reader, pictures exchanged"]
    return Table(columns, rows)


def data_table(results: Results) -> Table:
    """Sizes by corpus and split."""
    rows = []
    for name in results.datasets:
        splits = results.data.get(name, {}).get("splits", {})
        for split in SPLITS:
            keys = ("sentences", "tokens", "entities_default", "entities_strict", "orphan_inside")
            rows.append([name, split, *(count(number(splits, split, key)) for key in keys)])
    columns = ["corpus", "split", "sentences", "words", "entities", "entities strict", "orphan I- tags"]
    return Table(columns, rows, names=2)


def picture_table(results: Results) -> Table:
    """Pictures by corpus, and the release."""
    rows = []
    for name in results.datasets:
        pictures, features = results.data.get(name, {}).get("pictures"), results.features.get(name)
        broken = number(features, "broken")
        broken = number(pictures, "broken") if broken is None else broken
        row = [count(number(pictures, key)) for key in ("ids", "present", "distinct", "missing")]
        rows.append([name, str(results.data.get(name, {}).get("release") or DASH), *row, count(broken)])
    return Table(["corpus", "release", "pictures named", "present", "distinct", "missing", "broken"], rows, names=2)


def markdown(table: Table) -> str:
    """The table in Markdown; bars in names are escaped."""

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    rule = ["---"] * table.names + ["---:"] * (len(table.columns) - table.names)
    return "\n".join([line(table.columns), "|" + "|".join(rule) + "|", *map(line, table.rows)]) + "\n"


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
    rows = [
        (
            name,
            kind,
            *(number(tree, "per_type", kind, key) for key in ("precision", "recall", "f1")),
            number(tree, "std", "per_type", kind, "f1"),
            number(tree, "per_type", kind, "support"),
        )
        for name, tree in results.evaluate.items()
        for kind in tree.get("per_type", {})
    ]
    return pd.DataFrame(rows, columns=["corpus", "type", "precision", "recall", "f1", "f1_std", "support"])


def transfer_frame(results: Results) -> pd.DataFrame:
    """Columns source, target, f1, f1_std, drop: F1 of the target's own models minus F1 of the source's on it."""
    rows = []
    for (source, target), tree in results.transfer.items():
        f1, own = number(tree, "span", "f1"), number(results.evaluate.get(target), "span", "f1")
        drop = None if f1 is None or own is None else own - f1
        rows.append((source, target, f1, number(tree, "std", "span", "f1"), drop))
    return pd.DataFrame(rows, columns=["source", "target", "f1", "f1_std", "drop"])


def _leaves(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        elif number(dict(tree), key) is not None:
            yield (*path, key), value
