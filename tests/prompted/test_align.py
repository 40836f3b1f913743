"""Texts back to words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.evaluation.spans import Span, spans
from tandem.prompted.align import Words, align, entities_of, light, tags_of
from tandem.prompted.parse import Entity


def placed(post: str, *entities: Entity) -> list[tuple[str, int, int]]:
    found, refused = align(post.split(), entities)
    assert not refused
    return [tuple(span) for span in found]


def refused(post: str, *entities: Entity) -> dict[str, int]:
    return dict(align(post.split(), entities)[1])


def per(text: str, start: int | None = None) -> Entity:
    return Entity(text, "PER", start)


def test_align_places_entities_on_whole_words() -> None:
    post = "RT @x : Ann Lee 's trip to Rome"
    assert placed(post, per("Ann Lee"), Entity("Rome", "LOC")) == [("PER", 3, 5), ("LOC", 8, 9)]
    assert placed(post, Entity("Rome", "LOC"), per("Ann Lee")) == [("PER", 3, 5), ("LOC", 8, 9)]


@pytest.mark.parametrize(
    ("post", "text", "place"),
    [
        ("saw Ann 's dog", "Ann's", (1, 3)),
        ("saw Ann ’s dog", "Ann's", (1, 3)),
        ("“ Ann ” said", '"Ann"', (0, 3)),
        ("the U.S. – Cuba talks", "U.S. - Cuba", (1, 4)),
        ("at Café", "Cafe\u0301", (1, 2)),
        ("at Ｒｏｍｅ", "Rome", (1, 2)),
        ("New York", " New  York\n", (0, 2)),
    ],
)
def test_align_reads_both_sides_alike(post, text, place) -> None:
    assert placed(post, per(text)) == [("PER", *place)]


@pytest.mark.parametrize(
    ("post", "text", "reason"),
    [
        ("saw Ann", "Bob", "not_in_text"),
        ("saw Ann", "ann", "not_in_text"),
        ("saw Ann", "", "not_in_text"),
        ("saw Ann", " ", "not_in_text"),
        ("", "Ann", "not_in_text"),
        ("saw #Ann", "Ann", "partial_word"),
        ("saw Annika", "Ann", "partial_word"),
        ("saw Ann Leeson", "Ann Lee", "partial_word"),
        ("saw Joann Lee", "ann Lee", "partial_word"),
        ("saw the sea", "th", "partial_word"),
    ],
)
def test_align_refuses_what_is_no_row_of_whole_words(post, text, reason) -> None:
    assert refused(post, per(text)) == {reason: 1}


def test_align_uses_each_occurrence_once_in_order() -> None:
    post = "Ann and Ann met Bob and Ann"
    assert placed(post, per("Ann"), per("Ann")) == [("PER", 0, 1), ("PER", 2, 3)]
    # After Bob comes the third; the first ones are free for those listed later.
    listed = per("Bob"), per("Ann"), per("Ann"), per("Ann")
    assert [place[1] for place in placed(post, *listed)] == [0, 2, 4, 6]
    assert align(post.split(), listed[:2])[0] == [Span("PER", 4, 5), Span("PER", 6, 7)]
    assert refused(post, *[per("Ann")] * 5) == {"overlapping": 2}


def test_align_takes_a_later_occurrence_where_the_first_is_part_of_another_entity() -> None:
    post = "New York Times reports from New York"
    found = placed(post, Entity("New York Times", "ORG"), Entity("New York", "LOC"))
    assert found == [("ORG", 0, 3), ("LOC", 5, 7)]
    assert refused("New York Times", per("New York"), per("York Times")) == {"overlapping": 1}


def test_align_holds_a_model_to_its_start_word() -> None:
    post = "Ann and Ann and Ann"
    assert placed(post, per("Ann", 2)) == [("PER", 2, 3)]
    assert placed(post, per("Ann", 4), per("Ann")) == [("PER", 0, 1), ("PER", 4, 5)]
    assert refused(post, per("Ann", 1)) == {"wrong_start": 1}
    assert refused(post, per("Ann", 99)) == {"wrong_start": 1}
    assert refused(post, per("Ann", 2), per("Ann", 2)) == {"overlapping": 1}


def test_align_finds_every_occurrence() -> None:
    assert Words(["a", "a", "a", "b"]).occurrences("a a") == [(0, 2), (1, 3)]
    # Blanks do not count, word boundaries do.
    assert Words(["aa", "a", "aa"]).occurrences("aa") == [(0, 1), (2, 3)]
    # A word of which nothing is left is at no edge.
    assert Words(["\u00a0", "Ann", "\u00a0", "Lee", "\u00a0"]).occurrences("Ann Lee") == [(1, 4)]


def test_align_names_the_start_word_only_where_it_is_needed() -> None:
    words = ["Ann", "met", "Bob", "and", "Ann", "Lee", "met", "Ann"]
    tags = ["O", "O", "B-PER", "O", "B-PER", "I-PER", "O", "I-PER"]
    assert entities_of(words, tags) == [per("Bob"), per("Ann Lee"), per("Ann", 7)]


def test_align_writes_tags() -> None:
    assert tags_of([Span("PER", 1, 3), Span("LOC", 3, 4)], 5) == ["O", "B-PER", "I-PER", "B-LOC", "O"]


words = st.lists(
    st.text(st.sampled_from("ab'’é–\u0301ﬁ\u00a0"), min_size=1, max_size=3).filter(light)
    | st.sampled_from(["a", "Ann"]),
    min_size=1,
    max_size=12,
)


@st.composite
def tagged(draw) -> tuple[list[str], list[str]]:
    post = draw(words)
    tags: list[str] = []
    for _ in post:
        inside = [f"I-{tags[-1][2:]}"] if tags and tags[-1] != "O" else []
        tags.append(draw(st.sampled_from(["O", "B-PER", "B-LOC", *inside])))
    return post, tags


@given(tagged())
def test_align_gives_back_the_gold_that_it_is_told(example) -> None:
    post, tags = example
    found, refused = align(post, entities_of(post, tags))
    assert not refused
    assert tags_of(found, len(post)) == tags


@given(words, st.lists(st.text(st.sampled_from("ab ’'nA"), max_size=5) | words.map(" ".join)), st.data())
def test_align_never_invents_or_overlaps(post, texts, data) -> None:
    starts = [data.draw(st.none() | st.integers(0, len(post))) for _ in texts]
    listed = [per(text, start) for text, start in zip(texts, starts, strict=True)]
    found, refused = align(post, listed)
    assert len(found) + refused.total() == len(listed)
    assert set(refused) <= {"not_in_text", "partial_word", "wrong_start", "overlapping"}
    assert spans(tags_of(found, len(post)), "strict") == found
    allowed = {light(text) for text in texts}
    assert all(light(" ".join(post[span.start : span.end])) in allowed for span in found)


@given(st.lists(st.text(max_size=4)))
def test_align_light_form_of_joined_words_is_that_of_each(texts) -> None:
    assert light(" ".join(texts)) == "".join(map(light, texts))
