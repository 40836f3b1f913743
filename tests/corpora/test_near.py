"""Near posts: against brute force, and what counts as the same text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.corpora.near import LEAST_LIKENESS, MOST_COMPARED, KnownTexts, are_near, counting_words, text_of

# Few words, so that posts come near each other often.
posts = st.lists(st.sampled_from(["amy", "bob", "sees", "the", "sea", "Sea", "@amy", "http://t.co/x", "2"]), max_size=9)
WALK = ["amy", "and", "bob", "walk", "by", "the", "sea", "in", "the", "early", "morning", "sun"]


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0


@given(st.lists(posts, max_size=12), posts)
def test_near_is_what_brute_force_finds(known: list[list[str]], post: list[str]) -> None:
    texts, text = [text_of(words) for words in known], text_of(post)
    expected = {
        place
        for place, other in enumerate(texts)
        if other.exact != text.exact and other.pairs and jaccard(text.pairs, other.pairs) >= float(LEAST_LIKENESS)
    }
    found = KnownTexts(texts).near(text)
    assert (found is not None) == bool(expected)
    if found is not None:
        assert found in expected
    place = KnownTexts(texts).equal(text)
    assert place == next((n for n, other in enumerate(texts) if other.exact == text.exact), None)


@given(st.lists(posts, min_size=1, max_size=10), posts, st.randoms(use_true_random=False))
def test_near_does_not_depend_on_the_order(known: list[list[str]], post: list[str], chance) -> None:
    texts = [text_of(words) for words in known]
    first = KnownTexts(texts).near(text_of(post))
    chance.shuffle(texts)
    assert (KnownTexts(texts).near(text_of(post)) is None) == (first is None)


@given(posts, posts)
def test_near_is_mutual_and_holds_for_equal_texts(one: list[str], other: list[str]) -> None:
    a, b = text_of(one), text_of(other)
    assert are_near(a.pairs, b.pairs) == are_near(b.pairs, a.pairs)
    assert (KnownTexts([a]).near(b) is None) == (KnownTexts([b]).near(a) is None)
    if a.pairs:
        assert are_near(a.pairs, text_of(list(one)).pairs)
    assert KnownTexts([a]).near(text_of(list(one))) is None  # equal, and so not near besides


@pytest.mark.parametrize(
    "words",
    [
        "RT @ann_lee : Amy and Bob walk by the sea in the early morning sun http://t.co/x1Y",
        "amy AND #bob walk , by the sea in the early morning sun ! 😂 2",
        "@ ann amy and bob walk by the sea in the early morning sun https : //t . co/x1Y https://t.co/x1Y",
        "@Ann _ Lee amy and bob walk by the sea in the early morning sun",
        "amy and bob walk by the ｓea in the early morning sun www.sea.org/1",
    ],
)
def test_near_leaves_out_what_tells_nothing(words: str) -> None:
    assert counting_words(words.split()) == WALK
    assert KnownTexts([text_of(WALK)]).near(text_of(words.split())) == 0


def test_near_takes_a_word_more_and_not_another_name() -> None:
    known = KnownTexts([text_of(WALK), text_of(["amy", "is", "a", "cutie"])])
    assert known.near(text_of([*WALK, "again"])) == 0
    assert known.near(text_of(["bob", *WALK[1:-3]])) is None
    assert known.near(text_of(["bob", "is", "a", "cutie"])) is None


def test_near_counts_the_letters_of_scripts_without_blanks() -> None:
    assert counting_words(["今日は海", "сегодня"]) == ["今", "日", "は", "海", "сегодня"]
    assert KnownTexts([text_of(["今日は海に行きましたよ"])]).near(text_of(["今日は海に行きました!"])) == 0
    assert KnownTexts([text_of(["今日は海"])]).near(text_of(["明日は山"])) is None


@pytest.mark.parametrize("words", ["", "http://t.co/x", "RT @amy : Tokyo drift", "😂 😂 😂 😂"])
def test_near_says_nothing_of_posts_with_hardly_a_word(words: str) -> None:
    assert KnownTexts([text_of(words.split())]).near(text_of(["!", *words.split()])) is None


def test_near_compares_no_more_with_more_posts_by_one_template(monkeypatch) -> None:
    compared = 0

    def count(one: frozenset[str], other: frozenset[str]) -> bool:
        nonlocal compared
        compared += 1
        return are_near(one, other)

    monkeypatch.setattr("tandem.corpora.near.are_near", count)
    letters = "abcdefghijklmno"
    names = [one + other for one in letters for other in letters]
    texts = [text_of(["amy", name, "a", other, "b", name, "c"]) for name in names[:60] for other in names[60:120]]
    known = KnownTexts(texts)
    assert known.near(text_of(["nobody", "knows", "amy", "aa", "a", "zz", "zy", "zx"])) is None
    for text in texts[:20]:
        known.near(text)
    assert compared <= 21 * MOST_COMPARED
