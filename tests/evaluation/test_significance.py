"""The bootstrap against resampling by hand, the F1 of its counts against the metrics, Holm against worked numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.evaluation.metrics import score
from tandem.evaluation.significance import counts, holm, micro_f1, paired_bootstrap, resampled_f1, resampled_totals
from tandem.evaluation.spans import spans

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
SENTENCE = st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS)), min_size=1, max_size=8)


def made_up(seed: int, right: float, sentences: int = 200) -> np.ndarray:
    generator = np.random.default_rng(seed)
    gold = generator.poisson(1.5, sentences)
    found = generator.binomial(gold, right)
    return np.stack([found, found + generator.poisson(0.3, sentences), gold], axis=1)


@given(st.lists(SENTENCE, min_size=1, max_size=6))
def test_significance_counts_give_the_span_f1_of_the_metrics(rows) -> None:
    gold, predicted = ([[pair[side] for pair in row] for row in rows] for side in (0, 1))
    table = counts([spans(tags, "default") for tags in gold], [spans(tags, "default") for tags in predicted])
    assert micro_f1(table.sum(0)) == pytest.approx(score(gold, predicted)["span"]["f1"])


def test_significance_resamples_whole_sentences() -> None:
    seeds = [made_up(1, 0.7, 9), made_up(2, 0.6, 9)]
    found = resampled_f1(seeds, resamples=300, random=5)
    drawn = np.random.default_rng(5).integers(9, size=(256, 9))
    for place in (0, 17, 255):
        by_hand = [micro_f1(np.array([one[row] for row in drawn[place]]).sum(0)) for one in seeds]
        assert found[place] == pytest.approx(np.mean(by_hand))
    assert found.shape == (300,)


def test_significance_draws_do_not_depend_on_how_many_are_made_at_a_time(monkeypatch) -> None:
    table = made_up(1, 0.7, 9)
    whole = resampled_totals(table, resamples=100, random=5)
    np.testing.assert_array_equal(whole[7], table[np.random.default_rng(5).integers(9, size=(100, 9))[7]].sum(0))
    for cells in (1, 9 * 7):
        monkeypatch.setattr("tandem.evaluation.significance.CELLS", cells)
        np.testing.assert_array_equal(resampled_totals(table, resamples=100, random=5), whole)


def test_significance_pairs_two_systems_by_drawing_the_same_sentences() -> None:
    first, second = [made_up(1, 0.7), made_up(2, 0.7)], [made_up(3, 0.6)]
    found = paired_bootstrap(first, second, resamples=300, random=2)
    spread = resampled_f1(first, resamples=300, random=2) - resampled_f1(second, resamples=300, random=2)
    assert (found.low, found.high) == tuple(np.quantile(spread, [0.025, 0.975]))
    assert found.p == 2 * (min((spread <= 0).sum(), (spread >= 0).sum()) + 1) / 301


def test_significance_of_a_system_with_itself_is_none() -> None:
    same = [made_up(1, 0.7)]
    found = paired_bootstrap(same, same, resamples=500)
    assert (found.delta, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_significance_finds_a_large_difference_and_turns_its_sign_with_the_order() -> None:
    good, bad = [made_up(1, 0.9), made_up(2, 0.9)], [made_up(3, 0.5), made_up(4, 0.5)]
    forth, back = paired_bootstrap(good, bad, resamples=2000), paired_bootstrap(bad, good, resamples=2000)
    assert 0 < forth.low < forth.delta < forth.high
    assert forth.p == pytest.approx(2 / 2001)
    assert (back.delta, back.low) == pytest.approx((-forth.delta, -forth.high))


def test_significance_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Both systems are drawn from one distribution, so the true difference is 0."""
    holds = 0
    for trial in range(100):
        found = paired_bootstrap([made_up(trial, 0.7, 150)], [made_up(1000 + trial, 0.7, 150)], resamples=400)
        holds += found.low <= 0 <= found.high
    assert 87 <= holds <= 100


def test_significance_refuses_other_sentences() -> None:
    with pytest.raises(ValueError, match="scored on 200 and 100 sentences"):
        paired_bootstrap([made_up(1, 0.7)], [made_up(1, 0.7, 100)])
    with pytest.raises(ValueError, match="same sentences"):
        resampled_f1([made_up(1, 0.7), made_up(1, 0.7, 100)], resamples=5, random=0)
    with pytest.raises(ValueError, match="at least one"):
        resampled_f1([np.zeros((0, 3), dtype=int)], resamples=5, random=0)


def test_significance_holm_corrects_as_worked_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_significance_holm_lies_between_none_and_bonferroni_and_keeps_the_order(p_values) -> None:
    corrected = holm(p_values)
    for p, more in zip(p_values, corrected, strict=True):
        assert p <= more <= min(1.0, len(p_values) * p) + 1e-12
    by_p = [corrected[place] for place in np.argsort(p_values, kind="stable")]
    assert by_p == sorted(by_p)
