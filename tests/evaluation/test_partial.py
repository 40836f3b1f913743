"""Partial scores against every alignment there is, and worked by hand."""

from __future__ import annotations

import time
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.evaluation.metrics import score
from tandem.evaluation.partial import CRITERIA, credit, overlapping, partial_scores
from tandem.evaluation.spans import Span, spans

# Many entities, often of two words or more, that lie across each other.
DENSE = st.lists(st.sampled_from(["O", "B-PER", "I-PER", "I-PER", "B-LOC", "I-LOC"]), min_size=9, max_size=9)


def by_hand(gold: Span, guess: Span) -> dict[str, float]:
    """The credit of two entities by each criterion."""
    if not set(range(gold.start, gold.end)) & set(range(guess.start, guess.end)):
        return dict.fromkeys(CRITERIA, 0.0)
    types, ends = gold.type == guess.type, (gold.start, gold.end) == (guess.start, guess.end)
    return {
        "exact": float(types and ends),
        "type": float(types),
        "boundary": float(ends),
        "overlap": 1.0 if ends else 0.5,
    }


def most(gold: list[Span], guess: list[Span], criterion: str) -> float:
    """The most credit of all one-to-one alignments: each entity of the shorter side has one of the other."""
    few, many = (gold, guess) if len(gold) <= len(guess) else (guess, gold)
    return max(
        sum(by_hand(*(pair if few is gold else pair[::-1]))[criterion] for pair in zip(few, chosen, strict=True))
        for chosen in permutations(many, len(few))
    )


@settings(max_examples=300, deadline=None)
@given(DENSE, DENSE)
def test_partial_credit_is_that_of_the_best_alignment(gold: list[str], predicted: list[str]) -> None:
    true, guess = spans(gold, "default")[:5], spans(predicted, "default")[:5]
    pairs = overlapping(true, guess)
    assert pairs == [(one, other) for one in true for other in guess if by_hand(one, other)["overlap"]]
    for name in CRITERIA:
        assert credit(pairs, name) == most(true, guess, name)


@settings(deadline=None)
@given(data=st.data())
def test_partial_scores_are_ordered_and_symmetric(tagged, data: st.DataObject) -> None:
    gold, predicted = data.draw(tagged)
    scores, back = partial_scores(gold, predicted), partial_scores(predicted, gold)
    for name in ("precision", "recall", "f1"):
        assert scores["exact"][name] <= min(scores["type"][name], scores["boundary"][name])
        assert scores["boundary"][name] <= scores["overlap"][name] <= 1
        assert scores["type"][name] <= 1
    span = score(gold, predicted)["span"]
    assert scores["exact"] == {name: span[name] for name in scores["exact"]}
    for name in CRITERIA:
        assert scores[name]["precision"] == back[name]["recall"]
        assert scores[name]["f1"] == back[name]["f1"]


def test_partial_gives_each_gold_entity_away_once() -> None:
    gold, predicted = [["B-PER", "I-PER", "I-PER", "O"]], [["B-PER", "I-PER", "B-PER", "O"]]
    scores = partial_scores(gold, predicted)
    assert scores["exact"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    assert scores["type"] == pytest.approx({"precision": 1 / 2, "recall": 1.0, "f1": 2 / 3})
    assert scores["overlap"] == pytest.approx({"precision": 1 / 4, "recall": 1 / 2, "f1": 1 / 3})


def test_partial_worked_by_hand() -> None:
    gold = [["B-PER", "I-PER", "O", "B-LOC", "O", "B-ORG", "I-ORG"]]
    predicted = [["B-PER", "O", "O", "B-ORG", "O", "B-ORG", "I-ORG"]]  # too short; another type; right
    f1 = {name: row["f1"] for name, row in partial_scores(gold, predicted).items()}
    assert f1 == pytest.approx({"exact": 1 / 3, "type": 2 / 3, "boundary": 2 / 3, "overlap": 2.5 / 3})


def test_partial_of_nothing_is_zero() -> None:
    for gold in ([], [[]], [["O"]]):
        assert {value for row in partial_scores(gold, gold).values() for value in row.values()} == {0.0}


def test_partial_scores_of_a_test_split_take_well_under_a_second() -> None:
    generator = np.random.default_rng(0)
    labels = ["O"] * 12 + ["B-PER", "I-PER", "B-LOC", "I-LOC"]
    gold, predicted = ([[str(tag) for tag in row] for row in generator.choice(labels, (3257, 16))] for _ in range(2))
    start = time.process_time()
    score(gold, predicted)
    assert time.process_time() - start < 2  # 0.3 s where nothing else runs
