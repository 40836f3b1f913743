"""Exchanged pictures, and the summary over seeds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.evaluation.controls import CONTROLS, conditions, exchanged_pictures, no_pictures
from tandem.evaluation.summary import score_seed, summarise
from tandem.tasks import NER, RE


@given(st.lists(st.booleans(), min_size=2, max_size=30), st.integers(0, 99))
def test_controls_exchange_every_picture_and_keep_gaps(present: list[bool], seed: int) -> None:
    own = [f"image-{row}" if there else None for row, there in enumerate(present)]
    exchanged = exchanged_pictures(own, seed=seed)
    assert sorted(filter(None, exchanged)) == sorted(filter(None, own))
    assert [picture is None for picture in exchanged] == [picture is None for picture in own]
    if sum(present) > 1:
        assert all(new != old for new, old in zip(exchanged, own, strict=True) if old)


def test_controls_without_pictures() -> None:
    assert no_pictures(["a", None]) == [None, None]


def test_controls_are_conditions_beside_the_own_pictures() -> None:
    own = ["a", None, "b", "c"]
    pictures = conditions(own, seed=3)
    assert list(pictures) == ["predicted", *CONTROLS]
    assert pictures["predicted"] == own
    assert pictures["shuffled_image"] == exchanged_pictures(own, seed=3)
    assert pictures["no_image"] == [None] * 4
    assert pictures["noise_image"] == own  # noise takes their place where they are read


def test_summary_holds_means_deviations_and_seeds() -> None:
    gold = [["B-PER", "O"], ["B-LOC", "O"]]
    right = {"predicted": gold, "shuffled_image": gold, "no_image": [["O", "O"], ["O", "O"]]}
    half = right | {"predicted": [["B-PER", "O"], ["B-PER", "O"]]}
    summary = summarise(NER, {2: score_seed(NER, gold, half, 0.25), 1: score_seed(NER, gold, right, 0.75)}, 2)
    assert summary["span"]["f1"] == pytest.approx(0.75)
    assert summary["std"]["span"]["f1"] == pytest.approx(0.5 / 2**0.5)
    assert summary["by_seed"] == {"1": 1.0, "2": 0.5}
    assert summary["controls"]["no_image"] == {"f1": 0.0, "delta": pytest.approx(0.75)}
    assert summary["controls"]["shuffled_image"]["delta"] == pytest.approx(-0.25)
    assert (summary["valid"]["f1"], summary["seeds"], summary["sentences"]) == (0.5, 2, 2)
    spans = ["span", "span_strict", "span_macro", "span_weighted", "per_type", "partial"]
    scores = [*spans, "token", "token_entities", "controls", "valid"]
    assert list(summary) == [*scores, "std", "seeds", "sentences", "by_seed"]
    interval = {"f1": {"low": 0.5, "high": 1.0}}
    summary = summarise(NER, {1: score_seed(NER, gold, right)}, 2, {"task": "ner"}, interval)
    assert summary["interval"] == interval
    assert "interval" not in summary["std"]


def test_summary_has_the_controls_and_the_twin_that_there_are_predictions_of() -> None:
    gold = [["B-PER", "O"], ["B-LOC", "O"]]
    half = [["B-PER", "O"], ["B-PER", "O"]]
    scores = score_seed(NER, gold, {"predicted": gold, "noise_image": half, "text_only": half})
    assert scores["controls"] == {"noise_image": {"f1": 0.5, "delta": 0.5}}
    assert scores["twin"] == {"f1": 0.5, "delta": 0.5}
    assert "twin" not in score_seed(NER, gold, {"predicted": gold})


def test_summary_of_relations_holds_their_facts() -> None:
    gold = ["peer", "None", "peer"]
    right = {"predicted": gold, "shuffled_image": ["None"] * 3, "no_image": ["peer"] * 3}
    half = right | {"predicted": ["peer", "rare", "None"]}
    facts = {"task": "re", "without_test_case": ["rare"]}
    summary = summarise(RE, {1: score_seed(RE, gold, right, 0.5), 2: score_seed(RE, gold, half, 0.7)}, 3, facts)
    assert summary["by_seed"] == {"1": 1.0, "2": 0.5}
    assert summary["relation"]["f1"] == pytest.approx(0.75)
    assert summary["controls"]["shuffled_image"] == {"f1": 0.0, "delta": pytest.approx(0.75)}
    assert summary["controls"]["no_image"]["f1"] == pytest.approx(0.8)
    assert summary["confusion"] == {"None": {"None": 0.5, "rare": 0.5}, "peer": {"None": 0.5, "peer": 1.5}}
    assert list(summary["per_relation"]) == ["peer"]
    assert summary["valid"] == {"f1": pytest.approx(0.6)}
    assert (summary["task"], summary["without_test_case"]) == ("re", ["rare"])
    scores = ["relation", "relation_macro", "accuracy", "weighted_f1", "per_relation", "confusion", "controls", "valid"]
    assert list(summary) == [*scores, "std", "seeds", "sentences", "by_seed", "task", "without_test_case"]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.integers(0, 99))
def test_controls_exchange_pictures_that_sentences_share(pictures: list[int], seed: int) -> None:
    own = [f"image-{number}" for number in pictures]
    exchanged = exchanged_pictures(own, seed=seed)
    assert sorted(filter(None, exchanged)) == sorted(own)
    if 2 * max(map(own.count, own)) <= len(own):
        assert all(new != old for new, old in zip(exchanged, own, strict=True))
