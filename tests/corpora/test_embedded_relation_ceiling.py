"""The ceilings of the relation corpus against brute force and against simulated corpora."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.corpora.embedded.relation_ceiling import ABSENT, Open, Rule, ceiling_of, exchanged_f1, realised_f1
from tandem.corpora.embedded.relation_posts import RIDDLES
from tandem.corpora.schema import NO_RELATION


def expected_f1(o: Open, irrelevant: float, told: int, rule: dict[str, str]) -> float:
    """2 E[TP] / (E[predicted] + E[gold]), outcome by outcome: relation, whether the picture fits, what it shows."""
    right = predicted = gold = float(told)
    scenes = list(o.prior)
    for relation, chance in o.prior.items():
        outcomes = [(o.present * chance * (1 - irrelevant), relation), (o.absent * chance, ABSENT)]
        outcomes += [(o.present * chance * irrelevant / len(scenes), scene) for scene in scenes]
        for count, seen in outcomes:
            says = rule.get(seen, NO_RELATION)
            right += o.rows * count * (says == relation != NO_RELATION)
            predicted += o.rows * count * (says != NO_RELATION)
            gold += o.rows * count * (relation != NO_RELATION)
    return 2 * right / (predicted + gold) if predicted + gold else 0.0


@settings(max_examples=40, deadline=None)
@given(
    weights=st.lists(st.floats(0, 1), min_size=3, max_size=3).filter(lambda values: sum(values) > 0.1),
    irrelevant=st.floats(0, 1),
    rows=st.sampled_from([1, 2]),
    present=st.integers(0, 30),
    absent=st.integers(0, 10),
    told=st.integers(0, 30),
)
def test_relation_ceiling_equals_the_best_of_all_rules(
    weights: list[float], irrelevant: float, rows: int, present: int, absent: int, told: int
) -> None:
    names = ["/per/per/couple", "/per/per/peer", NO_RELATION]
    prior = {name: weight / sum(weights) for name, weight in zip(names, weights, strict=True)} | {"/per/loc/x": 0.0}
    o = Open("PER-PER", prior, rows, present, absent)
    views = [*prior, ABSENT]
    best = max(
        expected_f1(o, irrelevant, told, dict(zip(views, says, strict=True)))
        for says in itertools.product(names, repeat=len(views))
    )
    found = ceiling_of([o], irrelevant=irrelevant, told=told)
    assert found.f1 == pytest.approx(best, abs=1e-9)
    rule = {seen: guess for (_, seen), guess in found.rule.items()}
    assert found.f1 == pytest.approx(expected_f1(o, irrelevant, told, rule), abs=1e-9)


def f1_of_rows(gold: np.ndarray, predicted: np.ndarray, weights: np.ndarray, told: int, none: int) -> float:
    """Micro-F1 without None of sentences that stand for `weights` rows each."""
    right = told + (weights * ((gold == predicted) & (gold != none))).sum()
    said = told + (weights * (predicted != none)).sum()
    return 2 * right / (said + told + (weights * (gold != none)).sum())


def simulate(
    opens: list[Open], rules: list[Rule], *, irrelevant: float, told: int, other: int, runs: int = 1200
) -> np.ndarray:
    """(runs, 3): F1 of the text-only, the picture and the exchanged-picture rule on corpora drawn as by the generator.

    The middle one is checked once against `realised_f1`.
    """
    rng = np.random.default_rng(0)
    scenes = list(opens[0].prior)
    none, count = scenes.index(NO_RELATION), len(scenes)
    blind, sighted = rules

    def says(rule: Rule, o: Open) -> np.ndarray:  # what to say by scene seen; the last is `absent`
        return np.array([scenes.index(rule.get((o.name, view), NO_RELATION)) for view in [*scenes, ABSENT]])

    weights = np.concatenate([np.full(o.present + o.absent, o.rows) for o in opens])
    scores = []
    for _ in range(runs):
        gold, seen = [], []
        for o in opens:
            drawn = rng.choice(count, size=o.present + o.absent, p=list(o.prior.values()))
            fits = rng.random(len(drawn)) >= irrelevant
            shown = np.where(fits, drawn, rng.integers(count, size=len(drawn)))
            shown[o.present :] = count
            gold.append(drawn)
            seen.append(shown)
        pool = np.concatenate([*(shown[shown < count] for shown in seen), rng.integers(count, size=other)])
        rng.shuffle(pool)
        exchanged, start = [], 0
        for o, shown in zip(opens, seen, strict=True):
            exchanged.append(np.concatenate([pool[start : start + o.present], shown[o.present :]]))
            start += o.present
        truth = np.concatenate(gold)
        by_text = np.concatenate([np.full(len(g), says(blind, o)[-1]) for o, g in zip(opens, gold, strict=True)])
        by_picture, by_exchange = (
            np.concatenate([says(sighted, o)[view] for o, view in zip(opens, views, strict=True)])
            for views in (seen, exchanged)
        )
        scores.append([f1_of_rows(truth, said, weights, told, none) for said in (by_text, by_picture, by_exchange)])
        if len(scores) == 1:
            rows = [
                (o, scenes[g], scenes[s] if s < count else None)
                for o, gs, ss in zip(opens, gold, seen, strict=True)
                for g, s in zip(gs, ss, strict=True)
            ]
            assert realised_f1(rows, sighted, told) == pytest.approx(scores[0][1])
    return np.array(scores)


@pytest.mark.parametrize(("irrelevant", "absent"), [(0.0, 0), (0.12, 5), (0.9, 20)])
def test_relation_ceiling_formulas_agree_with_simulated_corpora(irrelevant: float, absent: int) -> None:
    opens = [Open(r.name, r.prior, r.rows, present, absent) for r, present in zip(RIDDLES, (90, 70), strict=True)]
    told, other = 110, 80
    text = ceiling_of([o.blind() for o in opens], irrelevant=irrelevant, told=told)
    picture = ceiling_of(opens, irrelevant=irrelevant, told=told)
    exchanged = exchanged_f1(opens, irrelevant=irrelevant, told=told, other=other, rule=picture.rule)
    scores = simulate(opens, [text.rule, picture.rule], irrelevant=irrelevant, told=told, other=other)
    assert scores[:, 0].mean() == pytest.approx(text.f1, abs=0.004)
    assert scores[:, 1].mean() == pytest.approx(picture.f1, abs=0.004)
    assert scores[:, 2].mean() == pytest.approx(exchanged, abs=0.006)
    assert scores[:, 0].std() == pytest.approx(text.deviation, rel=0.1)
    assert scores[:, 1].std() == pytest.approx(picture.deviation, rel=0.1)


def test_relation_ceiling_of_pictures_without_relation_is_the_one_of_text() -> None:
    opens = [Open(riddle.name, riddle.prior, riddle.rows, 40, 10) for riddle in RIDDLES]
    text = ceiling_of([o.blind() for o in opens], irrelevant=1.0, told=60)
    assert ceiling_of(opens, irrelevant=1.0, told=60).f1 == pytest.approx(text.f1)


def test_relation_ceiling_without_open_sentences_is_one_and_without_relations_zero() -> None:
    empty = [Open(riddle.name, riddle.prior, riddle.rows, 0, 0) for riddle in RIDDLES]
    for told, f1 in ((50, 1.0), (0, 0.0)):
        found = ceiling_of(empty, irrelevant=0.1, told=told)
        assert (found.f1, found.deviation) == (f1, 0.0)
        assert exchanged_f1(empty, irrelevant=0.1, told=told, other=0, rule=found.rule) == f1
