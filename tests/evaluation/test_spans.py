"""Spans by both readings, on hand-made cases and against seqeval."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB2, Entities

from tandem.evaluation.spans import Span, spans

TAGS = ["O", *(f"{prefix}-{kind}" for kind in ("PER", "LOC", "geo-loc", "O") for prefix in "BI")]


@pytest.mark.parametrize(
    ("tags", "default", "strict"),
    [
        ([], [], []),
        (["O", "O"], [], []),
        (["B-PER", "I-PER", "O"], [("PER", 0, 2)], [("PER", 0, 2)]),
        (["B-PER", "B-PER"], [("PER", 0, 1), ("PER", 1, 2)], [("PER", 0, 1), ("PER", 1, 2)]),
        (["O", "I-PER", "I-PER"], [("PER", 1, 3)], []),
        (["I-PER"], [("PER", 0, 1)], []),
        (["B-PER", "I-LOC", "I-LOC"], [("PER", 0, 1), ("LOC", 1, 3)], [("PER", 0, 1)]),
        (["B-geo-loc", "I-geo-loc"], [("geo-loc", 0, 2)], [("geo-loc", 0, 2)]),
    ],
)
def test_spans_read_orphans_by_mode(tags: list[str], default: list[tuple], strict: list[tuple]) -> None:
    assert spans(tags, "default") == [Span(*span) for span in default]
    assert spans(tags, "strict") == [Span(*span) for span in strict]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(TAGS), max_size=14))
def test_spans_equal_those_of_seqeval(tags: list[str]) -> None:
    assert spans(tags, "default") == [Span(kind, start, end + 1) for kind, start, end in get_entities(tags)]
    reference = Entities([tags], IOB2).entities[0]
    assert spans(tags, "strict") == [Span(entity.tag, entity.start, entity.end) for entity in reference]


@pytest.mark.parametrize("tag", ["PER", "B", "B-", "b-PER", "S-PER", ""])
def test_spans_refuse_what_is_not_bio(tag: str) -> None:
    with pytest.raises(ValueError, match=r"of word 1; allowed: O, B-<type>, I-<type>"):
        spans(["O", tag], "default")


def test_spans_refuse_an_unknown_mode() -> None:
    with pytest.raises(ValueError, match="allowed: default, strict"):
        spans(["O"], "lenient")  # type: ignore[arg-type]
