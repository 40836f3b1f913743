"""Scores of several seeds as one tree of numbers: means at the top, deviations under `std`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tandem.evaluation.controls import CONTROLS
from tandem.evaluation.metrics import mean_and_std, score

Tags = list[list[str]]


def score_seed(gold: Tags, predictions: Mapping[str, Tags], valid_f1: float | None = None) -> dict[str, Any]:
    """All scores of one trained model on one test split, controls included.

    `controls.<name>.f1` is span F1 under the control, `controls.<name>.delta` what it costs: F1 minus F1 under it.
    """
    scores = score(gold, predictions["predicted"])
    scores["controls"] = {}
    for name in CONTROLS:
        f1 = score(gold, predictions[name])["span"]["f1"]
        scores["controls"][name] = {"f1": f1, "delta": scores["span"]["f1"] - f1}
    if valid_f1 is not None:
        scores["valid"] = {"f1": valid_f1}
    return scores


def summarise(by_seed: Mapping[int, dict[str, Any]], sentences: int) -> dict[str, Any]:
    """Mean over seeds of every score, sample standard deviations under `std`, span F1 of each seed under `by_seed`."""
    ordered: Sequence[int] = sorted(by_seed)
    mean, std = mean_and_std([by_seed[seed] for seed in ordered])
    return {
        **mean,
        "std": std,
        "seeds": len(ordered),
        "sentences": sentences,
        "by_seed": {str(seed): by_seed[seed]["span"]["f1"] for seed in ordered},
    }
