"""What is gathered of readings over seeds, on numbers small enough to count."""

from __future__ import annotations

import pytest

from tandem.evaluation.spans import Span
from tandem.inference.held_out import HeldOut
from tandem.inference.insight import Insight
from tandem.models.reading import Reading
from tandem.tasks import NER, RE


@pytest.fixture
def sentences(tiny_corpus, tiny_features) -> HeldOut:
    """Two sentences with a person each."""
    samples = tiny_corpus("test", 2)
    words = [["Ann", "Lee", "smiles"], ["a", "Bob"]]
    tags = [["B-PER", "I-PER", "O"], ["O", "B-PER"]]
    rows = [
        type(one)(**{**vars(one), "words": own, "tags": said})
        for one, own, said in zip(samples, words, tags, strict=True)
    ]
    return HeldOut("tiny", NER, rows, tiny_features(samples))


def readings(first: Reading, second: Reading, without: list[list[str]]) -> dict[str, list[Reading]]:
    return {"predicted": [first, second], "no_image": [Reading(said, [], []) for said in without]}


def test_insight_judges_entities_by_type_and_both_ends(sentences) -> None:
    insight = Insight(sentences)
    right = Reading(["B-PER", "I-PER", "O"], [Span("PER", 0, 2)], [0.9], [0.2, 0.4, 0.5])
    wrong = Reading(["O", "B-LOC"], [Span("LOC", 1, 2)], [0.6])
    one = insight.score(readings(right, wrong, [["O", "O", "O"], ["O", "B-PER"]]), "gate")
    assert one["calibration"] == {"ece": pytest.approx(0.35), "brier": pytest.approx((0.01 + 0.36) / 2), "items": 2}
    assert one["picture"] == {"changed": 2, "helped": 1, "harmed": 1}
    # The second sentence has no picture.
    assert one["explanation"] == {"per_type": {"PER": pytest.approx(0.3)}, "outside": 0.5}
    silent = Reading(["O", "O"], [], [], [0.1, 0.3])
    # An orphan I- is the same entity.
    other = insight.score(readings(right, silent, [["I-PER", "I-PER", "O"], ["O", "O"]]), "gate")
    assert other["calibration"]["items"] == 1
    assert other["picture"] == {"changed": 0, "helped": 0, "harmed": 0}
    assert other["explanation"] == {"per_type": {"PER": pytest.approx(0.3)}, "outside": pytest.approx(0.3)}
    summary = insight.complete({"calibration": {"ece": 0.1}, "explanation": {"outside": 0.4}, "span": {}})
    bins = summary["calibration"]["bins"]
    assert [(one["low"], one["high"], one["items"], one["accuracy"]) for one in bins] == [
        (0.5, 0.6, 1, 0.0),
        (0.8, 0.9, 2, 1.0),
    ]
    assert summary == {
        "span": {},
        "calibration": {"ece": 0.1, "bins": bins},
        "explanation": {"kind": "gate", "outside": 0.4},
    }


def test_insight_of_a_strategy_without_weights_says_so(sentences) -> None:
    insight = Insight(sentences)
    nothing = Reading(["O", "O", "O"], [], []), Reading(["O", "O"], [], [])
    scores = insight.score(readings(*nothing, [["O", "O", "O"], ["O", "O"]]), "none")
    assert "explanation" not in scores
    assert insight.complete(scores)["explanation"] == {"kind": "none"}
    assert insight.complete(scores)["calibration"] == {"ece": 0.0, "brier": 0.0, "items": 0, "bins": []}


def test_insight_judges_relations_with_none_among_them(tagged_pairs, tiny_features) -> None:
    rows = tagged_pairs("test", 2)
    insight = Insight(HeldOut("pairs", RE, rows, tiny_features(rows)))
    gold = [row.relation for row in rows]
    weights = [[0.5] + [None] * (len(row.words) - 1) for row in rows]
    own = [Reading(name, [name], [0.8], own) for name, own in zip(gold, weights, strict=True)]
    without = [Reading("None", [name], [0.1]) for name in gold]
    scores = insight.score({"predicted": own, "no_image": without}, "modality_weight")
    assert scores["calibration"] == {"ece": pytest.approx(0.2), "brier": pytest.approx(0.04), "items": 4}
    lost = sum(name != "None" for name in gold)
    assert scores["picture"] == {"changed": lost, "helped": lost, "harmed": 0}
    assert scores["explanation"] == {"per_relation": dict.fromkeys(sorted(set(gold)), 0.5)}
