"""A comparison as text to read, as Markdown, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from tandem.comparing.compare import Comparison, Row
from tandem.reporting.cells import Table, markdown, points

TITLES = {"span": "span F1", "span_strict": "span F1, strict", "relation": "relation F1"}
COLUMNS: dict[str, Callable[[Row], str]] = {
    "corpus": lambda row: row.corpus,
    "system": lambda row: row.system,
    "score": lambda row: TITLES.get(row.metric, f"{row.metric} F1"),
    "first": lambda row: points(row.f1_first),
    "system's": lambda row: points(row.f1),
    "delta": lambda row: points(row.delta, signed=True),
    "95 % interval": lambda row: f"{points(row.low, signed=True)} to {points(row.high, signed=True)}",
    "p": lambda row: _p(row.p),
    "p (Holm)": lambda row: _p(row.p_holm),
    "seeds": lambda row: f"{row.seeds_first}, {row.seeds}",
}
NAMES = 3  # columns of words


def as_table(found: Comparison) -> Table:
    """One line a corpus and system, in points."""
    return Table(list(COLUMNS), [[cell(row) for cell in COLUMNS.values()] for row in found.rows], names=NAMES)


def as_text(found: Comparison, first: str, *, column: str, resamples: int) -> str:
    """Columns side by side, and what they mean."""
    table = as_table(found)
    lines = [table.columns, *table.rows]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    said = [
        "  ".join(
            cell.ljust(width) if place < NAMES else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    return "\n".join([*said, "", *notes(found, first, column=column, resamples=resamples)])


def as_markdown(found: Comparison, first: str, *, column: str, resamples: int) -> str:
    """The table, and what it means."""
    said = " ".join(notes(found, first, column=column, resamples=resamples))
    return f"{markdown(as_table(found))}\n{said}"


def as_json(found: Comparison, first: str, *, column: str, resamples: int) -> str:
    """Everything, in [0, 1]."""
    tree: dict[str, Any] = {
        "first": first,
        "column": column,
        "resamples": resamples,
        "rows": [asdict(row) for row in found.rows],
        "left_out": dict(found.left_out),
    }
    return json.dumps(tree, indent=2, ensure_ascii=False)


def notes(found: Comparison, first: str, *, column: str, resamples: int) -> list[str]:
    """What the columns mean, and what was left out, one sentence a line."""
    read = "" if column == "predicted" else f"Predictions are those under {column}. "
    lines = [
        f"{read}First: {first}; delta is the system's F1 minus that of the first, in points, means over seeds.",
        f"Paired bootstrap over test sentences, {resamples:,} resamples; Holm over the {len(found.rows)} row(s).",
    ]
    return [*lines, *(f"Left out: {corpus}, {reason}." for corpus, reason in found.left_out.items())]


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"
