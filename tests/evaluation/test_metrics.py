"""Scores against seqeval and scikit-learn on random, often malformed, tags."""

import warnings
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support as seqeval_default
from seqeval.metrics.v1 import precision_recall_fscore_support as seqeval_strict
from seqeval.scheme import IOB2
from sklearn.metrics import accuracy_score, f1_score

from tandem.evaluation.metrics import mean_and_std, score, span_scores, token_scores

TYPES = ["LOC", "PER", "ORG", "geo-loc", "O"]
LABELS = ["O", "O", "O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI")]
NAMES = ("precision", "recall", "f1")


@st.composite
def corpora(draw: st.DrawFn) -> tuple[list[list[str]], list[list[str]]]:
    """Gold and predicted tags; predictions are often right, so that some entities match."""
    label = st.sampled_from(LABELS)
    gold = draw(st.lists(st.lists(label, max_size=9), min_size=1, max_size=7))
    keep = st.sampled_from([True, True, True, False])
    return gold, [[tag if draw(keep) else draw(label) for tag in tags] for tags in gold]


@settings(max_examples=150, deadline=None)
@given(corpora())
def test_metrics_equal_seqeval_in_both_modes(pair: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, predicted = pair
    for mode, theirs_of in (("default", seqeval_default), ("strict", partial(seqeval_strict, scheme=IOB2))):
        ours = span_scores(gold, predicted, mode)
        if not ours["per_type"]:
            continue  # seqeval fails on a corpus without a single entity; ours is zeros, see below
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for average in ("micro", "macro", "weighted"):
                theirs = theirs_of(gold, predicted, average=average, zero_division=0)
                if average == "weighted" and not ours["micro"]["support"]:
                    continue  # no weights: undefined there, zeros here
                assert [ours[average][name] for name in NAMES] == pytest.approx(theirs[:3], abs=1e-12)
            columns = theirs_of(gold, predicted, average=None, zero_division=0)
        rows = [[row[name] for name in (*NAMES, "support")] for row in ours["per_type"].values()]
        np.testing.assert_allclose(rows, np.transpose(columns), atol=1e-12)


@settings(max_examples=150, deadline=None)
@given(corpora())
def test_metrics_of_tokens_equal_scikit_learn(pair: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, predicted = ([tag for tags in side for tag in tags] for side in pair)
    ours = token_scores(*pair)
    if not gold:
        assert set(ours.values()) == {0}
        return
    assert ours["accuracy"] == pytest.approx(accuracy_score(gold, predicted))
    for average in ("weighted", "macro"):
        theirs = f1_score(gold, predicted, average=average, zero_division=0)
        assert ours[f"{average}_f1"] == pytest.approx(theirs)


def test_metrics_tell_the_readings_and_the_levels_apart() -> None:
    gold = [["B-PER", "I-PER", "O", "I-LOC"], ["O", "O", "O", "O"]]
    predicted = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "O", "B-ORG", "O"]]
    scores = score(gold, predicted)
    assert scores["span"] == pytest.approx({"precision": 2 / 3, "recall": 1.0, "f1": 0.8, "support": 2})
    assert scores["span_strict"] == pytest.approx({"precision": 1 / 3, "recall": 1.0, "f1": 0.5, "support": 1})
    assert (scores["token"]["accuracy"], scores["token"]["support"]) == (6 / 8, 8)
    assert scores["per_type"]["ORG"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
    assert scores["span_macro"]["f1"] == pytest.approx(2 / 3)
    assert scores["span_weighted"]["f1"] == 1.0


def test_metrics_of_nothing_are_zero() -> None:
    for gold in ([], [[]], [["O"]]):
        scores = score(gold, gold)
        assert [scores[key]["f1"] for key in ("span", "span_strict", "span_macro", "span_weighted")] == [0.0] * 4


def test_metrics_name_the_sentence_whose_lengths_differ() -> None:
    with pytest.raises(ValueError, match="sentence 1: 2 gold tags but 1 predicted"):
        score([["O"], ["O", "O"]], [["O"], ["O"]])
    with pytest.raises(ValueError, match="1 gold sentences but 2 predicted"):
        score([["O"]], [["O"], ["O"]])


def test_metrics_average_over_seeds() -> None:
    trees = [
        {"span": {"f1": value}, "per_type": {"PER": {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 7}}}
        for value in (0.7, 0.8, 0.9)
    ]
    trees[1]["per_type"]["ORG"] = {"precision": 0.3, "recall": 0.0, "f1": 0.6, "support": 0}
    mean, std = mean_and_std(trees)
    assert mean["span"]["f1"] == pytest.approx(0.8)
    assert std["span"]["f1"] == pytest.approx(0.1)
    assert list(mean["per_type"]) == ["ORG", "PER"]
    assert mean["per_type"]["PER"]["support"] == 7
    assert isinstance(mean["per_type"]["PER"]["support"], int)
    assert mean["per_type"]["ORG"] == pytest.approx({"precision": 0.1, "recall": 0.0, "f1": 0.2, "support": 0})
    assert std["per_type"]["ORG"]["f1"] == pytest.approx(np.std([0.0, 0.6, 0.0], ddof=1))


def test_metrics_of_one_seed_have_no_deviation() -> None:
    mean, std = mean_and_std([{"span": {"f1": 0.7}}])
    assert (mean, std) == ({"span": {"f1": 0.7}}, {"span": {"f1": 0.0}})


def test_metrics_refuse_to_average_trees_of_different_shape() -> None:
    with pytest.raises(ValueError, match=r"score 'valid.f1' is missing from tree 1 of 2"):
        mean_and_std([{"valid": {"f1": 0.7}}, {"valid": {}}])
    with pytest.raises(ValueError, match="at least one seed"):
        mean_and_std([])
