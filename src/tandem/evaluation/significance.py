"""Whether one set of predictions beats another: a paired bootstrap over the sentences of a test split.

Sentences are drawn with replacement, the same ones for both systems, and the micro F1 of each is computed anew
(Efron and Tibshirani 1993; for F1 of entities, Berg-Kirkpatrick et al. 2012). Seeds are not drawn: in every resample
the F1 of a system is the mean over its seeds, as it is in the tables.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

CELLS = 1 << 20  # sentences drawn at a time, so that memory does not grow with the number of resamples


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
    return ratio(2.0 * totals[..., 0], totals[..., 1] + totals[..., 2])


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """`above / below`, 0 where `below` is."""
    return np.divide(above, below, out=np.zeros(below.shape), where=below > 0)


def resampled_totals(table: np.ndarray, *, resamples: int, random: int) -> np.ndarray:
    """Sums of each column of `table` (N, C) over N rows drawn with replacement: (resamples, C).

    One product of matrices for all columns, of how often each row was drawn. Equal `random` draws equal rows.
    """
    sentences = len(table)
    if sentences == 0:
        raise ValueError("a bootstrap needs the same sentences, at least one, for every seed")
    weights = table.astype(np.float64)
    generator = np.random.default_rng(random)
    block = max(1, min(resamples, CELLS // sentences))
    totals = np.empty((resamples, table.shape[1]))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = generator.integers(sentences, size=(size, sentences), dtype=np.uint32)
        flat = (drawn + sentences * np.arange(size)[:, None]).ravel()
        times = np.bincount(flat, minlength=size * sentences).reshape(size, sentences)
        totals[start : start + size] = times @ weights
    return totals


def resampled_f1(seeds: Sequence[np.ndarray], *, resamples: int, random: int) -> np.ndarray:
    """Mean F1 over seeds in each resample: (resamples,). `seeds`: counts (N, 3) of the same N sentences."""
    totals = resampled_totals(_beside(seeds), resamples=resamples, random=random)
    return micro_f1(totals.reshape(resamples, len(seeds), 3)).mean(axis=1)


def paired_bootstrap(
    first: Sequence[np.ndarray], second: Sequence[np.ndarray], *, resamples: int = 10_000, random: int = 0
) -> Difference:
    """The difference of two systems, each given by the counts of its seeds on the same sentences.

    p is twice the smaller share of resamples on one side of zero, never below 2 / (resamples + 1).
    """
    if len(first[0]) != len(second[0]):
        raise ValueError(f"scored on {len(first[0])} and {len(second[0])} sentences; compare systems on the same ones")
    totals = resampled_totals(_beside([*first, *second]), resamples=resamples, random=random)
    found = micro_f1(totals.reshape(resamples, -1, 3))  # (resamples, seeds of the first, then of the second)
    spread = found[:, : len(first)].mean(axis=1) - found[:, len(first) :].mean(axis=1)
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


def _beside(seeds: Sequence[np.ndarray]) -> np.ndarray:
    """Counts (N, 3) of the same N sentences as one table: (N, 3 S)."""
    if any(one.shape != (len(seeds[0]), 3) for one in seeds):
        raise ValueError("a bootstrap needs the same sentences, at least one, for every seed")
    return np.concatenate(seeds, axis=1)
