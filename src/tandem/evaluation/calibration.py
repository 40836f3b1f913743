"""Whether confidences are what they say: of the claims held with confidence .8, are four in five right?

| key | meaning |
|---|---|
| calibration.ece | expected calibration error: mean distance of confidence and accuracy over bins, by their items |
| calibration.brier | mean squared distance of the confidence from 1 (right) or 0 (wrong) |
| calibration.items | how many claims there are |
| calibration.bins | low, high, items, mean confidence, accuracy of each bin that is not empty; all seeds together |

The bins are equally wide, of (0, 1]: Guo et al. 2017, "On Calibration of Modern Neural Networks", whose number of bins
is 15; there are 10 here, for test splits with a thousand claims. Brier 1950. Both errors are 0 if there is no claim.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tandem.evaluation.metrics import Tree

BINS = 10

Array = np.ndarray[Any, Any]


def calibration(confidences: Sequence[float], right: Sequence[bool], *, bins: int = BINS) -> Tree:
    """`ece`, `brier` and `items` of claims. Errors: `ValueError` for a confidence outside of [0, 1]."""
    confidence, correct = _arrays(confidences, right)
    if not len(confidence):
        return {"ece": 0.0, "brier": 0.0, "items": 0}
    gaps = sum(abs(float(np.sum(confidence[own] - correct[own]))) for _, own in _binned(confidence, bins))
    return {
        "ece": gaps / len(confidence),
        "brier": float(np.mean((confidence - correct) ** 2)),
        "items": len(confidence),
    }


def reliability(confidences: Sequence[float], right: Sequence[bool], *, bins: int = BINS) -> list[Tree]:
    """The bins that are not empty, for a reliability plot: low, high, items, mean confidence, accuracy."""
    confidence, correct = _arrays(confidences, right)
    return [
        {
            "low": number / bins,
            "high": (number + 1) / bins,
            "items": int(own.sum()),
            "confidence": float(confidence[own].mean()),
            "accuracy": float(correct[own].mean()),
        }
        for number, own in _binned(confidence, bins)
    ]


def _arrays(confidences: Sequence[float], right: Sequence[bool]) -> tuple[Array, Array]:
    if len(confidences) != len(right):
        raise ValueError(f"{len(confidences)} confidences but {len(right)} verdicts; give one of each a claim")
    confidence = np.asarray(confidences, dtype=np.float64)
    wrong = confidence[~((confidence >= 0) & (confidence <= 1))]
    if len(wrong):
        raise ValueError(f"confidence {wrong[0]} is no probability; it must lie between 0 and 1")
    return confidence, np.asarray(right, dtype=np.float64)


def _binned(confidence: Array, bins: int) -> Iterator[tuple[int, Array]]:
    """The numbers of the bins that are not empty, and which claims are in them; a bin has its upper end, not its lower.

    A confidence of 0 is in the first.
    """
    number = np.searchsorted(np.arange(1, bins + 1) / bins, confidence)
    for one in np.unique(number):
        yield int(one), number == one
