"""The picture files of a corpus.

| file | columns |
|---|---|
| picture_files.csv | kind, value, pictures: kind is `status` (readable, missing, broken, too large), or, of the \
readable ones, `format` or `colours` |
| picture_sizes.csv | width, height, pictures: in pixels, of the readable ones |
| picture_use.csv | sentences, pictures: how many pictures stand with so many sentences |

Sizes come from the head of a file alone, so that a picture that breaks off further on counts as readable here; extract,
which decodes them all, has the last word on it.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from tandem.reporting.explore.items import Item, Tables
from tandem.reporting.style import FAINT, colour, new_figure
from tandem.reporting.wording import listed, plural, share

STATUSES = ("readable", "missing", "broken", "too large")
WIDE = 20  # times the smallest side from which on a plot's axes are logarithmic


class Head(NamedTuple):
    """What the head of a picture's file says; width and height are 0 where it says nothing."""

    status: str
    width: int = 0
    height: int = 0
    format: str = ""
    colours: str = ""


def read_head(path: str | None, max_pixels: int) -> Head:
    """The head of a file, whatever it holds; None is a picture without one."""
    if path is None or not Path(path).exists():
        return Head("missing")
    try:
        with Image.open(path) as image:
            width, height = image.size
            moving = " (moving)" if getattr(image, "is_animated", False) and image.format != "MPO" else ""
            status = "readable" if width * height <= max_pixels else "too large"
            return Head(status, width, height, f"{image.format}{moving}", image.mode)
    except Image.DecompressionBombError:
        return Head("too large")
    except Exception:  # decoders raise anything over hostile bytes
        return Head("broken")


def files(sentences: pd.DataFrame) -> dict[str, str | None]:
    """The file of each picture by its id, in order, out of the columns image_id and image_path."""
    named = sentences.dropna(subset="image_id").drop_duplicates("image_id")
    return {
        image_id: None if pd.isna(path) else path
        for image_id, path in zip(named["image_id"], named["image_path"], strict=True)
    }


def tables(sentences: pd.DataFrame, found: dict[str, Head]) -> dict[str, pd.DataFrame]:
    """The tables above by their file's stem. `sentences`: one row each."""
    readable = [head for head in found.values() if head.status == "readable"]
    kinds = {
        "status": Counter(head.status for head in found.values()),
        "format": Counter(head.format for head in readable),
        "colours": Counter(head.colours for head in readable),
    }
    values = [(kind, value, n) for kind, counts in kinds.items() for value, n in _sorted(kind, counts)]
    sizes = Counter((head.width, head.height) for head in readable)
    uses = Counter(Counter(sentences["image_id"].dropna()).values())
    return {
        "picture_files": pd.DataFrame(values, columns=["kind", "value", "pictures"]),
        "picture_sizes": pd.DataFrame(
            [(*size, n) for size, n in sorted(sizes.items())], columns=["width", "height", "pictures"]
        ),
        "picture_use": pd.DataFrame(sorted(uses.items()), columns=["sentences", "pictures"]),
    }


def _sorted(kind: str, counts: Counter[str]) -> list[tuple[str, int]]:
    if kind == "status":
        return [(status, counts[status]) for status in STATUSES if counts[status]]
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def _plot_sizes(tables: Tables, name: str) -> Figure | None:
    table = tables["picture_sizes"]
    if len(table) == 1:
        return None
    figure, (axes,) = new_figure(5.6, 4.6)
    most = table["pictures"].max()
    areas = 12 + 180 * table["pictures"] / most if most > 1 else 14
    sides = [*table["width"], *table["height"]]
    low, high = min(sides), max(sides)
    axes.plot([low, high], [low, high], color=FAINT, linewidth=1, zorder=0)
    axes.scatter(table["width"], table["height"], s=areas, color=colour(0), alpha=0.45, linewidths=0)
    if high > WIDE * low:
        axes.set(xscale="log", yscale="log")
    elif low < high:
        room = 0.06 * (high - low)
        axes.set(xlim=(low - room, high + room), ylim=(low - room, high + room))
    axes.set_title(
        f"{name}: {plural(int(table['pictures'].sum()), 'picture')}, the grey line: as wide as high", fontsize=10
    )
    axes.set(xlabel="width (pixels)", ylabel="height (pixels)")
    return figure


def _plot_use(tables: Tables, name: str) -> Figure | None:
    table = tables["picture_use"]
    if len(table) == 1:
        return None
    figure, (axes,) = new_figure(6, 3.2)
    bars = axes.bar(table["sentences"], table["pictures"], width=0.8, color=colour(0))
    if len(table) <= 20:
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=8, padding=1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(visible=False, axis="x")
    axes.set(title=f"{name}: sentences of a picture", xlabel="sentences with the picture", ylabel="pictures")
    return figure


def _say_files(tables: Tables) -> str:
    table = tables["picture_files"]
    counts = {kind: dict(zip(own["value"], own["pictures"], strict=True)) for kind, own in table.groupby("kind")}
    status = counts.get("status", {})
    total = sum(status.values())
    if not total:
        return "No sentence names a picture."
    told = [f"{count:,} {value}" for value, count in status.items()]
    formats = [f"{name} ({count:,})" for name, count in counts.get("format", {}).items()]
    return f"Of {plural(total, 'picture')}, {listed(told)}." + (f" Formats: {listed(formats)}." if formats else "")


def _say_sizes(tables: Tables) -> str:
    table = tables["picture_sizes"]
    if table.empty:
        return "No picture is readable."
    total = table["pictures"].sum()
    first = table.sort_values("pictures", ascending=False, kind="stable").iloc[0]
    usual = f"{first['width']:,} x {first['height']:,} pixels"
    if len(table) == 1:
        return f"Every picture has {usual}."
    wide = table.loc[table["width"] > table["height"], "pictures"].sum()
    low, high = table[["width", "height"]].min(axis=1).min(), table[["width", "height"]].max(axis=1).max()
    return (
        f"Sides of {low:,} to {high:,} pixels; {share(first['pictures'], total)} of the pictures have {usual}, and "
        f"{share(wide, total)} are wider than high."
    )


def _say_use(tables: Tables) -> str:
    table = tables["picture_use"]
    if table.empty:
        return "No sentence names a picture."
    if list(table["sentences"]) == [1]:
        return "Every picture stands with one sentence."
    several = table.loc[table["sentences"] > 1, "pictures"].sum()
    return (
        f"{share(several, table['pictures'].sum())} of the pictures stand with several sentences, at most with "
        f"{table['sentences'].max():,}."
    )


ITEMS = (
    Item(key="picture_files", title="Picture files", say=_say_files),
    Item(key="picture_sizes", title="Sizes of the pictures", say=_say_sizes, plot=_plot_sizes),
    Item(key="picture_use", title="Sentences of a picture", say=_say_use, plot=_plot_use),
)
