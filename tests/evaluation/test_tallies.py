"""What rows add to a score: their sums are the scores, whatever the tags."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.evaluation.metrics import score
from tandem.evaluation.relations import score_relations
from tandem.evaluation.significance import micro_f1
from tandem.evaluation.tallies import METRICS, by_group, class_tallies, headline_tally
from tandem.tasks import TASKS

RELATIONS = st.lists(st.tuples(*[st.sampled_from(["None", "peer", "couple", "part_of"])] * 2), min_size=1, max_size=12)


def at(tree: dict, key: str) -> dict:
    for name in key.split("."):
        tree = tree[name]
    return tree


def check(scores: dict, totals: np.ndarray) -> None:
    right, guessed, support = totals
    assert scores["f1"] == pytest.approx(micro_f1(totals))
    assert scores["precision"] == pytest.approx(right / guessed if guessed else 0)
    assert scores["recall"] == pytest.approx(right / support if support else 0)


@settings(deadline=None)
@given(data=st.data())
def test_tallies_of_entities_add_up_to_the_scores_of_their_key(tagged, data: st.DataObject) -> None:
    gold, predicted = data.draw(tagged)
    scores = score(gold, predicted)
    for key, tally in METRICS["ner"].items():
        table = tally(gold, predicted)
        assert table.shape == (len(gold), 3)
        check(at(scores, key), table.sum(0))
    classes = class_tallies("ner", gold, predicted)
    assert list(classes) == list(scores["per_type"])
    for name, table in classes.items():
        check(scores["per_type"][name], table.sum(0))
    np.testing.assert_array_equal(
        sum(classes.values(), np.zeros((len(gold), 3))), headline_tally("ner", gold, predicted)
    )


@given(RELATIONS)
def test_tallies_of_relations_add_up_to_the_scores_of_their_key(pairs) -> None:
    gold, predicted = zip(*pairs, strict=True)
    scores = score_relations(gold, predicted)
    check(scores["relation"], headline_tally("re", gold, predicted).sum(0))
    classes = class_tallies("re", gold, predicted)
    assert "None" not in classes
    for name, row in scores["per_relation"].items():
        check(row, classes[name].sum(0))
    np.testing.assert_array_equal(
        sum(classes.values(), np.zeros((len(gold), 3))), headline_tally("re", gold, predicted)
    )


def test_tallies_headlines_are_those_of_the_tasks() -> None:
    assert {name: next(iter(tallies)) for name, tallies in METRICS.items()} == {
        name: task.headline for name, task in TASKS.items()
    }


def test_tallies_of_a_group_are_added_in_the_order_of_groups() -> None:
    table = np.array([[1, 1, 1], [0, 1, 1], [1, 2, 3], [0, 0, 1]])
    np.testing.assert_array_equal(by_group(table, ["b", "a", "b", "a"]), [[2, 3, 4], [0, 1, 2]])
    halves = by_group(np.array([[0.5, 1, 1], [0.5, 1, 1]]), [7, 7])
    np.testing.assert_array_equal(halves, [[1, 2, 2]])
