"""Scores of several seeds as one tree of numbers: means at the top, deviations under `std`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tandem.evaluation.controls import CONTROLS, TWIN
from tandem.evaluation.metrics import Tree, mean_and_std


class Scored(Protocol):
    """What is scored: a task, or several of them jointly."""

    @property
    def headline(self) -> str:
        """Key of the tree of scores whose F1 stands for the whole."""

    def score(self, gold: Any, predicted: Any) -> Tree:
        """All scores of `predicted` against `gold`."""


def score_seed(task: Scored, gold: Any, predictions: Mapping[str, Any], valid_f1: float | None = None) -> Tree:
    """All scores of one trained model on one test split, controls included, as far as there are predictions.

    `controls.<name>.f1` is the headline's F1 under the control, `controls.<name>.delta` what it costs: F1 minus F1
    under it. `twin.{f1,delta}` are the same of the model's twin without pictures.
    """
    scores = task.score(gold, predictions["predicted"])

    def against(name: str) -> dict[str, float]:
        f1 = task.score(gold, predictions[name])[task.headline]["f1"]
        return {"f1": f1, "delta": scores[task.headline]["f1"] - f1}

    scores["controls"] = {name: against(name) for name in CONTROLS if name in predictions}
    if TWIN in predictions:
        scores["twin"] = against(TWIN)
    if valid_f1 is not None:
        scores["valid"] = {"f1": valid_f1}
    return scores


def summarise(
    task: Scored,
    by_seed: Mapping[int, Tree],
    sentences: int,
    facts: Mapping[str, Any] | None = None,
    interval: Tree | None = None,
) -> Tree:
    """Mean over seeds of every score, sample standard deviations under `std`, F1 of each seed under `by_seed`.

    `sentences`: how many the split has. `facts` are the same for every seed. `interval`: of
    `tandem.evaluation.interval`, where there is one.
    """
    ordered: Sequence[int] = sorted(by_seed)
    mean, std = mean_and_std([by_seed[seed] for seed in ordered])
    return {
        **mean,
        "std": std,
        **({} if interval is None else {"interval": interval}),
        "seeds": len(ordered),
        "sentences": sentences,
        "by_seed": {str(seed): by_seed[seed][task.headline]["f1"] for seed in ordered},
        **(facts or {}),
    }
