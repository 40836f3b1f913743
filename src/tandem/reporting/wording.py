"""Small words: lists, numbers and shares in a sentence."""

from __future__ import annotations

from collections.abc import Sequence


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def plural(number_of: int, noun: str) -> str:
    """`1 seed`, `2 seeds`."""
    return f"{number_of:,} {noun}{'' if number_of == 1 else 's'}"


def share(part: float, whole: float) -> str:
    """`12.3 %`; of nothing, `0 %`."""
    found = 100 * part / whole if whole else 0.0
    return f"{found:.1f} %" if 0 < found < 100 else f"{found:.0f} %"
