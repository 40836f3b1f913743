"""What is read out of the answer of `dvc metrics diff --json --all`."""

from __future__ import annotations

import json
from typing import Any

from tandem.review.scores import Score, read_scores


def value(old: Any, new: Any) -> dict[str, Any]:
    return {key: number for key, number in (("old", old), ("new", new)) if number is not None}


ANSWER = {
    "metrics/evaluate/social.json": {
        "task": value("ner", "ner"),
        "token.accuracy": value(0.9, 0.91),
        "controls.no_image.f1": value(0.6, 0.5),
        "span.recall": value(0.8, 0.8),
        "span.f1": value(0.8, 0.85),
        "span_strict.f1": value(0.7, 0.7),
    },
    "metrics/evaluate/pairs.json": {"relation.f1": value(None, 0.5), "relation.precision": value(None, 0.4)},
    "metrics/transfer/social-social.json": {"span.f1": value(0.8, 0.85)},
    "metrics/transfer/social-pairs.json": {"joint.f1": value(0.3, 0.2)},
    "metrics/transfer/a-b-a.json": {"span.f1": value(0.3, 0.2)},
    "metrics/ceiling.json": {"social": value(0.94, 0.94 + 1e-12)},
}


def test_scores_of_each_corpus_begin_with_its_headline() -> None:
    found = read_scores(json.dumps(ANSWER))
    assert found.headlines == {
        "social": Score("social", "span F1", 0.8, 0.85),
        "pairs": Score("pairs", "relation F1", None, 0.5),
    }
    assert [(score.corpus, score.name) for score in found.below] == [
        ("social", "recall"),
        ("social", "no pictures"),
        ("pairs", "precision"),
        ("social-pairs", "transfer, entities and relations F1"),
        ("a-b-a", "transfer, span F1"),
    ]


def test_scores_count_what_moved_of_all_numbers() -> None:
    found = read_scores(json.dumps(ANSWER))
    assert (found.files, found.values, found.moved) == (6, 11, 8)
    assert read_scores("{}").files == 0


def test_scores_move_where_they_differ_come_or_go() -> None:
    assert Score("", "", 0.5, 0.5 + 1e-6).moved
    assert Score("", "", None, 0.5).moved
    assert Score("", "", 0.5, None).moved
    assert not Score("", "", 0.5, 0.5 + 1e-12).moved
    assert not Score("", "", None, None).moved
