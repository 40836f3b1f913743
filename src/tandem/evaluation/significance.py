"""Whether one set of predictions beats another: a paired bootstrap over the sentences of a test split.

Sentences are drawn with replacement, the same ones for both systems, and the micro F1 of each is computed anew
(Efron and Tibshirani 1993; for F1 of entities, Berg-Kirkpatrick et al. 2012). Seeds are not drawn: in every resample
the F1 of a system is the mean over its seeds, as it is in the tables.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

BLOCK = 256  # resamples at a time: memory is BLOCK x sentences


@dataclass(frozen=True)
class Difference:
    """F1 of the first minus that of the second, its 95 % interval, and a two-sided p-value."""

    delta: float
    low: float
    high: float
    p: float


def counts(gold: Sequence[Iterable[Hashable]], predicted: Sequence[Iterable[Hashable]]) -> np.ndarray:
    """Right, predicted and gold items of each sentence: (N, 3) int64. Items of one sentence are distinct."""
    rows = [(len(g & p), len(p), len(g)) for g, p in zip(map(set, gold), map(set, predicted), strict=True)]
    return np.array(rows, dtype=np.int64).reshape(len(rows), 3)


def micro_f1(totals: np.ndarray) -> np.ndarray:
    """F1 of totals (..., 3) of right, predicted and gold; 0 where there is neither predicted nor gold."""
    below = totals[..., 1] + totals[..., 2]
    return np.divide(2.0 * totals[..., 0], below, out=np.zeros(below.shape), where=below > 0)


def resampled_f1(seeds: Sequence[np.ndarray], *, resamples: int, random: int) -> np.ndarray:
    """Mean F1 over seeds in each resample: (resamples,). `seeds`: counts (N, 3) of the same N sentences.

    Equal `random` draws equal sentences, which is what pairs two systems.
    """
    sentences = len(seeds[0])
    if sentences == 0 or any(one.shape != (sentences, 3) for one in seeds):
        raise ValueError("a bootstrap needs the same sentences, at least one, for every seed")
    table = np.concatenate(seeds, axis=1).astype(np.float64)  # (N, 3 S)
    generator = np.random.default_rng(random)
    found = []
    for start in range(0, resamples, BLOCK):
        size = min(BLOCK, resamples - start)
        drawn = generator.integers(sentences, size=(size, sentences))
        flat = (drawn + sentences * np.arange(size)[:, None]).ravel()
        times = np.bincount(flat, minlength=size * sentences).reshape(size, sentences)  # how often each was drawn
        totals = (times @ table).reshape(size, len(seeds), 3)
        found.append(micro_f1(totals).mean(axis=1))
    return np.concatenate(found)


def paired_bootstrap(
    first: Sequence[np.ndarray], second: Sequence[np.ndarray], *, resamples: int = 10_000, random: int = 0
) -> Difference:
    """The difference of two systems, each given by the counts of its seeds on the same sentences.

    p is twice the smaller share of resamples on one side of zero, never below 2 / (resamples + 1).
    """
    if len(first[0]) != len(second[0]):
        raise ValueError(f"scored on {len(first[0])} and {len(second[0])} sentences; compare systems on the same ones")
    spread = resampled_f1(first, resamples=resamples, random=random)
    spread -= resampled_f1(second, resamples=resamples, random=random)
    delta = float(np.mean([micro_f1(one.sum(0)) for one in first]) - np.mean([micro_f1(one.sum(0)) for one in second]))
    low, high = (float(value) for value in np.quantile(spread, [0.025, 0.975]))
    tail = min(np.sum(spread <= 0), np.sum(spread >= 0))
    return Difference(delta, low, high, min(1.0, 2 * (float(tail) + 1) / (resamples + 1)))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number (Holm 1979), in the order given."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = highest
    return corrected
