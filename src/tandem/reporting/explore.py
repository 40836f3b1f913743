"""The data analysis of one corpus: small tables out of the prepared one, and a picture of each.

| file | columns |
|---|---|
| lengths.csv | split, words, sentences: how many sentences have so many words |
| types.csv | type, split, count: entities, default reading (see `tandem.evaluation.spans`) |
| entities.csv | split, entities, sentences: how many sentences hold so many entities |
| co_occurrence.csv | type, with, sentences: sentences that hold both; for a type with itself, two or more of it |
| pictures.csv | split, picture, sentences: picture is `present`, `missing` (named but no file) or `none named` |

The tables hold every entity type; the plots show the most frequent ones, so that they stay legible and small.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tandem.evaluation.spans import spans
from tandem.files import atomic_path
from tandem.reporting.style import INK, colour, new_figure, save_png, styled

SPLITS = ("train", "valid", "test")
PICTURES = ("present", "missing", "none named")
MOST_TYPES = 40  # in a plot
MOST_NUMBERED = 20  # types up to which bars and cells carry their count
MOST_INCHES = 14.0  # a side of a figure
LONGEST_NAME = 24  # characters of a type's name beside an axis
COLUMNS = ["split", "words", "tags", "image_id", "image_path"]


Tables = Mapping[str, pd.DataFrame]


def explore(prepared: Path, out: Path) -> list[Path]:
    """Write the tables (CSV) and plots (PNG) of the prepared table `prepared` into `out`; return what was written.

    Errors: `ValueError` naming the file and the remedy.
    """
    try:
        samples = pd.read_parquet(prepared, columns=COLUMNS)
    except FileNotFoundError:
        raise ValueError(f"{prepared}: not found; run `dvc repro prepare`") from None
    tables = describe(samples)
    name = prepared.stem
    written = []
    with styled():
        for key, table in tables.items():
            written += [out / f"{key}.csv", out / f"{key}.png"]
            with atomic_path(written[-2]) as temporary:
                table.to_csv(temporary, index=False, lineterminator="\n")
            save_png(PLOTS[key](tables, name), written[-1])
    return written


def describe(samples: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables above by their file's stem, out of the columns split, words, tags, image_id, image_path."""
    splits = [split for split in SPLITS if (samples["split"] == split).any()]
    types = [[span.type for span in spans(list(tags), "default")] for tags in samples["tags"]]
    rows = list(zip(samples["split"], samples["words"].map(len), types, strict=True))
    names = sorted({kind for found in types for kind in found})

    lengths = Counter((split, words) for split, words, _ in rows)
    per_sentence = Counter((split, len(found)) for split, _, found in rows)
    per_type = Counter((kind, split) for split, _, found in rows for kind in found)
    together: Counter[tuple[str, str]] = Counter()
    for found in types:
        counts = Counter(found)
        together.update((kind, kind) for kind, count in counts.items() if count > 1)
        together.update(combinations(sorted(counts), 2))
    pictures: Counter[tuple[str, str]] = Counter(
        (split, "none named" if pd.isna(image_id) else "missing" if pd.isna(image_path) else "present")
        for split, image_id, image_path in zip(
            samples["split"], samples["image_id"], samples["image_path"], strict=True
        )
    )
    return {
        "lengths": _frame(["split", "words", "sentences"], lengths, splits),
        "types": pd.DataFrame(
            [(kind, split, per_type[kind, split]) for kind in names for split in splits],
            columns=["type", "split", "count"],
        ),
        "entities": _frame(["split", "entities", "sentences"], per_sentence, splits),
        "co_occurrence": pd.DataFrame(
            [(one, other, together[min(one, other), max(one, other)]) for one in names for other in names],
            columns=["type", "with", "sentences"],
        ),
        "pictures": pd.DataFrame(
            [(split, state, pictures[split, state]) for split in splits for state in PICTURES],
            columns=["split", "picture", "sentences"],
        ),
    }


def _frame(columns: list[str], counts: Counter[tuple[str, int]], splits: Sequence[str]) -> pd.DataFrame:
    """Every value from the smallest to the largest for every split, zeros included, so that plots have no gaps."""
    values = [value for _, value in counts]
    steps = range(min(values), max(values) + 1) if values else range(0)
    return pd.DataFrame([(split, step, counts[split, step]) for split in splits for step in steps], columns=columns)


