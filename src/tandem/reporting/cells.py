"""Tables as rows of text for people, and how numbers stand in their cells."""

from __future__ import annotations

from dataclasses import dataclass

from tandem.reporting.results import Tree, control_cost, number

DASH = "–"


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


def cost(tree: Tree | None, headline: str, control: str) -> str:
    """What a control takes from the headline's F1."""
    found = control_cost(tree, headline, control)
    if found is None:
        return DASH
    return points(found[0], None if number(tree, "seeds") == 1 else found[1], signed=True)


def markdown(table: Table) -> str:
    """The table in Markdown; bars in names are escaped."""

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    rule = ["---"] * table.names + ["---:"] * (len(table.columns) - table.names)
    return "\n".join([line(table.columns), "|" + "|".join(rule) + "|", *map(line, table.rows)]) + "\n"
