"""Whether the pictures help, in words, for every outcome of the two comparisons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tandem.reporting.results import Results
from tandem.reporting.words import corpus_sentences
from tandem.reporting.worth import Gain, worth

UP = {"delta": 0.2816, "low": 0.251, "high": 0.31, "p": 0.0002}
LEVEL = {"delta": 0.003, "low": -0.004, "high": 0.01, "p": 0.4}
DOWN = {"delta": -0.02, "low": -0.03, "high": -0.01, "p": 0.001}
NONE = {"delta": 0.0, "low": 0.0, "high": 0.0, "p": 1.0}


@pytest.fixture
def say(tmp_path: Path, load: Callable[..., Results]) -> Callable[..., str | None]:
    """`say(twin, picture)`: the sentences on a corpus that was compared so."""

    def of(twin: Any, picture: Any, *, seeds: int = 3, fusion: str = "film") -> str | None:
        tree = {"twin": twin, "picture": picture, "seeds": seeds}
        return worth(replace(load(tmp_path, ["birds"]), fusion=fusion, evaluate={"birds": tree}), "birds")

    return of


@pytest.mark.parametrize(
    ("twin", "picture", "expected"),
    [
        (
            UP,
            UP,
            "The pictures help: +28.16 points over text_only trained on the same seeds (95 % interval 25.10 to 31.00), "
            "and exchanging them between sentences costs 28.16 (25.10 to 31.00).",
        ),
        (
            UP,
            LEVEL,
            "Better than text_only, but no evidence that this is due to the pictures: +28.16 points over text_only "
            "trained on the same seeds (95 % interval 25.10 to 31.00), while exchanging them between sentences costs "
            "0.30 (−0.40 to 1.00).",
        ),
        (
            LEVEL,
            UP,
            "No evidence that the pictures help: +0.30 points over text_only trained on the same seeds (95 % interval "
            "−0.40 to 1.00). The model does read them: exchanging them between sentences costs 28.16 (25.10 to 31.00).",
        ),
        (
            LEVEL,
            NONE,
            "No evidence that the pictures help: +0.30 points over text_only trained on the same seeds (95 % interval "
            "−0.40 to 1.00). No evidence that it reads them to any use: exchanging them between sentences changes "
            "nothing.",
        ),
        (
            DOWN,
            DOWN,
            "The model is worse for having pictures: −2.00 points against text_only trained on the same seeds (95 % "
            "interval −3.00 to −1.00). No evidence that it reads them to any use: exchanging them between sentences "
            "gains 2.00 (1.00 to 3.00).",
        ),
    ],
)
def test_worth_follows_the_intervals(say, twin: Any, picture: Any, expected: str) -> None:
    assert say(twin, picture) == expected


def test_worth_of_few_seeds_says_what_the_intervals_leave_out(say) -> None:
    assert say(UP, UP, seeds=2).endswith("over test sentences: what chance in training does, 2 seeds cannot show.")
    assert "cannot show" not in say(UP, UP, seeds=3)


def test_worth_of_text_only_is_nothing(say) -> None:
    assert say(NONE, NONE, fusion="text_only").startswith("text_only reads no pictures")


def test_worth_without_a_comparison_leaves_the_word_to_the_controls(tmp_path: Path, say, load) -> None:
    assert say(UP, {}) is None
    assert say({"f1": 0.5, "delta": 0.1}, UP) is None
    controls = {"controls": {"shuffled_image": {"f1": 0.6, "delta": 0.2}}, "std": {}, "seeds": 1}
    tree = {"span": {"f1": 0.8}, "span_strict": {"f1": 0.8}, **controls}
    results = replace(load(tmp_path, ["birds"]), evaluate={"birds": tree})
    assert any("cannot tell that from chance" in sentence for sentence in corpus_sentences(results, "birds"))
    results = replace(results, evaluate={"birds": {**tree, "twin": UP, "picture": UP}})
    said = corpus_sentences(results, "birds")
    assert any(sentence.startswith("The pictures help") for sentence in said)
    assert not any("cannot tell that from chance" in sentence for sentence in said)


@pytest.mark.parametrize(("low", "high", "side"), [(0.1, 0.2, 1), (0.0, 0.2, 0), (-0.1, 0.0, 0), (-0.2, -0.1, -1)])
def test_worth_is_above_zero_only_with_the_whole_interval(low: float, high: float, side: int) -> None:
    assert Gain(0.0, low, high).side == side
