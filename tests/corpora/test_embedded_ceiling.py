"""The formulas of the ceilings against brute force and against simulated corpora."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.corpora.embedded import ceiling

SKEWED = {"PER": 0.36, "LOC": 0.18, "ORG": 0.28, "MISC": 0.18}
STEEP = {"PER": 0.7, "LOC": 0.15, "ORG": 0.1, "MISC": 0.05}


@settings(max_examples=60, deadline=None)
@given(
    groups=st.lists(st.tuples(st.integers(0, 40), st.floats(0.01, 1)), min_size=1, max_size=5),
    unambiguous=st.integers(0, 60),
    missed=st.integers(0, 30),
)
def test_ceiling_best_f1_equals_the_best_of_all_choices(
    groups: list[tuple[int, float]], unambiguous: int, missed: int
) -> None:
    gold = unambiguous + missed + sum(count for count, _ in groups)
    best = 0.0
    for size in range(len(groups) + 1):
        for chosen in itertools.combinations(groups, size):
            hits = unambiguous + sum(count * right for count, right in chosen)
            best = max(best, ceiling.f1_of(hits, unambiguous + sum(count for count, _ in chosen), gold))
    found = ceiling.best_f1(
        [ceiling.Group(count, "PER", right) for count, right in groups], unambiguous=unambiguous, gold=gold
    )
    assert found.f1 == pytest.approx(best, abs=1e-12)


def simulate(
    prior: dict[str, float], *, irrelevant: float, present: int, absent: int, easy: int, other: int, runs: int = 1500
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """F1 of the text-only, the picture and the exchanged-picture rule on `runs` corpora drawn as the generator does."""
    rng = np.random.default_rng(0)
    kinds = list(prior)
    shares = list(prior.values())
    text = ceiling.text_ceiling(prior, ambiguous=present + absent, unambiguous=easy)
    picture = ceiling.picture_ceiling(prior, irrelevant=irrelevant, present=present, absent=absent, unambiguous=easy)
    groups = ceiling.picture_groups(prior, irrelevant, present, absent)
    text_groups = {"absent": ceiling.text_groups(prior, present + absent)[0]}
    scores = []
    for _ in range(runs):
        types = rng.choice(4, size=present + absent, p=shares)
        shown = np.where(rng.random(present) < irrelevant, rng.integers(4, size=present), types[:present])
        pool = rng.permutation(np.concatenate([shown, rng.integers(4, size=other)]))[:present]
        names = [kinds[index] for index in types]
        seen: list[str | None] = [kinds[index] for index in shown] + [None] * absent
        exchanged: list[str | None] = [kinds[index] for index in pool] + [None] * absent
        scores.append(
            (
                ceiling.realised_f1(names, [None] * len(names), text_groups, text.guessed, easy),
                ceiling.realised_f1(names, seen, groups, picture.guessed, easy),
                ceiling.realised_f1(names, exchanged, groups, picture.guessed, easy),
            )
        )
    columns = np.array(scores)
    return columns[:, 0], columns[:, 1], columns[:, 2]


@pytest.mark.parametrize("prior", [SKEWED, STEEP])
@pytest.mark.parametrize(("irrelevant", "absent"), [(0.0, 0), (0.12, 6), (0.9, 20)])
def test_ceiling_formulas_agree_with_simulated_corpora(prior: dict[str, float], irrelevant: float, absent: int) -> None:
    present, easy, other = 120, 100, 80
    text, picture, exchanged = simulate(
        prior, irrelevant=irrelevant, present=present, absent=absent, easy=easy, other=other
    )
    by_text = ceiling.text_ceiling(prior, ambiguous=present + absent, unambiguous=easy)
    by_picture = ceiling.picture_ceiling(prior, irrelevant=irrelevant, present=present, absent=absent, unambiguous=easy)
    by_chance = ceiling.exchanged_f1(
        prior, irrelevant=irrelevant, present=present, absent=absent, unambiguous=easy, other=other
    )
    assert text.mean() == pytest.approx(by_text.f1, abs=0.004)
    assert picture.mean() == pytest.approx(by_picture.f1, abs=0.004)
    assert exchanged.mean() == pytest.approx(by_chance, abs=0.008)
    assert text.std() == pytest.approx(by_text.deviation, rel=0.1, abs=0.001)
    assert picture.std() == pytest.approx(by_picture.deviation, rel=0.1, abs=0.002)


def test_ceiling_guess_is_left_out_where_it_costs_more_than_it_gives() -> None:
    flat = dict.fromkeys(SKEWED, 0.25)
    found = ceiling.text_ceiling(flat, ambiguous=10, unambiguous=90)
    assert found.guessed == ()
    assert found.f1 == pytest.approx(2 * 90 / (90 + 100))


def test_ceiling_posterior_follows_bayes() -> None:
    chances = ceiling.posterior(SKEWED, 0.2, "LOC")
    joint = {kind: SKEWED[kind] * (0.05 + 0.8 * (kind == "LOC")) for kind in SKEWED}
    assert chances == pytest.approx({kind: value / sum(joint.values()) for kind, value in joint.items()})
    assert ceiling.posterior(SKEWED, 1.0, "LOC") == pytest.approx(SKEWED)


def test_ceiling_of_pictures_without_relation_is_the_one_of_text() -> None:
    text = ceiling.text_ceiling(SKEWED, ambiguous=100, unambiguous=80)
    picture = ceiling.picture_ceiling(SKEWED, irrelevant=1.0, present=90, absent=10, unambiguous=80)
    assert picture.f1 == pytest.approx(text.f1)


def test_ceiling_of_a_corpus_without_ambiguity_is_one() -> None:
    assert ceiling.text_ceiling(SKEWED, ambiguous=0, unambiguous=50).f1 == 1.0
    assert ceiling.picture_ceiling(SKEWED, irrelevant=0.1, present=0, absent=0, unambiguous=50).f1 == 1.0
    assert ceiling.exchanged_f1(SKEWED, irrelevant=0.1, present=0, absent=0, unambiguous=50, other=0) == 1.0
