"""95 % intervals of a score: what it would be on other test sentences of the kind at hand.

A percentile bootstrap (Efron and Tibshirani 1993): sentences are drawn with replacement, precision, recall and F1 are
computed anew, and the interval holds the middle 95 % of what comes out. Seeds are not drawn; in every resample a score
is the mean over seeds. So an interval says nothing of how seeds differ: that is what `std` is for.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from tandem.evaluation.metrics import Tree
from tandem.evaluation.significance import micro_f1, ratio, resampled_totals
from tandem.evaluation.tallies import by_group, class_tallies

RESAMPLES = 10_000
PER_CLASS = {"ner": "per_type", "re": "per_relation"}


def intervals(
    task: str,
    gold: Sequence[Any],
    predicted: Sequence[Sequence[Any]],
    *,
    sentences: Sequence[Hashable] | None = None,
    resamples: int = RESAMPLES,
    random: int = 0,
) -> Tree:
    """Intervals of a task's headline and of the F1 of each entity type (`per_type`) or relation (`per_relation`).

    Keys: `{precision,recall,f1}.{low,high}`, and `per_type.TYPE.{low,high}`; the same types and relations as the scores
    have. A type that a resample does not have counts as 0 there, as it does in the scores.

    task: `ner` or `re`. gold: tags of each sentence, or the relation of each pair. predicted: likewise, of each seed.
    sentences: what the rows of one sentence share, so that its pairs come and go together; None: each row is one.
    """
    seeds = [class_tallies(task, gold, said) for said in predicted]
    tested = {name for tallies in seeds for name, tally in tallies.items() if tally[:, 2].any()}
    classes = sorted(tested if task == "re" else {name for tallies in seeds for name in tallies})
    groups = range(len(gold)) if sentences is None else sentences
    nothing = np.zeros((len(gold), 3), dtype=np.int64)
    columns = []
    for tallies in seeds:
        together = sum(tallies.values(), nothing)
        columns += [by_group(tally, groups) for tally in (together, *(tallies.get(name, nothing) for name in classes))]
    totals = resampled_totals(np.concatenate(columns, axis=1), resamples=resamples, random=random)
    totals = totals.reshape(resamples, len(seeds), 1 + len(classes), 3)
    whole = totals[:, :, 0]
    f1 = micro_f1(totals)
    return {
        "precision": _middle(ratio(whole[..., 0], whole[..., 1])),
        "recall": _middle(ratio(whole[..., 0], whole[..., 2])),
        "f1": _middle(f1[:, :, 0]),
        PER_CLASS[task]: {name: _middle(f1[:, :, place]) for place, name in enumerate(classes, start=1)},
    }


def _middle(scores: np.ndarray) -> Mapping[str, float]:
    """The middle 95 % of the means over seeds; scores: (resamples, seeds)."""
    low, high = np.quantile(scores.mean(axis=1), [0.025, 0.975])
    return {"low": float(low), "high": float(high)}
