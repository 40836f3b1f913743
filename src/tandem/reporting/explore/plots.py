"""Plots that both tasks take. They show the most frequent names alone, so that they stay legible and small."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tandem.reporting.explore.counts import PICTURES
from tandem.reporting.explore.items import Tables
from tandem.reporting.style import INK, colour, new_figure

MOST_NAMES = 40  # in a plot
MOST_NUMBERED = 20  # names up to which bars and cells carry their count
MOST_INCHES = 14.0  # a side of a figure
LONGEST_NAME = 24  # characters of a name beside an axis
MOST_PANELS = 6  # types that have one of their own


def histogram(table: pd.DataFrame, name: str, value: str, label: str, counted: str = "sentences") -> Figure | None:
    """How often each `value` comes, by split, out of the columns split, `value` and `counted`.

    Shares, since the splits differ in size. None if there is one value alone.
    """
    if table[value].nunique() < 2:
        return None
    figure, (axes,) = new_figure(7, 3.6)
    for number, split in enumerate(table["split"].unique()):
        part = table[table["split"] == split]
        total = part[counted].sum()
        axes.step(
            part[value],
            100 * part[counted] / max(total, 1),
            where="mid",
            color=colour(number),
            linestyle=("-", "--", ":")[number % 3],
            linewidth=1.8,
            label=f"{split} ({total:,} {counted})",
        )
    axes.set(title=f"{name}: {label}", xlabel=label, ylabel=f"share of {counted} (%)")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend(axes)
    return figure


def heat(wide: pd.DataFrame, label: str) -> tuple[Figure, Axes]:
    """Counts as colours, with their numbers where there is room; `label` is what is counted."""
    rows, columns = list(wide.index), list(wide.columns)
    most = max(len(rows), len(columns), 1)
    cell = min(0.75, (MOST_INCHES - 2.5) / most)  # a side in inches
    height, width = (max(3.6, cell * len(names) + 1.6) for names in (rows, columns))
    figure, (axes,) = new_figure(width + 0.9, height)
    axes.grid(visible=False)
    if rows:
        shown = axes.imshow(wide.to_numpy(), cmap="Blues", vmin=0, vmax=max(1, wide.to_numpy().max()))
        half = wide.to_numpy().max() / 2
        for row, line in enumerate(wide.to_numpy() if most <= MOST_NUMBERED else ()):
            for column, count in enumerate(line):
                axes.text(column, row, f"{count:,}", ha="center", va="center", color="white" if count > half else INK)
        figure.colorbar(shown, ax=axes, label=label, shrink=0.8)
    turned = 0 if len(columns) < 7 else 60
    axes.set_xticks(range(len(columns)), short(columns), rotation=turned, fontsize=name_size(columns))
    axes.set_yticks(range(len(rows)), short(rows), fontsize=name_size(rows))
    return figure, axes


def pictures_plot(tables: Tables, name: str) -> Figure:
    """The table `pictures`."""
    table = tables["pictures"]
    splits = list(table["split"].unique())
    figure, (axes,) = new_figure(7, 0.55 * len(splits) + 1.6)
    start = [0.0] * len(splits)
    for number, state in enumerate(PICTURES):
        part = table[table["picture"] == state].set_index("split")["sentences"]
        totals = table.groupby("split")["sentences"].sum()
        share = [100 * part[split] / max(totals[split], 1) for split in splits]
        bars = axes.barh(splits, share, left=start, color=colour(number), label=state, height=0.62)
        texts = [f"{part[split]:,}" if width > 6 else "" for split, width in zip(splits, share, strict=True)]
        axes.bar_label(bars, texts, label_type="center", color="white", fontsize=9)
        start = [left + width for left, width in zip(start, share, strict=True)]
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set(title=f"{name}: pictures of the sentences", xlabel="share of sentences (%)", xlim=(0, 100))
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), title="picture")
    return figure


def panels(count: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels of that many inches, as square as may be; those that are left over are blank."""
    columns = {1: 1, 2: 2, 4: 2}.get(count, 3)
    rows = -(-count // columns)
    figure, boxes = new_figure(width * columns, height * rows + 0.5, columns=columns, rows=rows)
    for axes in boxes[count:]:
        axes.axis("off")
    return figure, boxes[:count]


def frequent(table: pd.DataFrame, column: str) -> tuple[list[str], str]:
    """The names in `column` to plot, by their `count`, most frequent first (ties by name), and what the title says if
    some are left out."""
    names = list(table.groupby(column)["count"].sum().sort_values(ascending=False, kind="stable").index)
    note = f", the {MOST_NAMES} most frequent of {len(names)}" if len(names) > MOST_NAMES else ""
    return names[:MOST_NAMES], note


def short(names: Sequence[str], longest: int = LONGEST_NAME) -> list[str]:
    """Names that leave the plot its room."""
    return [name if len(name) <= longest else f"{name[: longest - 1]}…" for name in names]


def row_height(names: Sequence[str], least: float) -> float:
    """Inches that a name beside an axis takes, `least` where there are many."""
    return least * (1.4 if len(names) <= MOST_NUMBERED else 1.0)


def name_size(names: Sequence[str]) -> float:
    """Points of the names beside an axis."""
    return 10 if len(names) <= 10 else 8 if len(names) <= MOST_NUMBERED else 7


def legend(axes: Axes) -> None:
    """A legend where there is something to explain."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper right")
