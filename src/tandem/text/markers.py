"""Entity markers around the head and the tail of a pair (Soares et al. 2019): `[E1] … [/E1]` and `[E2] … [/E2]`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Marker(Enum):
    """The four markers. They are no strings, so that a word of the text which reads `[E1]` stays a word."""

    HEAD_START = "[E1]"
    HEAD_END = "[/E1]"
    TAIL_START = "[E2]"
    TAIL_END = "[/E2]"


Word = str | Marker


@dataclass(frozen=True)
class Marked:
    """A sentence with the markers in it, and where head and tail stand in it."""

    words: list[Word]
    places: list[int]  # of the sentence's own words
    head_start: int  # place of [E1]
    tail_start: int  # place of [E2]
    head_words: list[int]  # places of the head's words; a marker of the tail may stand between them
    tail_words: list[int]


def mark(words: Sequence[str], head: tuple[int, int], tail: tuple[int, int]) -> Marked:
    """Put the markers around the spans `head` and `tail`: first word, and the one after the last.

    The spans may overlap, nest, touch or be equal. Where markers meet, entities are closed before others are opened,
    and the shorter one stands inside; of two equal spans, the tail.
    Errors: `ValueError` for a span that is empty or reaches out of the sentence.
    """
    for name, (start, end) in (("head", head), ("tail", tail)):
        if not 0 <= start < end <= len(words):
            raise ValueError(f"{name} [{start}, {end}) is no span of a sentence of {len(words)} words")
    outer = (head, Marker.HEAD_START, Marker.HEAD_END)
    inner = (tail, Marker.TAIL_START, Marker.TAIL_END)
    if tail[1] - tail[0] > head[1] - head[0]:
        outer, inner = inner, outer
    marked: list[Word] = []
    places: list[int] = []
    starts: dict[Marker, int] = {}
    for boundary in range(len(words) + 1):
        marked += [close for (_, end), _, close in (inner, outer) if end == boundary]
        for (start, _), opening, _ in (outer, inner):
            if start == boundary:
                starts[opening] = len(marked)
                marked.append(opening)
        if boundary < len(words):
            places.append(len(marked))
            marked.append(words[boundary])
    return Marked(
        words=marked,
        places=places,
        head_start=starts[Marker.HEAD_START],
        tail_start=starts[Marker.TAIL_START],
        head_words=places[slice(*head)],
        tail_words=places[slice(*tail)],
    )