def _histogram(table: pd.DataFrame, name: str, value: str, label: str) -> Figure:
    """Shares, since the splits differ in size."""
    figure, (axes,) = new_figure(7, 3.6)
    for number, split in enumerate(table["split"].unique()):
        part = table[table["split"] == split]
        total = part["sentences"].sum()
        axes.step(
            part[value],
            100 * part["sentences"] / max(total, 1),
            where="mid",
            color=colour(number),
            linestyle=("-", "--", ":")[number % 3],
            linewidth=1.8,
            label=f"{split} ({total:,} sentences)",
        )
    axes.set(title=f"{name}: {label}", xlabel=label, ylabel="share of sentences (%)")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _legend(axes)
    return figure


def _plot_lengths(tables: Tables, name: str) -> Figure:
    return _histogram(tables["lengths"], name, "words", "words in a sentence")


def _plot_entities(tables: Tables, name: str) -> Figure:
    return _histogram(tables["entities"], name, "entities", "entities in a sentence")


def _plot_types(tables: Tables, name: str) -> Figure:
    table = tables["types"]
    names, note = _frequent(table)
    wide = table.pivot(index="type", columns="split", values="count").loc[names, list(table["split"].unique())]
    figure, (axes,) = new_figure(min(MOST_INCHES, max(5.0, 1.4 * len(wide) + 2)), 3.6)
    width = 0.8 / max(wide.shape[1], 1)
    for number, split in enumerate(wide.columns):
        places = [place + (number - (wide.shape[1] - 1) / 2) * width for place in range(len(wide))]
        bars = axes.bar(places, wide[split], width * 0.94, color=colour(number), label=split)
        if len(names) <= MOST_NUMBERED:
            axes.bar_label(bars, fmt="{:,.0f}", fontsize=8 if len(names) < 9 else 6, padding=1)
    axes.set_xticks(range(len(names)), _short(names), rotation=0 if len(names) < 9 else 60, fontsize=_size(names))
    axes.grid(visible=False, axis="x")
    axes.set(title=f"{name}: entities by type{note}", xlabel="entity type", ylabel="entities")
    _legend(axes)
    return figure


def _plot_co_occurrence(tables: Tables, name: str) -> Figure:
    frequent, note = _frequent(tables["types"])
    names = sorted(frequent)
    wide = tables["co_occurrence"].pivot(index="type", columns="with", values="sentences")
    wide = wide.reindex(index=names, columns=names)
    side = min(MOST_INCHES - 0.9, max(3.6, 0.75 * len(names) + 1.6))
    figure, (axes,) = new_figure(side + 0.9, side)
    axes.grid(visible=False)
    if names:
        shown = axes.imshow(wide.to_numpy(), cmap="Blues", vmin=0)
        half = wide.to_numpy().max() / 2
        for row, line in enumerate(wide.to_numpy() if len(names) <= MOST_NUMBERED else ()):
            for column, count in enumerate(line):
                axes.text(column, row, f"{count:,}", ha="center", va="center", color="white" if count > half else INK)
        figure.colorbar(shown, ax=axes, label="sentences", shrink=0.8)
    axes.set_xticks(range(len(names)), _short(names), rotation=0 if len(names) < 7 else 60, fontsize=_size(names))
    axes.set_yticks(range(len(names)), _short(names), fontsize=_size(names))
    axes.set_title(f"{name}: types in one sentence{note}\n(diagonal: two or more of the type)", fontsize=10)
    return figure


def _plot_pictures(tables: Tables, name: str) -> Figure:
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


def _frequent(types: pd.DataFrame) -> tuple[list[str], str]:
    """The types to plot, most frequent first (ties by name), and what the title says if some are left out."""
    names = list(types.groupby("type")["count"].sum().sort_values(ascending=False, kind="stable").index)
    note = f", the {MOST_TYPES} most frequent of {len(names)}" if len(names) > MOST_TYPES else ""
    return names[:MOST_TYPES], note


def _short(names: Sequence[str]) -> list[str]:
    """Names that leave the plot its room."""
    return [name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…" for name in names]


def _size(names: Sequence[str]) -> float:
    """Points of the names beside an axis."""
    return 10 if len(names) <= 10 else 8 if len(names) <= MOST_NUMBERED else 7


def _legend(axes: Axes) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend()


PLOTS = {
    "lengths": _plot_lengths,
    "types": _plot_types,
    "entities": _plot_entities,
    "co_occurrence": _plot_co_occurrence,
    "pictures": _plot_pictures,
}
