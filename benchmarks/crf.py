"""Speed of Tandem's CRF against pytorch-crf in the same run.

Prints, per batch and length, the medians in milliseconds and the ratio (pytorch-crf over Tandem, more is better) of the
loss with its backward pass and of decoding; then what the confidences of entities cost: decoding together with the
posterior and two entities a sentence, over decoding alone (less is better). The last line is the same as JSON. All take
turns, so that a busy machine slows all.

    python benchmarks/crf.py [--labels 9] [--rounds 30]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import torch
import torchcrf

from tandem.models.crf import CRF, bio_constraints


def medians(calls: list[Callable[[], object]], rounds: int) -> list[float]:
    """The median time in milliseconds of each call, in turns, after a warm-up."""
    times: list[list[float]] = [[] for _ in calls]
    for warm in range(rounds + 3):
        for call, taken in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            if warm >= 3:
                taken.append(1e3 * (time.perf_counter() - start))
    return [statistics.median(taken) for taken in times]


def compare(batch: int, length: int, labels: int, rounds: int) -> dict[str, float]:
    """Both implementations on sentences of random lengths, the longest of them `length`."""
    generator = torch.Generator().manual_seed(0)
    emissions = torch.randn(batch, length, labels, generator=generator).requires_grad_()
    gold = torch.randint(labels, (batch, length), generator=generator)
    lengths = torch.randint(length // 4, length + 1, (batch,), generator=generator)
    lengths[0] = length
    mask = torch.arange(length) < lengths.unsqueeze(1)
    ours, theirs = CRF(labels), torchcrf.CRF(labels, batch_first=True)
    with torch.no_grad():
        ours.transitions.copy_(theirs.transitions)
        ours.start.copy_(theirs.start_transitions)
        ours.end.copy_(theirs.end_transitions)
    types = [f"T{number}" for number in range((labels - 1) // 2)]
    constraints = bio_constraints(["O", *(f"{side}-{name}" for name in types for side in "BI")])
    constrained = constraints if len(constraints.start) == labels else None
    # Two entities a sentence, of two words where there is room, as many as Twitter-2015 has.
    rows = torch.arange(batch).repeat(2)
    start = torch.cat([torch.zeros_like(lengths), lengths // 2])
    end = torch.minimum(start + 2, lengths[rows])
    asked = [part.numpy() for part in (rows, torch.full_like(rows, 1), torch.full_like(rows, 2), start, end)]

    def confident() -> object:
        return ours.read(emissions, mask, constrained)[1].entities(*asked)

    loss, loss_reference, decode, decode_reference, decode_constrained, confidences = medians(
        [
            lambda: ours.log_likelihood(emissions, gold, mask).mean().backward(),
            lambda: theirs(emissions, gold, mask, reduction="mean").backward(),
            lambda: ours.decode(emissions, mask),
            lambda: theirs.decode(emissions, mask),
            lambda: ours.decode(emissions, mask, constrained),
            confident,
        ],
        rounds,
    )
    return {
        "batch": batch,
        "length": length,
        "loss_ms": loss,
        "loss_reference_ms": loss_reference,
        "loss_ratio": loss_reference / loss,
        "decode_ms": decode,
        "decode_constrained_ms": decode_constrained,
        "decode_reference_ms": decode_reference,
        "decode_ratio": decode_reference / decode,
        "confidences_ms": confidences,
        "confidences_ratio": confidences / decode_constrained,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=int, default=9)
    parser.add_argument("--rounds", type=int, default=30)
    given = parser.parse_args()
    results = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for batch in (16, 32):
            for length in (32, 64, 128):
                result = {"threads": threads, **compare(batch, length, given.labels, given.rounds)}
                results.append(result)
                print(
                    "threads {threads}  B {batch:2}  T {length:3}  loss {loss_ms:6.2f} against {loss_reference_ms:6.2f}"
                    " ms, x{loss_ratio:4.1f}  decode {decode_ms:6.2f} (BIO {decode_constrained_ms:6.2f}) against"
                    " {decode_reference_ms:6.2f} ms, x{decode_ratio:4.1f}  with confidences {confidences_ms:6.2f}"
                    " against {decode_constrained_ms:6.2f} ms, x{confidences_ratio:4.2f}".format(**result)
                )
    print(json.dumps({"labels": given.labels, "rounds": given.rounds, "results": results}))


if __name__ == "__main__":
    main()
