"""Pairs of gold and predicted entities."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tandem.evaluation.spans import Span, spans
from tandem.reporting.alignment import align

TAGS = st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"]), min_size=8, max_size=8)


def kinds(gold: list[Span], predicted: list[Span]) -> list[str]:
    return [pair.kind for pair in align(gold, predicted)]


def test_align_names_every_kind_of_error() -> None:
    gold = [Span("A", 0, 2)]
    assert kinds(gold, [Span("A", 0, 2)]) == ["right"]
    assert kinds(gold, [Span("B", 0, 2)]) == ["type"]
    assert kinds(gold, [Span("A", 1, 3)]) == ["boundary"]
    assert kinds(gold, [Span("B", 1, 3)]) == ["both"]
    assert kinds(gold, []) == ["missed"]
    assert kinds(gold, [Span("A", 2, 3)]) == ["missed", "invented"]


def test_align_takes_the_most_words_then_the_same_type() -> None:
    longer, shorter = Span("B", 0, 3), Span("A", 3, 4)
    assert align([Span("A", 0, 4)], [shorter, longer])[0].predicted == longer
    same, other = Span("A", 0, 1), Span("B", 1, 2)
    assert align([Span("B", 0, 2)], [same, other])[0].predicted == other


@given(TAGS, TAGS)
def test_align_has_every_entity_once_and_pairs_what_overlaps(one: list[str], two: list[str]) -> None:
    gold, predicted = spans(one, "default"), spans(two, "default")
    pairs = align(gold, predicted)
    assert sorted(pair.gold for pair in pairs if pair.gold) == sorted(gold)
    assert sorted(pair.predicted for pair in pairs if pair.predicted) == sorted(predicted)
    assert sum(pair.kind == "right" for pair in pairs) == len(set(gold) & set(predicted))
    lonely = [pair.gold or pair.predicted for pair in pairs if not (pair.gold and pair.predicted)]
    for pair in pairs:
        if pair.gold and pair.predicted:
            assert min(pair.gold.end, pair.predicted.end) > max(pair.gold.start, pair.predicted.start)
    free = [span for span in lonely if span in gold], [span for span in lonely if span in predicted]
    if not set(gold) & set(predicted):  # else one span may stand for both sides
        assert not any(min(a.end, b.end) > max(a.start, b.start) for a in free[0] for b in free[1])
