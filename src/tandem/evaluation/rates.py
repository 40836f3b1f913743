"""Precision, recall and F1 out of counts, and their averages. What is undefined is 0, as with `zero_division=0`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def rates(right: float, guessed: int, support: int) -> dict[str, float]:
    """Precision, recall and F1 out of how many are right, predicted and gold."""
    total = guessed + support
    return {
        "precision": right / guessed if guessed else 0.0,
        "recall": right / support if support else 0.0,
        "f1": 2 * right / total if total else 0.0,
    }


def averages(rows: Mapping[str, Mapping[str, float]], weights: Sequence[int]) -> dict[str, float]:
    """Precision, recall and F1 averaged over rows; zeros where all weights are, or where there is no row."""
    names = ("precision", "recall", "f1")
    total = sum(weights)
    if not total:
        return dict.fromkeys(names, 0.0)
    return {
        name: sum(row[name] * weight for row, weight in zip(rows.values(), weights, strict=True)) / total
        for name in names
    }
