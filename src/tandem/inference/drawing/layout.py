"""Words put into lines: broken where they must be, in the order of their script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from tandem.inference.prediction import Mention


@dataclass(frozen=True)
class Item:
    """A word, or a label (`label`), with the number of its mention, if any, and the width of the blank before it."""

    text: str
    width: float
    mention: int | None = None
    label: bool = False
    gap: float = 0.0
    breaks: bool = False  # begins a line


@dataclass(frozen=True)
class Placed:
    """An item and where it begins, in pixels from the left."""

    item: Item
    x: float


def right_to_left(text: str) -> bool | None:
    """The direction of the first character that has one; None if none has."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in {"L", "R", "AL"}:
            return kind != "L"
    return None


def pieces(text: str, mentions: Sequence[Mention]) -> Iterator[tuple[str, int | None, str]]:
    """Words with the number of their mention, and what stands before them: "", " " or a line's end."""
    bounds = sorted({0, len(text), *(place for one in mentions for place in (one.start, one.end))})
    between = ""
    for start, end in pairwise(bounds):
        owner = next((n for n, one in enumerate(mentions) if one.start <= start and end <= one.end), None)
        for part in re.findall(r"\s+|\S+", text[start:end]):
            if part.isspace():
                between = "\n" if "\n" in part else " "
            else:
                yield part, owner, between
                between = ""


def split_wide(text: str, limit: float, width: Callable[[str], float]) -> list[str]:
    """A word in as few parts of at most `limit` pixels as it takes."""
    parts = []
    while width(text) > limit and len(text) > 1:
        low, high = 1, len(text)
        while low < high - 1:
            middle = (low + high) // 2
            low, high = (middle, high) if width(text[:middle]) <= limit else (low, middle)
        parts.append(text[:low])
        text = text[low:]
    return [*parts, text]


def lines(items: Sequence[Item], limit: float) -> list[list[Item]]:
    """Items in lines of at most `limit` pixels; a label stays with the word before it."""
    rows: list[list[Item]] = [[]]
    used = 0.0
    for item in items:
        if rows[-1] and (item.breaks or used + item.gap + item.width > limit):
            kept = [rows[-1].pop()] if item.label and len(rows[-1]) > 1 else []
            rows.append(kept)
            used = sum(one.width for one in kept)
        used += item.width + (item.gap if rows[-1] else 0.0)
        rows[-1].append(item)
    return rows


def place(row: Sequence[Item], limit: float, *, rtl: bool) -> list[Placed]:
    """The items of a line from left to right as they are seen; with `rtl` from the right edge.

    A short form of the bidirectional algorithm: words of the other direction are turned around as a whole, each
    maximal run of them; a word without a direction has that of the line.
    """

    def against(item: Item) -> bool:
        own = None if item.label else right_to_left(item.text)
        return (rtl if own is None else own) != rtl

    order: list[int] = []
    for turned, group in groupby(range(len(row)), key=lambda number: against(row[number])):
        numbers = list(group)
        order += numbers[::-1] if turned else numbers
    if rtl:
        order.reverse()
    x, placed = 0.0, []
    for before, number in zip([None, *order], order, strict=False):
        if before is not None:
            # A blank belongs to the later of two neighbours; words that a turn brought together have one too.
            gaps = [item.gap for item in row[1:]]
            near, one = abs(before - number) == 1, row[before].mention == row[number].mention
            x += row[max(before, number)].gap if near else min(gaps) if one else max(gaps)
        placed.append(Placed(row[number], x))
        x += row[number].width
    shift = limit - x if rtl else 0.0
    return [Placed(one.item, one.x + shift) for one in placed]
