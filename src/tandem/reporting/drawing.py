"""A figure as a file of its own, and as a part of a page that takes the page's colours."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from html import escape

from matplotlib.figure import Figure

from tandem.reporting.style import FAINT, INK, PALETTE

PAPER = "#ffffff"
# What a page recolours for its dark scheme: colour in the figure -> CSS variable.
VARIABLES = {INK: "--ink", FAINT: "--line", PAPER: "--paper"}
VARIABLES |= {colour: f"--series-{number}" for number, colour in enumerate(PALETTE)}


@dataclass(frozen=True)
class Drawing:
    """A figure as SVG.

    key: name of its file, and what keeps its ids apart from those of others on the page.
    label: plain text for those who do not see it.
    svg: the `<svg>` element, with the colours of the light scheme.
    """

    key: str
    label: str
    svg: str

    @property
    def file(self) -> str:
        """What a file of its own holds."""
        return f'<?xml version="1.0" encoding="utf-8"?>\n{self.svg}\n'

    @property
    def inline(self) -> str:
        """The element to stand inside a page."""
        svg = re.sub(r'\bid="|\burl\(#|\bhref="#', lambda found: f"{found[0]}{self.key}-", self.svg)
        for value, variable in VARIABLES.items():
            svg = svg.replace(value, f"var({variable})")
        return svg


def draw(key: str, figure: Figure, label: str) -> Drawing:
    """Save a figure; its text stays text, in the font of the page or of the one who looks at the file."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", facecolor=PAPER, metadata={"Date": None})
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :].rstrip()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"'DejaVu Sans'[^;\"]*sans-serif", "system-ui, sans-serif", svg)
    return Drawing(key_of(key), label, svg.replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1))


def key_of(name: str) -> str:
    """A name as a part of file names and ids."""
    return re.sub(r"[^\w.-]", "_", name)
