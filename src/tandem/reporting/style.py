"""The look of every plot: one palette, one font size, no state outside the figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tandem.files import atomic_path

# Okabe and Ito's colours (2008), told apart under the common colour blindnesses; yellow is left out, too pale to read.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("o", "s", "^", "D", "v", "P")
INK, FAINT = "#1f2328", "#c8ccd1"
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
    width: float, height: float, columns: int = 1, ratios: Sequence[float] | None = None
) -> tuple[Figure, list[Axes]]:
    """A figure of `width` x `height` inches with `columns` plots side by side; it stays off pyplot's books.

    `ratios`: widths of the plots against each other; None = alike.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False, width_ratios=ratios)
    return figure, list(axes[0])


def colour(number: int) -> str:
    """Colour of a series; they repeat after six."""
    return PALETTE[number % len(PALETTE)]


def save_png(figure: Figure, path: Path) -> None:
    """Write a PNG on white, 144 dots an inch."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=144, facecolor="white", metadata={"Software": None})
