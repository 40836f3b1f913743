"""One colour a type of entity, the same in every post and every run."""

from __future__ import annotations

from typing import NamedTuple


class Colour(NamedTuple):
    """As #rrggbb, and as a number of a terminal's palette of 256."""

    rgb: str
    terminal: int


# Okabe and Ito's colours (2008), told apart under the common colour blindnesses.
PALETTE = (
    Colour("#0072b2", 32),
    Colour("#d55e00", 166),
    Colour("#009e73", 36),
    Colour("#cc79a7", 175),
    Colour("#e69f00", 178),
    Colour("#56b4e9", 74),
)
KNOWN = {"PER": 0, "LOC": 1, "ORG": 2, "MISC": 3, "OTHER": 3}


def colour_of(kind: str) -> Colour:
    """The colour of a type; types but those of KNOWN share the last two."""
    return PALETTE[KNOWN.get(kind, 4 + sum(kind.encode()) % 2)]
