"""Scores against seqeval and conlleval on random, often malformed, tags."""

import itertools
import warnings
from collections import Counter
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support as seqeval_default
from seqeval.metrics.v1 import precision_recall_fscore_support as seqeval_strict
from seqeval.scheme import IOB2

from tandem.evaluation.metrics import mean_and_std, score, span_scores

NAMES = ("precision", "recall", "f1")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_metrics_equal_seqeval_in_both_modes(tagged, data: st.DataObject) -> None:
    gold, predicted = data.draw(tagged)
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


def conlleval(gold: list[list[str]], predicted: list[list[str]]) -> dict[str, tuple[int, int, int]]:
    """Right, predicted and gold chunks of each type, by the rules of the script of CoNLL-2000 (E. Tjong Kim Sang).

    A chunk begins and ends by the tag and the type of a word and of the one before, sentences are parted by an O, and a
    chunk is right if both sides begin it together and end it together with equal types on the way.
    """
    right, guessed, found = Counter[str](), Counter[str](), Counter[str]()
    parted = [
        (tag, said) for sentence in zip(gold, predicted, strict=True) for tag, said in zip(*sentence, strict=True)
    ]
    ends = list(itertools.accumulate(map(len, gold)))
    for place in reversed([0, *ends]):
        parted.insert(place, ("O", "O"))

    def read(tag: str) -> tuple[str, str]:
        return (tag[0], tag[2:])

    def starts(before: tuple[str, str], here: tuple[str, str]) -> bool:
        turned = (before[0], here[0]) in {("B", "B"), ("I", "B"), ("O", "B"), ("O", "I")}
        return turned or (here[0] != "O" and before[1] != here[1])

    def stops(before: tuple[str, str], here: tuple[str, str]) -> bool:
        turned = (before[0], here[0]) in {("B", "B"), ("B", "O"), ("I", "B"), ("I", "O")}
        return turned or (before[0] != "O" and before[1] != here[1])

    inside = False
    for before, here in itertools.pairwise(parted):
        (last, last_said), (tag, said) = map(read, before), map(read, here)
        if inside:
            both = stops(last, tag), stops(last_said, said)
            if all(both) and last[1] == last_said[1]:
                inside = False
                right[last[1]] += 1
            elif both[0] != both[1] or tag[1] != said[1]:
                inside = False
        if starts(last, tag) and starts(last_said, said) and tag[1] == said[1]:
            inside = True
        found[tag[1]] += starts(last, tag)
        guessed[said[1]] += starts(last_said, said)
    return {kind: (right[kind], guessed[kind], found[kind]) for kind in (found | guessed) if kind}


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_metrics_equal_conlleval(tagged, data: st.DataObject) -> None:
    gold, predicted = data.draw(tagged)
    ours, theirs = span_scores(gold, predicted, "default"), conlleval(gold, predicted)
    assert {kind: row["support"] for kind, row in ours["per_type"].items()} == {
        kind: found for kind, (_, _, found) in theirs.items()
    }
    for kind, (right, guessed, found) in theirs.items():
        row = ours["per_type"][kind]
        assert row["f1"] == pytest.approx(2 * right / (guessed + found))
        assert row["precision"] == pytest.approx(right / guessed if guessed else 0)
    right, guessed, found = (sum(column) for column in zip(*theirs.values(), strict=True)) if theirs else (0, 0, 0)
    assert ours["micro"]["f1"] == pytest.approx(2 * right / (guessed + found) if theirs else 0)


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
