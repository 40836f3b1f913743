"""Weights of words by what the words are."""

from __future__ import annotations

import pytest

from tandem.evaluation.explanation import mean_weights


def test_explanation_averages_over_words_that_have_a_weight() -> None:
    weights = [[0.2, 0.4, 0.9], None, [0.6, None]]
    names = [["PER", "PER", None], ["PER", "LOC"], [None, "PER"]]
    assert mean_weights(weights, names) == {"PER": pytest.approx(0.3), None: pytest.approx(0.75)}
    assert mean_weights([None], [["PER"]]) == {}
