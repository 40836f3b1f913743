"""What the posts of the embedded relation corpus tell, and what they must not tell."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tandem.corpora.embedded import relation_posts, templates
from tandem.corpora.embedded.names import AMBIGUOUS, TYPES, unambiguous
from tandem.corpora.embedded.relation_posts import (
    RELATIONS,
    RIDDLES,
    SYMMETRIC,
    TOLD_SHARES,
    RelationPost,
    kinds_of,
    write_relation_posts,
)
from tandem.corpora.embedded.relation_templates import TOLD, UNRELATED
from tandem.corpora.embedded.scenes import SCENES
from tandem.corpora.schema import NO_RELATION


def posts_of(*, split: str = "train", size: int = 600, seed: int = 13, **shares: float) -> list[RelationPost]:
    defaults = {"ambiguous": 0.6, "irrelevant": 0.12, "missing": 0.03}
    return write_relation_posts(split=split, size=size, seed=seed, **(defaults | shares))


def names_in(post: RelationPost) -> tuple[str, str]:
    (a, b), (c, d) = post.head, post.tail
    return " ".join(post.words[a:b]), " ".join(post.words[c:d])


def test_relation_posts_are_well_formed() -> None:
    owners = {name: kind for kind, names in unambiguous("social").items() for name in names}
    for post in posts_of(size=2000):
        assert 5 <= len(post.words) == len(post.tags) <= 25
        assert all(word and not any(mark.isspace() for mark in word) for word in post.words)
        assert sum(tag.startswith("B-") for tag in post.tags) == 2
        kinds = []
        for (start, end), name in zip((post.head, post.tail), names_in(post), strict=True):
            kinds.append(owners[name])
            assert post.tags[start:end] == (f"B-{kinds[-1]}", *[f"I-{kinds[-1]}"] * (end - start - 1))
        assert len(set(names_in(post))) == 2
        assert post.relation == NO_RELATION or kinds_of(post.relation) == tuple(kinds)
        assert post.riddle is None or post.riddle.kinds == tuple(kinds)


def test_relation_posts_have_a_row_each_way() -> None:
    for post in posts_of(size=300):
        there, back = post.rows()
        assert there == (post.head, post.tail, post.relation)
        assert back[:2] == (post.tail, post.head)
        assert back[2] == (post.relation if post.relation in SYMMETRIC else NO_RELATION)


def test_relation_posts_shares_sum_to_one_and_cover_what_there_is() -> None:
    assert sum(TOLD_SHARES.values()) == pytest.approx(1)
    assert set(TOLD_SHARES) == set(RELATIONS) == {NO_RELATION, *TOLD}
    assert sum(riddle.share for riddle in RIDDLES) == pytest.approx(1)
    answers: set[str] = set()
    for riddle in RIDDLES:
        assert sum(riddle.prior.values()) == pytest.approx(1)
        possible = {name for name, share in riddle.prior.items() if share} - {NO_RELATION}
        assert all(kinds_of(name) == riddle.kinds for name in possible)
        assert riddle.rows == (2 if possible <= SYMMETRIC else 1)
        answers |= possible
    assert {NO_RELATION, *answers} == set(SCENES)


def test_relation_posts_of_told_relations_can_be_read_from_types_and_words() -> None:
    """With its names replaced by their types, a template has one relation and one direction."""
    meaning: dict[str, tuple[str, bool]] = {}
    told = [(kinds_of(name), name, texts) for name, texts in TOLD.items()]
    told += [(kinds, NO_RELATION, texts) for kinds, texts in UNRELATED.items()]
    for (head, tail), relation, texts in told:
        for text in texts:
            skeleton = text.replace("{A}", head).replace("{B}", tail)
            direction = relation in TOLD and relation not in SYMMETRIC and text.index("{A}") < text.index("{B}")
            assert meaning.setdefault(skeleton, (relation, direction)) == (relation, direction), skeleton
    assert len(meaning) == sum(len(texts) for _, _, texts in told)
    assert not {text for _, _, texts in told for text in texts} & {*templates.PAIR, *templates.ANY}


def test_relation_posts_templates_hold_no_word_of_a_name() -> None:
    names = [*AMBIGUOUS, *(name for kind in TYPES for name in unambiguous("social")[kind])]
    owned = {word for name in names for word in name.split(" ")}
    said = [text for table in (TOLD, UNRELATED) for texts in table.values() for text in texts]
    assert not {word for text in said for word in text.split(" ")} & owned


def test_relation_posts_open_words_do_not_depend_on_the_relation(monkeypatch) -> None:
    """The same words come out whatever the relations are drawn to be: no text can tell them."""
    before = posts_of(ambiguous=1.0)
    turned = tuple(replace(r, prior=dict(zip(r.prior, reversed(r.prior.values()), strict=True))) for r in RIDDLES)
    monkeypatch.setattr(relation_posts, "RIDDLES", turned)
    after = posts_of(ambiguous=1.0)
    assert [(post.words, post.tags, post.head) for post in before] == [(p.words, p.tags, p.head) for p in after]
    assert [post.relation for post in before] != [post.relation for post in after]


def test_relation_posts_follow_the_prior_for_every_first_word() -> None:
    posts = posts_of(size=6000, ambiguous=1.0)
    for riddle in RIDDLES:
        chosen = [post for post in posts if post.riddle == riddle]
        assert len(chosen) / len(posts) == pytest.approx(riddle.share, abs=0.03)
        relations = Counter(post.relation for post in chosen)
        for name, share in riddle.prior.items():
            assert relations[name] / len(chosen) == pytest.approx(share, abs=0.03)
        # A chi-squared of the table name of the head x relation: 4 expected deviations above its mean show a link.
        cells = Counter((names_in(post)[0], post.relation) for post in chosen)
        names, answers = sorted({name for name, _ in cells}), sorted(relations)
        table = np.array([[cells[name, answer] for answer in answers] for name in names], dtype=float)
        expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
        freedom = (len(names) - 1) * (len(answers) - 1)
        assert ((table - expected) ** 2 / expected).sum() < freedom + 4 * (2 * freedom) ** 0.5


def test_relation_posts_pictures_have_the_asked_for_shares() -> None:
    posts = posts_of(size=12_000, irrelevant=0.2, missing=0.1)
    assert sum(post.riddle is not None for post in posts) == 7200
    assert sum(post.picture is None for post in posts) / len(posts) == pytest.approx(0.1, abs=0.012)
    hard = [post for post in posts if post.riddle is not None and post.picture is not None]
    assert np.mean([post.relevant for post in hard]) == pytest.approx(0.8, abs=0.02)
    assert np.mean([post.picture == post.relation for post in hard]) == pytest.approx(0.8 + 0.2 / 6, abs=0.02)
    rest = [post for post in posts if post.riddle is None and post.picture is not None]
    for scene in SCENES:  # nor does a told relation tell the picture
        assert np.mean([post.picture == scene for post in rest]) == pytest.approx(1 / 6, abs=0.025)
    agree = [post.picture == post.relation for post in rest if post.relation in SCENES]
    assert np.mean(agree) == pytest.approx(1 / 6, abs=0.03)


@pytest.mark.parametrize("seed", [1, 13])
def test_relation_posts_names_of_the_test_split_come_several_times_in_train(seed: int) -> None:
    train = Counter(name for post in posts_of(size=1000, seed=seed) for name in names_in(post))
    test = {name for post in posts_of(split="test", size=250, seed=seed) for name in names_in(post)}
    assert min(train[name] for name in test) >= 3


def test_relation_posts_share_of_irrelevant_pictures_leaves_the_text_alone() -> None:
    calm, wild = posts_of(irrelevant=0.0), posts_of(irrelevant=0.9, missing=0.5)
    assert [(post.words, post.relation) for post in calm] == [(post.words, post.relation) for post in wild]
