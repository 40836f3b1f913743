"""What the pictures are worth, with intervals: against the twin without them, and against exchanged ones.

| key | F1 of the headline, own predictions minus |
|---|---|
| twin.{delta,low,high,p} | those of text_only, trained on the same seeds with the same knobs |
| picture.{delta,low,high,p} | those of the same models with the pictures exchanged between sentences |

`low` and `high` are a 95 % interval over test sentences, `p` is two-sided (`tandem.evaluation.significance`). A model
that beats its twin though its pictures can be exchanged at no cost owes that to its layers, not to the pictures.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from tandem.evaluation.controls import TWIN
from tandem.evaluation.metrics import Tree
from tandem.evaluation.significance import paired_bootstrap
from tandem.evaluation.tallies import by_group, headline_tally

AGAINST = {"twin": TWIN, "picture": "shuffled_image"}


def picture_gains(
    task: str,
    gold: Sequence[Any],
    predictions: Mapping[int, Mapping[str, Sequence[Any]]],
    sentences: Sequence[Hashable],
) -> Tree:
    """Both comparisons, as far as there are predictions for them; none of a test split without rows.

    task: `ner` or `re`. gold: one answer a row. predictions: by seed, then by name. sentences: what the rows of one
    sentence share, so that its pairs, which have their picture in common, are drawn together.
    """

    def tallies(name: str) -> list[np.ndarray]:
        return [by_group(headline_tally(task, gold, one[name]), sentences) for one in predictions.values()]

    there = {key: name for key, name in AGAINST.items() if gold and all(name in one for one in predictions.values())}
    return {key: asdict(paired_bootstrap(tallies("predicted"), tallies(name))) for key, name in there.items()}


def with_gains(summary: Tree, gains: Tree) -> Tree:
    """A summary over seeds with the comparisons beside what it has of each."""
    return {**summary, **{key: {**summary.get(key, {}), **found} for key, found in gains.items()}}
