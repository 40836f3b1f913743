"""A row of a file of posts, and what makes one unreadable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tandem.inference.prediction import Query

MOST_BYTES = 1 << 20  # of a row of a text file
MOST_CHARACTERS = 100_000  # of a text


class RowError(ValueError):
    """A row that cannot be read; the message is the reason, for people."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row begins: its line (of Parquet, its row), from 1, and how many bytes (rows) stand before it."""

    line: int = 1
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was found: a query, or the reason why there is none.

    raw: what stands in the file, kept of broken rows alone. image: the picture as the row names it. end: where the
    next row begins.
    """

    line: int
    end: Place
    query: Query | None = None
    id: str | int | None = None
    image: str | None = None
    reason: str | None = None
    raw: Any = None
