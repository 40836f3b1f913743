"""Long sentences as overlapping windows, so that every word is encoded with context on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Window:
    """A stretch of words that fits the encoder.

    `first` and `last` (exclusive) bound the words in the window; `owned_first` and `owned_last` those whose vector is
    taken from it. The owned stretches of a sentence's windows partition its words.
    """

    first: int
    last: int
    owned_first: int
    owned_last: int


def windows(lengths: Sequence[int], capacity: int, overlap: int) -> list[Window]:
    """Cover words of `lengths` sub-words each by windows of at most `capacity` sub-words.

    Neighbours share whole words of up to `overlap` sub-words; a shared word belongs to the window in which it is
    further from the edge. No length may exceed `capacity`.
    """
    if not lengths:
        return []
    starts = [0]
    for length in lengths:
        starts.append(starts[-1] + length)
    bounds = []
    first = 0
    while True:
        last = first
        while last < len(lengths) and starts[last + 1] - starts[first] <= capacity:
            last += 1
        if last == first:
            raise ValueError(f"a word of {lengths[first]} sub-words does not fit a window of {capacity}")
        bounds.append((first, last))
        if last == len(lengths):
            break
        following = last
        while following - 1 > first and starts[last] - starts[following - 1] <= overlap:
            following -= 1
        first = following
    cuts = [0]
    for (_, last), (following, _) in pairwise(bounds):
        middle = (starts[following] + starts[last]) / 2
        cut = following
        while cut < last and (starts[cut] + starts[cut + 1]) / 2 < middle:
            cut += 1
        cuts.append(cut)
    cuts.append(len(lengths))
    return [Window(*bound, cuts[i], cuts[i + 1]) for i, bound in enumerate(bounds)]
