"""Which predicted entity stands for which gold one, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tandem.evaluation.spans import Span

ERRORS = {
    "type": "wrong type",
    "boundary": "wrong boundary",
    "both": "wrong type and boundary",
    "missed": "missed",
    "invented": "invented",
}


class Pair(NamedTuple):
    """A gold entity and the predicted one that covers it best; one of the two is None where nothing does."""

    gold: Span | None
    predicted: Span | None

    @property
    def kind(self) -> str:
        """`right` or a key of `ERRORS`."""
        if self.gold is None or self.predicted is None:
            return "missed" if self.predicted is None else "invented"
        if self.gold[1:] == self.predicted[1:]:
            return "right" if self.gold.type == self.predicted.type else "type"
        return "boundary" if self.gold.type == self.predicted.type else "both"


def align(gold: Sequence[Span], predicted: Sequence[Span]) -> list[Pair]:
    """Every entity of a sentence in one pair: first those that share the most words, of these first those of one type.

    Pairs of two come first, by their place in the sentence, then what is missed, then what is invented.
    """
    overlaps = [
        (-overlap, one.type != other.type, number, place)
        for number, one in enumerate(gold)
        for place, other in enumerate(predicted)
        if (overlap := min(one.end, other.end) - max(one.start, other.start)) > 0
    ]
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for *_, number, place in sorted(overlaps):
        if number not in partner and place not in taken:
            partner[number] = place
            taken.add(place)
    return [
        *(Pair(gold[number], predicted[place]) for number, place in sorted(partner.items())),
        *(Pair(span, None) for number, span in enumerate(gold) if number not in partner),
        *(Pair(None, span) for place, span in enumerate(predicted) if place not in taken),
    ]
