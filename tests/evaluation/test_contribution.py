"""Rows that the picture decides."""

from __future__ import annotations

from tandem.evaluation.contribution import contribution


def test_contribution_counts_rows_by_what_the_picture_did() -> None:
    gold = ["a", "a", "a", "a", "a"]
    own = ["a", "a", "b", "b", "b"]
    without = ["a", "b", "a", "c", "b"]
    # Unchanged, helped, harmed, wrong either way, unchanged.
    assert contribution(gold, own, without) == {"changed": 3, "helped": 1, "harmed": 1}
    assert contribution(gold, without, own) == {"changed": 3, "helped": 1, "harmed": 1}
    assert contribution(gold, gold, own) == {"changed": 3, "helped": 3, "harmed": 0}
    assert contribution([], [], []) == {"changed": 0, "helped": 0, "harmed": 0}
