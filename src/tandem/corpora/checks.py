"""What to know of a corpus before a model is trained on it, a line each."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi, sqrt
from typing import Any

from tandem.corpora.schema import SPLITS

LARGEST_DISTANCE = 0.05  # of the labels of a split from those of train, unless chance explains it


def label_shift(labels: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """How valid and test differ from train in the shares of their labels, out of the counts of each split.

    `distance`: total variation, half the sum of the differences of the shares: 0 = alike, 1 = nothing in common.
    `chance`: what is to be expected of splits of this size drawn from one bowl. `unseen`: labels that train does not
    have, with their counts.
    """
    later = [split for split in SPLITS if split != "train"]
    return {
        "distance": {split: round(_distance(labels["train"], labels[split]), 4) for split in later},
        "chance": {split: round(_chance(labels["train"], labels[split]), 4) for split in later},
        "unseen": {
            split: {name: count for name, count in labels[split].items() if count and not labels["train"].get(name)}
            for split in later
        },
    }


def warnings(report: Mapping[str, Any]) -> list[str]:
    """Lines on what is odd in a corpus, out of its account (see `tandem.corpora.prepare`); none if nothing is."""
    lines = [report["warning"], _leaks(report), *_leaks_of_parts(report), _repeats(report), _pictures(report)]
    lines += [*_labels(report), _orphans(report), _missing(report)]
    return [line for line in lines if line]


def _leaks(report: Mapping[str, Any]) -> str:
    valid, test = report["leakage"]["valid"], report["leakage"]["test"]
    if not valid["sentences"] and not test["sentences"]:
        return ""
    made = " (they are made from templates)" if report["release"].startswith("embedded") else ""
    return (
        f"sentences of test that stand in train or valid too: {test['sentences']} ({test['exact']} exactly, "
        f"{test['near']} nearly); of valid in train: {valid['sentences']} ({valid['exact']}, {valid['near']}){made}; "
        "`clean` in the metrics of evaluate is the score without them"
    )


def _leaks_of_parts(report: Mapping[str, Any]) -> list[str]:
    return [
        f"{part} has {found['sentences']} test sentences of {other} in train or valid ({found['exact']} exactly, "
        f"{found['near']} nearly)"
        for part, others in report["leakage"].get("parts", {}).items()
        for other, found in others.items()
        if found["sentences"]
    ]


def _repeats(report: Mapping[str, Any]) -> str:
    near = report["duplicates"]["near"]
    equal = report["duplicates"]
    unit = "pairs " if "sentences" in equal else ""
    found = [
        f"{split} {equal[f'within_{split}']} {unit}exactly, {near[f'within_{split}']} {unit and 'sentences '}nearly"
        for split in SPLITS
        if equal[f"within_{split}"] or near[f"within_{split}"]
    ]
    return f"repeats within a split: {'; '.join(found)}" if found else ""


def _pictures(report: Mapping[str, Any]) -> str:
    shared = report["duplicates"]["pictures"]
    found = {way: {pair: n for pair, n in counts.items() if n} for way, counts in shared.items()}
    if not any(found.values()):
        return ""
    told = [
        f"{' and '.join(pair.split('_'))} {shared['id'][pair]} by id, {shared['file'][pair]} by content"
        for pair in shared["id"]
        if shared["id"][pair] or shared["file"][pair]
    ]
    return f"pictures in two splits: {'; '.join(told)}"


def _labels(report: Mapping[str, Any]) -> list[str]:
    shift = report["labels"]
    lines = [
        f"labels of {split} that train does not have: {', '.join(f'{name} ({n})' for name, n in unseen.items())}"
        for split, unseen in shift["unseen"].items()
        if unseen
    ]
    for split, distance in shift["distance"].items():
        chance = shift["chance"][split]
        if distance > max(LARGEST_DISTANCE, 2 * chance):
            lines.append(
                f"{distance:.1%} of the labels of {split} would have to be others for the shares that they have in "
                f"train (by chance: {chance:.1%})"
            )
    return lines


def _orphans(report: Mapping[str, Any]) -> str:
    counts = {split: tree.get("orphan_inside", 0) for split, tree in report["splits"].items()}
    if not any(counts.values()):
        return ""
    told = ", ".join(f"{n} in {split}" for split, n in counts.items())
    return f"I- tags that go on with no entity: {told}; `span` takes them for the start of one, `span_strict` for none"


def _missing(report: Mapping[str, Any]) -> str:
    pictures = report["pictures"]
    if not pictures["missing"]:
        return ""
    return f"{pictures['missing']} of {pictures['ids']} pictures have no file; their sentences are read without one"


def _distance(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Total variation of two sets of counts; 0 where one is empty."""
    totals = sum(one.values()), sum(other.values())
    if not all(totals):
        return 0.0
    return sum(abs(one.get(name, 0) / totals[0] - other.get(name, 0) / totals[1]) for name in {*one, *other}) / 2


def _chance(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Expected total variation if both were drawn with the shares that they have together: each difference of shares
    is about normal, of the mean size sqrt(2 / pi) of its deviations."""
    totals = sum(one.values()), sum(other.values())
    if not all(totals):
        return 0.0
    shares = [(one.get(name, 0) + other.get(name, 0)) / sum(totals) for name in {*one, *other}]
    spread = 1 / totals[0] + 1 / totals[1]
    return sum(sqrt(2 / pi * share * (1 - share) * spread) for share in shares) / 2
