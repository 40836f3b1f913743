"""What the posts of the embedded corpora tell, and what they must not tell."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from tandem.corpora.embedded import templates
from tandem.corpora.embedded.names import AMBIGUOUS, TYPES, unambiguous
from tandem.corpora.embedded.posts import THEMES, Post, Theme, Writer, write_posts

SIZES = {"train": 900, "test": 500}


def posts_of(theme: Theme, *, split: str = "train", size: int = 900, seed: int = 13, **shares: float) -> list[Post]:
    defaults = {"ambiguous": 0.6, "irrelevant": 0.12, "missing": 0.03}
    return write_posts(theme, split=split, size=size, seed=seed, **(defaults | shares))


def names_in(posts: list[Post]) -> Counter[str]:
    found: Counter[str] = Counter()
    for post in posts:
        parts: list[str] = []
        for word, tag in zip((*post.words, ""), (*post.tags, "O"), strict=True):
            if not tag.startswith("I-") and parts:
                found[" ".join(parts)] += 1
                parts = []
            if tag != "O":
                parts.append(word)
    return found


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_posts_lists_of_names_share_no_word(theme: Theme) -> None:
    lists = {"ambiguous": AMBIGUOUS, **unambiguous(theme.word)}
    assert len(AMBIGUOUS) == len(set(AMBIGUOUS)) >= 40
    owner: dict[str, str] = {}
    for label, names in lists.items():
        for word in {word for name in names for word in name.split(" ")}:
            assert owner.setdefault(word, label) == label, word
    said = [*templates.ANY, *templates.PAIR, *(text for texts in templates.TYPED.values() for text in texts)]
    said += [text for table in (templates.CHATTER, templates.OPENERS, templates.ENDINGS) for text in table[theme.word]]
    assert not {word for text in said for word in text.split(" ")} & set(owner)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_posts_are_well_formed(theme: Theme) -> None:
    posts = posts_of(theme, size=3000)
    for post in posts:
        assert 5 <= len(post.words) == len(post.tags) <= 25
        assert all(word and not any(mark.isspace() for mark in word) for word in post.words)
        assert sum(tag.startswith("B-") for tag in post.tags) == len(post.mentions) <= 2
        for before, tag in zip(("O", *post.tags), post.tags, strict=False):
            assert not tag.startswith("I-") or before[2:] == tag[2:]
    ambiguous = names_in(posts).keys() & set(AMBIGUOUS)
    assert ambiguous == set(AMBIGUOUS)
    assert sum(post.ambiguous is not None for post in posts) == 1800
    assert any("\u200d" in word for post in posts for word in post.words)
    assert any(not post.mentions for post in posts)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_posts_words_do_not_depend_on_the_ambiguous_type(theme: Theme) -> None:
    """The same words come out whatever the types are drawn to be: no text can tell them."""

    def words(kind: str) -> list[tuple[str, ...]]:
        writer = Writer(theme=theme, chance=random.Random(5), written=set())
        return [tuple(word for word, _ in writer.write(kind)[0]) for _ in range(300)]

    assert all(words(kind) == words("PER") for kind in TYPES)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_posts_types_follow_the_prior_for_every_name(theme: Theme) -> None:
    posts = posts_of(theme, size=20_000, ambiguous=1.0)
    types = Counter(post.ambiguous for post in posts)
    for kind in TYPES:
        assert types[kind] / len(posts) == pytest.approx(theme.prior[kind], abs=0.015)
    # A chi-squared of the table name x type: 4 expected standard deviations above its mean would show a link.
    first = Counter(
        (next(w for w, t in zip(p.words, p.tags, strict=True) if t == f"B-{p.ambiguous}"), p.ambiguous)
        for p in posts
        if len(p.mentions) == 1
    )
    names = sorted({name for name, _ in first})
    table = np.array([[first[name, kind] for kind in TYPES] for name in names], dtype=float)
    expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    freedom = (len(names) - 1) * (len(TYPES) - 1)
    assert ((table - expected) ** 2 / expected).sum() < freedom + 4 * (2 * freedom) ** 0.5


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_posts_pictures_have_the_asked_for_shares(theme: Theme) -> None:
    posts = posts_of(theme, size=20_000, irrelevant=0.2, missing=0.1)
    assert sum(post.picture is None for post in posts) / len(posts) == pytest.approx(0.1, abs=0.01)
    hard = [post for post in posts if post.ambiguous is not None and post.picture is not None]
    assert np.mean([post.relevant for post in hard]) == pytest.approx(0.8, abs=0.015)
    assert np.mean([post.picture == post.ambiguous for post in hard]) == pytest.approx(0.85, abs=0.015)
    rest = Counter(post.picture for post in posts if post.ambiguous is None and post.picture is not None)
    for kind in TYPES:
        assert rest[kind] / rest.total() == pytest.approx(0.25, abs=0.02)
    for kind in TYPES:  # nor do the unambiguous mentions tell the picture
        shown = [post.picture == kind for post in posts if post.ambiguous is None and kind in post.mentions]
        assert np.mean(shown) == pytest.approx(0.25 * 0.9, abs=0.035)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("seed", [1, 13])
def test_posts_names_of_the_test_split_come_several_times_in_train(theme: Theme, seed: int) -> None:
    train = names_in(posts_of(theme, split="train", size=SIZES["train"], seed=seed))
    test = names_in(posts_of(theme, split="test", size=SIZES["test"], seed=seed))
    assert min(train[name] for name in test) >= 3


def test_posts_share_of_irrelevant_pictures_leaves_the_text_alone() -> None:
    calm, wild = posts_of(THEMES[0], irrelevant=0.0), posts_of(THEMES[0], irrelevant=0.9, missing=0.5)
    assert [(post.words, post.tags) for post in calm] == [(post.words, post.tags) for post in wild]


def test_posts_themes_differ_in_their_modal_type() -> None:
    modes = [max(theme.prior, key=lambda kind: theme.prior[kind]) for theme in THEMES]
    assert modes == ["PER", "LOC"]
    assert all(sum(theme.prior.values()) == pytest.approx(1) for theme in THEMES)
