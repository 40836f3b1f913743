"""The look of every plot: one palette, one font size, no state outside the figure."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from tandem.files import atomic_path

# Okabe and Ito's colours (2008), told apart under the common colour blindnesses; yellow is left out, too pale to read.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("o", "s", "^", "D", "v", "P")
INK, FAINT = "#1f2328", "#c8ccd1"
DOTS, COLOURS = 110, 128  # of a PNG: dots an inch
RC: dict[str, Any] = {
    "font.size": 10,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "text.parse_math": False,  # a dollar in a name is a dollar
    "svg.fonttype": "none",  # text stays text: small, selectable, in the page's own font
    "svg.hashsalt": "tandem",  # the same figure gives the same bytes
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw and save inside this: the house settings, undone afterwards."""
    with matplotlib.style.context(RC):
        yield


def new_figure(
    width: float, height: float, columns: int = 1, ratios: Sequence[float] | None = None, rows: int = 1
) -> tuple[Figure, list[Axes]]:
    """A figure of `width` x `height` inches with `rows` of `columns` plots side by side; it stays off pyplot's books.

    `ratios`: widths of the plots against each other; None = alike.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, width_ratios=ratios)
    return figure, list(axes.flat)


def colour(number: int) -> str:
    """Colour of a series; they repeat after six."""
    return PALETTE[number % len(PALETTE)]


def save_png(figure: Figure, path: Path) -> None:
    """Write a PNG on white, in few colours: a third of the bytes, and nothing to be seen of it."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DOTS, facecolor="white")
    stream.seek(0)
    with atomic_path(path) as temporary, Image.open(stream) as image:
        image.convert("RGB").quantize(COLOURS).save(temporary, format="png", optimize=True)
