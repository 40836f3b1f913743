"""Speed of Tandem's bootstrap intervals against scoring every resample, in the same run.

Sentences and tags are made up, as many as Twitter-2015 tests: 3,257 of 16 words, four types, three seeds. Ours gives
the intervals of precision, recall and F1 and of each type, out of all resamples. The baselines do the same work
resample by resample, and are timed on a few: `seqeval` scores the drawn tags of each seed, `numpy` adds up the counts
of the drawn sentences type by type, as a plain loop over ready counts would. Prints the milliseconds a resample of
each, reading the tags included, and the ratios (baseline over ours, more is better); the last line is the same as
JSON. Times are those of the processor, since the baselines do not take turns with ours; set OMP_NUM_THREADS=1.

    python benchmarks/bootstrap.py [--resamples 10000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import numpy as np
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support

from tandem.evaluation.interval import intervals
from tandem.evaluation.significance import micro_f1
from tandem.evaluation.tallies import class_tallies

SENTENCES, WORDS, SEEDS = 3257, 16, 3
LABELS = ["O"] * 40 + [f"{side}-{name}" for name in ("PER", "LOC", "ORG", "OTHER") for side in "BI"]

Tags = list[list[str]]


def made_up() -> tuple[Tags, list[Tags]]:
    """Gold tags, and the tags of each seed, nine of ten of which are right."""
    generator = np.random.default_rng(0)
    gold = generator.choice(LABELS, (SENTENCES, WORDS))
    random = generator.choice(LABELS, (SEEDS, SENTENCES, WORDS))
    said = np.where(generator.random(random.shape) < 0.9, gold, random)
    return gold.tolist(), said.tolist()


def by_seqeval(gold: Tags, said: list[Tags], drawn: np.ndarray) -> None:
    """Micro scores and those of each type of every seed, on drawn sentences."""
    for rows in drawn:
        true = [gold[row] for row in rows]
        for seed in said:
            guess = [seed[row] for row in rows]
            for average in ("micro", None):
                precision_recall_fscore_support(true, guess, average=average, zero_division=0)


def by_numpy(gold: Tags, said: list[Tags], drawn: np.ndarray) -> None:
    """The same out of counts, which are made once."""
    seeds = [class_tallies("ner", gold, seed) for seed in said]
    for rows in drawn:
        for tallies in seeds:
            totals = [tally[rows].sum(0) for tally in tallies.values()]
            micro_f1(np.array([np.sum(totals, axis=0), *totals]))


def median(call: Callable[[], object], rounds: int) -> float:
    """The median processor time of a call in milliseconds."""
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        taken.append(1e3 * (time.process_time() - start))
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    gold, said = made_up()
    few = {"seqeval": 3, "numpy": min(1000, given.resamples)}
    draws = {name: np.random.default_rng(0).integers(SENTENCES, size=(few[name], SENTENCES)) for name in few}
    intervals("ner", gold, said, resamples=100)  # warm
    ours = median(lambda: intervals("ner", gold, said, resamples=given.resamples), given.rounds)
    plain = {
        "seqeval": median(lambda: by_seqeval(gold, said, draws["seqeval"]), 1),
        "numpy": median(lambda: by_numpy(gold, said, draws["numpy"]), given.rounds),
    }
    each = ours / given.resamples
    print(f"{given.resamples} resamples of {SENTENCES} sentences, {SEEDS} seeds, all types: {ours / 1e3:.2f} s")
    result: dict[str, float] = {"resamples": given.resamples, "ours_s": ours / 1e3, "ours_ms": each}
    for name, taken in plain.items():
        own = taken / few[name]
        result |= {f"{name}_ms": own, f"{name}_ratio": own / each}
        print(f"a resample  ours {each:.3f} ms  {name:7} {own:8.3f} ms, x{own / each:.0f}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
