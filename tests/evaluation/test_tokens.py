"""Scores of words against scikit-learn."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support

from tandem.evaluation.tokens import entity_token_scores, token_scores


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_tokens_with_o_equal_scikit_learn(tagged, data: st.DataObject) -> None:
    pair = data.draw(tagged)
    gold, predicted = ([tag for tags in side for tag in tags] for side in pair)
    ours = token_scores(*pair)
    if not gold:
        assert set(ours.values()) == {0}
        return
    assert ours["accuracy"] == pytest.approx(accuracy_score(gold, predicted))
    for average in ("weighted", "macro"):
        theirs = f1_score(gold, predicted, average=average, zero_division=0)
        assert ours[f"{average}_f1"] == pytest.approx(theirs)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_tokens_without_o_equal_scikit_learn(tagged, data: st.DataObject) -> None:
    pair = data.draw(tagged)
    gold, predicted = ([tag for tags in side for tag in tags] for side in pair)
    ours = entity_token_scores(*pair)
    labels = sorted({*gold, *predicted} - {"O"})
    assert ours["support"] == sum(tag != "O" for tag in gold)
    if not labels:
        assert set(ours.values()) == {0}
        return
    said = {"labels": labels, "zero_division": 0}
    theirs = precision_recall_fscore_support(gold, predicted, average="micro", **said)
    assert [ours[name] for name in ("precision", "recall", "f1")] == pytest.approx(theirs[:3])
    assert ours["macro_f1"] == pytest.approx(f1_score(gold, predicted, average="macro", **said))
    if ours["support"]:
        assert ours["weighted_f1"] == pytest.approx(f1_score(gold, predicted, average="weighted", **said))
    else:
        assert ours["weighted_f1"] == 0


def test_tokens_tell_o_and_the_sides_of_an_entity_apart() -> None:
    gold, predicted = [["B-PER", "I-PER", "O", "O"]], [["B-PER", "B-PER", "O", "B-LOC"]]
    assert token_scores(gold, predicted)["accuracy"] == 2 / 4
    scores = entity_token_scores(gold, predicted)
    assert (scores["precision"], scores["recall"], scores["support"]) == (1 / 3, 1 / 2, 2)
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 0 + 0) / 3)
    assert scores["weighted_f1"] == pytest.approx(1 / 3)
