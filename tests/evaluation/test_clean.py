"""Scores without leaked test sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.evaluation.clean import clean_scores
from tandem.tasks import NER, RE

relations = st.sampled_from(["None", "/a", "/b"])


@given(st.lists(st.tuples(relations, relations, st.booleans()), max_size=12))
def test_clean_scores_are_the_headline_over_the_rows_that_stay(rows: list[tuple[str, str, bool]]) -> None:
    gold, predicted, leaked = ([row[place] for row in rows] for place in range(3))
    clean = clean_scores(RE, gold, predicted, leaked)["clean"]
    kept = [row for row in rows if not row[2]]
    right = sum(true == guess != "None" for true, guess, _ in kept)
    support = sum(true != "None" for true, *_ in kept)
    guessed = sum(guess != "None" for _, guess, _ in kept)
    assert clean["support"] == support
    assert clean["f1"] == pytest.approx(2 * right / (support + guessed) if support + guessed else 0.0)


def test_clean_scores_of_entities_leave_whole_sentences_out() -> None:
    gold = [["B-PER", "O"], ["B-LOC", "I-LOC"], ["O"]]
    predicted = [["B-PER", "O"], ["B-LOC", "O"], ["B-PER"]]
    assert clean_scores(NER, gold, predicted, [False] * 3)["clean"] == NER.score(gold, predicted)["span"]
    assert clean_scores(NER, gold, predicted, [False, True, True])["clean"]["f1"] == 1
    nothing = {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
    assert clean_scores(NER, gold, predicted, [True] * 3)["clean"] == nothing
