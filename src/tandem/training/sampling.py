"""Which sentences stand in which batch of an epoch."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

POOL = 50  # batches that are sorted by length together: large enough to pad little, small enough to stay random


def epoch_batches(
    costs: Sequence[int], *, batch_size: int, seed: int, epoch: int, weights: Sequence[float] | None = None
) -> list[list[int]]:
    """Rows of each batch of one epoch; the same seed and epoch give the same batches.

    Sentences are shuffled (or, with `weights`, drawn with replacement in proportion to them), cut into pools of
    POOL batches, sorted by length inside a pool, cut into batches, and the batches shuffled.
    """
    generator = random.Random(seed * 1_000_003 + epoch)
    rows = list(range(len(costs)))
    if weights is None:
        generator.shuffle(rows)
    else:
        rows = generator.choices(rows, weights=weights, k=len(rows))
    batches = []
    for start in range(0, len(rows), batch_size * POOL):
        pool = sorted(rows[start : start + batch_size * POOL], key=costs.__getitem__)
        batches += [pool[i : i + batch_size] for i in range(0, len(pool), batch_size)]
    generator.shuffle(batches)
    return batches


def inverse_frequency(classes: Sequence[Sequence[str]]) -> list[float]:
    """Sampling weight of each row, of which `classes` has the labels: mean over them of 1 / the label's frequency.

    Inverse class frequency as in MSCMT_Hybrid, which samples sentences though classes belong to words; the mean
    keeps long sentences from dominating. A sentence without words gets 0.
    """
    counts = Counter(label for row in classes for label in row)
    return [sum(1 / counts[label] for label in row) / len(row) if row else 0.0 for row in classes]
