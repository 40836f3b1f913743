"""What the picture changed."""

from __future__ import annotations

import pytest

from tandem.inference.prediction import Mention, Prediction
from tandem.serving.answer import NOTES, changes_of, note_of
from tandem.vision.pictures import STATUSES


def mentions(*spans: tuple[str, int, int]) -> tuple[Mention, ...]:
    return tuple(Mention("x" * (end - start), kind, start, end, 0.5) for kind, start, end in spans)


@pytest.mark.parametrize(
    ("seen", "blind", "expected"),
    [
        ([("PER", 0, 2)], [("PER", 0, 2)], []),
        ([("PER", 0, 2)], [("LOC", 0, 2)], [("retyped", 0, 0)]),
        ([("PER", 4, 6)], [("PER", 0, 2)], [("lost", None, 0), ("gained", 0, None)]),
        ([("PER", 0, 4)], [("PER", 0, 2)], [("moved", 0, 0)]),
        ([("PER", 0, 9)], [("PER", 0, 2), ("LOC", 3, 9)], [("moved", 0, 0), ("lost", None, 1)]),
        ([("PER", 0, 2), ("LOC", 3, 9)], [("PER", 0, 9)], [("moved", 0, 0), ("moved", 1, 0)]),
        ([("PER", 0, 2), ("LOC", 3, 5)], [("LOC", 3, 5)], [("gained", 0, None)]),
        ([], [("LOC", 3, 5)], [("lost", None, 0)]),
        ([("PER", 0, 2)], [("PER", 2, 4)], [("gained", 0, None), ("lost", None, 0)]),
    ],
)
def test_answer_tells_what_the_picture_changed(seen, blind, expected) -> None:
    prediction = Prediction("x" * 9, (), mentions(*seen), without_image=mentions(*blind))
    found = changes_of(prediction)
    assert found is not None
    assert [(change.kind, change.mention, change.without) for change in found] == expected


def test_answer_without_comparison_tells_no_changes() -> None:
    assert changes_of(Prediction("x", (), mentions(("PER", 0, 1)))) is None


def test_answer_has_a_sentence_for_each_picture_that_was_not_read() -> None:
    said = {status: note_of(Prediction("x", (), (), picture=status)) for status in (*STATUSES, "none", "not used")}
    assert said.pop("ok") is said.pop("none") is None
    assert said == NOTES
    assert note_of(Prediction("x", (), (), picture="odd")) == NOTES["broken"]
