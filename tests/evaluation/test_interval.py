"""Intervals against a plain loop over the same draws, against a binomial, and sentences drawn whole."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tandem.evaluation.interval import intervals
from tandem.evaluation.metrics import score
from tandem.evaluation.relations import score_relations

LABELS = ["O", "O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def made_up(sentences: int, seeds: int, words: int = 6) -> tuple[list[list[str]], list[list[list[str]]]]:
    """Gold tags, and the tags of each seed, about four of five of which are right."""
    generator = np.random.default_rng(sentences)
    gold = [[str(tag) for tag in row] for row in generator.choice(LABELS, (sentences, words))]
    random = generator.choice(LABELS, (seeds, sentences, words))
    keep = generator.random((seeds, sentences, words)) < 0.8
    said = [
        [
            [true if keep[s, n, t] else str(random[s, n, t]) for t, true in enumerate(tags)]
            for n, tags in enumerate(gold)
        ]
        for s in range(seeds)
    ]
    return gold, said


def middle(values: list[float]) -> dict[str, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return {"low": pytest.approx(low), "high": pytest.approx(high)}


def test_interval_of_entities_is_that_of_scoring_every_resample() -> None:
    gold, said = made_up(12, seeds=3)
    said[1] = [[tag.replace("LOC", "ORG") for tag in tags] for tags in said[1]]  # a type that only one seed predicts
    found = intervals("ner", gold, said, resamples=60, random=4)
    drawn = np.random.default_rng(4).integers(12, size=(60, 12))
    loop = [
        [score([gold[row] for row in rows], [seed[row] for row in rows]) for seed in said] for rows in drawn.tolist()
    ]
    for name in ("precision", "recall", "f1"):
        assert found[name] == middle([np.mean([tree["span"][name] for tree in trees]) for trees in loop])
    assert list(found["per_type"]) == ["LOC", "ORG", "PER"]
    for kind, row in found["per_type"].items():
        f1 = [np.mean([tree["per_type"].get(kind, {"f1": 0.0})["f1"] for tree in trees]) for trees in loop]
        assert row == middle(f1)


def test_interval_of_relations_draws_the_pairs_of_a_sentence_together() -> None:
    generator = np.random.default_rng(3)
    gold = [str(name) for name in generator.choice(["None", "peer", "couple"], 30)]
    said = [[str(name) for name in generator.choice(["None", "peer", "couple", "rare"], 30)] for _ in range(2)]
    sentences = [f"s{number}" for number in generator.integers(8, size=30)]
    found = intervals("re", gold, said, sentences=sentences, resamples=50, random=1)
    order = list(dict.fromkeys(sentences))
    loop = []
    for drawn in np.random.default_rng(1).integers(len(order), size=(50, len(order))):
        rows = [row for place in drawn for row in range(30) if sentences[row] == order[place]]
        loop.append([score_relations([gold[row] for row in rows], [seed[row] for row in rows]) for seed in said])
    for name in ("precision", "recall", "f1"):
        assert found[name] == middle([np.mean([tree["relation"][name] for tree in trees]) for trees in loop])
    assert list(found["per_relation"]) == ["couple", "peer"]  # `rare` has no test case, and no scores
    f1 = [np.mean([tree["per_relation"].get("peer", {"f1": 0.0})["f1"] for tree in trees]) for trees in loop]
    assert found["per_relation"]["peer"] == middle(f1)
    assert found["f1"] != intervals("re", gold, said, resamples=50, random=1)["f1"]


def test_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """One entity a sentence, found or not: recall is a share of a binomial with a known mean."""
    generator = np.random.default_rng(0)
    gold = [["B-PER"]] * 150
    holds = 0
    for trial in range(100):
        said = [["B-PER"] if generator.random() < 0.7 else ["O"] for _ in gold]
        found = intervals("ner", gold, [said], resamples=400, random=trial)["recall"]
        holds += found["low"] <= 0.7 <= found["high"]
    assert 87 <= holds <= 100


def test_interval_of_a_binomial_has_its_width() -> None:
    gold = [["B-PER"]] * 400
    said = [["B-PER"]] * 280 + [["O"]] * 120
    found = intervals("ner", gold, [said])
    assert found["recall"]["high"] - found["recall"]["low"] == pytest.approx(
        2 * 1.96 * (0.7 * 0.3 / 400) ** 0.5, rel=0.05
    )
    assert found["precision"] == {"low": 1.0, "high": 1.0}


def test_interval_is_the_same_every_time() -> None:
    gold, said = made_up(40, seeds=2)
    first = intervals("ner", gold, said, resamples=200)
    assert first == intervals("ner", gold, said, resamples=200)
    assert first != intervals("ner", gold, said, resamples=200, random=1)
    assert first["f1"]["low"] < first["f1"]["high"]


def test_interval_without_entities_is_zero_and_without_sentences_an_error() -> None:
    zero = {"low": 0.0, "high": 0.0}
    nothing = {"precision": zero, "recall": zero, "f1": zero, "per_type": {}}
    assert intervals("ner", [["O"]], [[["O"]]], resamples=5) == nothing
    with pytest.raises(ValueError, match="at least one"):
        intervals("ner", [], [[]])


def test_interval_of_a_test_split_takes_less_than_two_seconds() -> None:
    gold, said = made_up(3257, seeds=3)
    start = time.process_time()
    intervals("ner", gold, said)
    assert time.process_time() - start < 2  # 0.6 s where nothing else runs
