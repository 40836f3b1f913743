"""Calibration against bins filled by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.evaluation.calibration import calibration, reliability

CLAIMS = st.lists(st.tuples(st.floats(0, 1) | st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0]), st.booleans()), max_size=60)


@given(CLAIMS, st.sampled_from([1, 10, 15]))
def test_calibration_equals_brute_force(claims: list[tuple[float, bool]], bins: int) -> None:
    filled: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in claims:
        place = next(number for number in range(bins) if confidence <= (number + 1) / bins)
        filled.setdefault(place, []).append((confidence, right))
    rows = []
    for place, own in sorted(filled.items()):
        mean = math.fsum(confidence for confidence, _ in own) / len(own)
        accuracy = sum(right for _, right in own) / len(own)
        rows.append((place / bins, (place + 1) / bins, len(own), mean, accuracy))
    confidences, right = [one for one, _ in claims], [one for _, one in claims]
    found = [tuple(one.values()) for one in reliability(confidences, right, bins=bins)]
    assert [one[:3] for one in found] == [row[:3] for row in rows]
    assert [value for one in found for value in one] == pytest.approx([value for row in rows for value in row])
    scores = calibration(confidences, right, bins=bins)
    assert scores["items"] == len(claims)
    ece = sum(items * abs(mean - accuracy) for _, _, items, mean, accuracy in rows) / max(1, len(claims))
    assert scores["ece"] == pytest.approx(ece)
    brier = math.fsum((confidence - right) ** 2 for confidence, right in claims) / max(1, len(claims))
    assert scores["brier"] == pytest.approx(brier)


def test_calibration_of_honest_and_of_boastful_confidences() -> None:
    honest = calibration([0.75] * 4, [True, True, True, False])
    assert honest == {"ece": 0.0, "brier": pytest.approx(0.1875), "items": 4}
    assert calibration([1.0] * 4, [False] * 4) == {"ece": 1.0, "brier": 1.0, "items": 4}
    assert calibration([], []) == {"ece": 0.0, "brier": 0.0, "items": 0}
    assert reliability([], []) == []


@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.nan])
def test_calibration_rejects_what_is_no_probability(wrong: float) -> None:
    with pytest.raises(ValueError, match=f"confidence {wrong} is no probability"):
        calibration([0.5, wrong], [True, True])


def test_calibration_rejects_other_lengths() -> None:
    with pytest.raises(ValueError, match="2 confidences but 1 verdicts"):
        reliability([0.5, 0.5], [True])
