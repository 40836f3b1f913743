"""Entity markers: every pair of spans, and the way back to the words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.text.markers import Marker, mark

PAIRS = (
    (Marker.HEAD_START, Marker.HEAD_END),
    (Marker.TAIL_START, Marker.TAIL_END),
)


def written(words, head, tail) -> str:
    return " ".join(word.value if isinstance(word, Marker) else word for word in mark(words, head, tail).words)


@pytest.mark.parametrize(
    ("head", "tail", "expected"),
    [
        ((0, 1), (2, 3), "[E1] a [/E1] b [E2] c [/E2]"),
        ((2, 3), (0, 1), "[E2] a [/E2] b [E1] c [/E1]"),
        ((0, 1), (1, 3), "[E1] a [/E1] [E2] b c [/E2]"),  # adjacent: closed before opened
        ((1, 3), (0, 1), "[E2] a [/E2] [E1] b c [/E1]"),
        ((0, 2), (1, 3), "[E1] a [E2] b [/E1] c [/E2]"),  # overlapping
        ((1, 3), (0, 2), "[E2] a [E1] b [/E2] c [/E1]"),
        ((0, 3), (1, 2), "[E1] a [E2] b [/E2] c [/E1]"),  # nested
        ((0, 1), (0, 3), "[E2] [E1] a [/E1] b c [/E2]"),  # one start: the longer one outside
        ((0, 3), (0, 1), "[E1] [E2] a [/E2] b c [/E1]"),
        ((2, 3), (0, 3), "[E2] a b [E1] c [/E1] [/E2]"),  # one end: the shorter one inside
        ((0, 3), (2, 3), "[E1] a b [E2] c [/E2] [/E1]"),
        ((0, 3), (0, 3), "[E1] [E2] a b c [/E2] [/E1]"),  # equal: the head outside
    ],
)
def test_markers_stand_in_a_fixed_order(head, tail, expected) -> None:
    assert written(["a", "b", "c"], head, tail) == expected


def test_markers_single_word_sentence() -> None:
    assert written(["a"], (0, 1), (0, 1)) == "[E1] [E2] a [/E2] [/E1]"


@pytest.mark.parametrize(("head", "tail"), [((0, 0), (0, 1)), ((0, 1), (1, 3)), ((-1, 1), (0, 1)), ((0, 1), (1, 0))])
def test_markers_reject_a_span_outside_the_sentence(head, tail) -> None:
    with pytest.raises(ValueError, match=r"is no span of a sentence of 2 words"):
        mark(["a", "b"], head, tail)


@st.composite
def sentences(draw):
    texts = st.one_of(st.sampled_from([marker.value for marker in Marker]), st.text(max_size=3))
    words = draw(st.lists(texts, min_size=1, max_size=8))
    spans = []
    for _ in range(2):
        start = draw(st.integers(0, len(words) - 1))
        spans.append((start, draw(st.integers(start + 1, len(words)))))
    return words, *spans


@given(sentences())
def test_markers_leave_the_words_and_enclose_the_entities(sentence) -> None:
    words, head, tail = sentence
    marked = mark(words, head, tail)
    assert [word for word in marked.words if not isinstance(word, Marker)] == words
    assert sorted(word.name for word in marked.words if isinstance(word, Marker)) == sorted(m.name for m in Marker)
    assert marked.words[marked.head_start] is Marker.HEAD_START
    assert marked.words[marked.tail_start] is Marker.TAIL_START
    for span, places, (opening, close) in zip((head, tail), (marked.head_words, marked.tail_words), PAIRS, strict=True):
        assert [marked.words[place] for place in places] == words[slice(*span)]
        between = range(marked.words.index(opening) + 1, marked.words.index(close))
        assert [place for place in between if not isinstance(marked.words[place], Marker)] == places


@given(sentences())
def test_markers_nest_like_brackets_unless_the_spans_overlap(sentence) -> None:
    words, head, tail = sentence
    order = [word for word in mark(words, head, tail).words if isinstance(word, Marker)]
    crossing = head[0] < tail[0] < head[1] < tail[1] or tail[0] < head[0] < tail[1] < head[1]
    stack: list[Marker] = []
    closes = {close: opening for opening, close in PAIRS}
    balanced = all(stack.pop() is closes[marker] if marker in closes else not stack.append(marker) for marker in order)
    assert balanced is not crossing
