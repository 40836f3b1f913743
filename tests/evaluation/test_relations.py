"""Scores of relations against scikit-learn and by hand, and their mean over seeds."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

from tandem.evaluation.metrics import mean_and_std
from tandem.evaluation.relations import score_relations, without_test_case

NAMES = ["/per/per/peer", "/per/org/member_of", "/loc/loc/contain", "a.b", "None"]
RATES = ("precision", "recall", "f1")


@st.composite
def relations(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Gold and predicted relations, often equal."""
    name = st.sampled_from([*NAMES, "None", "None"])
    gold = draw(st.lists(name, max_size=25))
    keep = st.sampled_from([True, True, False])
    return gold, [relation if draw(keep) else draw(name) for relation in gold]


@settings(max_examples=80, deadline=None)
@given(relations())
def test_relations_equal_scikit_learn(pair: tuple[list[str], list[str]]) -> None:
    gold, predicted = pair
    ours = score_relations(gold, predicted)
    if gold:
        assert ours["accuracy"] == pytest.approx(accuracy_score(gold, predicted))
        weighted = f1_score(gold, predicted, average="weighted", zero_division=0)
        assert ours["weighted_f1"] == pytest.approx(weighted, abs=1e-12)
    named, tested = sorted({*gold, *predicted} - {"None"}), sorted({*gold} - {"None"})
    if named:
        theirs = precision_recall_fscore_support(gold, predicted, labels=named, average="micro", zero_division=0)
        assert [ours["relation"][rate] for rate in RATES] == pytest.approx(theirs[:3], abs=1e-12)
    assert ours["relation"]["support"] == sum(relation != "None" for relation in gold)
    assert list(ours["per_relation"]) == tested
    if tested:
        theirs = precision_recall_fscore_support(gold, predicted, labels=tested, average="macro", zero_division=0)
        assert [ours["relation_macro"][rate] for rate in RATES] == pytest.approx(theirs[:3], abs=1e-12)
        columns = precision_recall_fscore_support(gold, predicted, labels=tested, average=None, zero_division=0)
        rows = [[row[key] for key in (*RATES, "support")] for row in ours["per_relation"].values()]
        np.testing.assert_allclose(rows, np.transpose(columns), atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(relations().filter(lambda pair: bool(pair[0])))
def test_relations_confusion_counts_every_pair_once(pair: tuple[list[str], list[str]]) -> None:
    confusion = score_relations(*pair)["confusion"]
    theirs = confusion_matrix(*pair, labels=NAMES)
    ours = [[confusion.get(gold, {}).get(guess, 0) for guess in NAMES] for gold in NAMES]
    np.testing.assert_array_equal(ours, theirs)
    assert all(count for row in confusion.values() for count in row.values())


def test_relations_by_hand() -> None:
    gold = ["peer", "peer", "member", "None", "None", "None"]
    predicted = ["peer", "None", "peer", "None", "rare", "None"]
    scores = score_relations(gold, predicted)
    # One of three predictions is right, one of three relations is found; None counts in accuracy and weighted F1 alone.
    third = pytest.approx(1 / 3)
    assert scores["relation"] == {"precision": third, "recall": third, "f1": third, "support": 3}
    assert scores["accuracy"] == 0.5
    # peer 1/2 of 2 pairs, member 0 of 1, None 2/3 of 3 (two of three predictions are right, two of three are found).
    assert scores["weighted_f1"] == pytest.approx((2 * 1 / 2 + 1 * 0 + 3 * 2 / 3) / 6)
    assert scores["per_relation"] == {
        "member": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1},
        "peer": {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2},
    }
    assert scores["relation_macro"] == {"precision": 0.25, "recall": 0.25, "f1": 0.25}
    assert scores["confusion"] == {
        "None": {"None": 2, "rare": 1},
        "member": {"peer": 1},
        "peer": {"None": 1, "peer": 1},
    }


@pytest.mark.parametrize(("gold", "accuracy"), [([], 0.0), (["None"] * 3, 1.0)])
def test_relations_of_nothing_are_zero(gold: list[str], accuracy: float) -> None:
    scores = score_relations(gold, gold)
    assert scores["relation"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
    assert scores["relation_macro"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    assert (scores["accuracy"], scores["weighted_f1"], scores["per_relation"]) == (accuracy, accuracy, {})


def test_relations_without_test_case_keep_the_corpus_order() -> None:
    assert without_test_case(["None", "z", "b", "a"], ["b", "None"]) == ["z", "a"]
    assert without_test_case(["None"], []) == []


def test_relations_refuse_lists_of_other_lengths() -> None:
    with pytest.raises(ValueError, match="2 gold relations but 1 predicted"):
        score_relations(["None", "a"], ["a"])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=9), st.data())
def test_relations_average_over_seeds(gold: list[str], data: st.DataObject) -> None:
    answers = st.lists(st.sampled_from(NAMES), min_size=len(gold), max_size=len(gold))
    seeds = data.draw(st.lists(answers, min_size=1, max_size=4))
    mean, std = mean_and_std([score_relations(gold, predicted) for predicted in seeds])
    for name in set(gold):
        for guess in NAMES:
            counts = [Counter(zip(gold, predicted, strict=True))[name, guess] for predicted in seeds]
            assert mean["confusion"][name].get(guess, 0) == pytest.approx(np.mean(counts))
            deviation = np.std(counts, ddof=1) if len(counts) > 1 else 0.0
            assert std["confusion"][name].get(guess, 0) == pytest.approx(deviation)
    supports = {name: row["support"] for name, row in mean["per_relation"].items()}
    assert supports == {name: gold.count(name) for name in set(gold) - {"None"}}


def test_relations_count_a_relation_that_one_seed_lacks_as_zeros() -> None:
    row = {"precision": 0.5, "recall": 1.0, "f1": 0.6, "support": 0}
    mean, std = mean_and_std([{"per_relation": {"a.b": row}}, {"per_relation": {}}])
    assert mean["per_relation"]["a.b"] == {"precision": 0.25, "recall": 0.5, "f1": 0.3, "support": 0}
    assert std["per_relation"]["a.b"]["recall"] == pytest.approx(np.std([1, 0], ddof=1))
