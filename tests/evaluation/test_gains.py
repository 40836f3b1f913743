"""What pictures are worth: which predictions are set against which, and what is drawn together."""

from __future__ import annotations

import numpy as np
import pytest

from tandem.evaluation.gains import picture_gains, with_gains
from tandem.evaluation.metrics import score
from tandem.evaluation.significance import counts, paired_bootstrap
from tandem.evaluation.spans import spans

LABELS = ["O", "B-PER", "B-LOC"]


def tagged(generator: np.random.Generator, gold: list[list[str]], share: float) -> list[list[str]]:
    """The gold tags, about `share` of them kept."""
    return [[tag if generator.random() < share else str(generator.choice(LABELS)) for tag in tags] for tags in gold]


def test_gains_are_the_paired_bootstraps_of_the_headline() -> None:
    generator = np.random.default_rng(1)
    gold = [[str(tag) for tag in generator.choice(LABELS, 6)] for _ in range(60)]
    said = {
        seed: {
            "predicted": tagged(generator, gold, 0.9),
            "shuffled_image": tagged(generator, gold, 0.7),
            "text_only": tagged(generator, gold, 0.88),
        }
        for seed in (1, 2)
    }
    gains = picture_gains("ner", gold, said, [f"s{row}" for row in range(60)])

    def counted(name: str) -> list[np.ndarray]:
        items = [spans(tags, "default") for tags in gold]
        return [counts(items, [spans(tags, "default") for tags in one[name]]) for one in said.values()]

    def f1(name: str) -> float:
        return float(np.mean([score(gold, one[name])["span"]["f1"] for one in said.values()]))

    for key, name in (("twin", "text_only"), ("picture", "shuffled_image")):
        assert gains[key] == vars(paired_bootstrap(counted("predicted"), counted(name)))
        assert gains[key]["delta"] == pytest.approx(f1("predicted") - f1(name))
        assert gains[key]["low"] < gains[key]["delta"] < gains[key]["high"]
    assert gains["picture"]["low"] > 0
    assert gains["picture"]["p"] < 0.01


def test_gains_draw_the_pairs_of_a_sentence_together() -> None:
    generator = np.random.default_rng(2)
    gold = ["peer"] * 200
    own = [str(name) for name in generator.choice(["peer", "None"], 40) for _ in range(5)]  # all five, or none
    said = {1: {"predicted": own, "shuffled_image": ["None", "peer"] * 100}}
    together = picture_gains("re", gold, said, [row // 5 for row in range(200)])["picture"]
    apart = picture_gains("re", gold, said, list(range(200)))["picture"]
    assert together["delta"] == pytest.approx(apart["delta"])
    assert together["high"] - together["low"] > 1.3 * (apart["high"] - apart["low"])


def test_gains_of_a_model_against_itself_are_nothing() -> None:
    gold = [["B-PER"], ["O"]]
    same = {"predicted": gold, "text_only": gold, "shuffled_image": gold}
    gains = picture_gains("ner", gold, {1: same}, ["a", "b"])
    assert gains["twin"] == {"delta": 0.0, "low": 0.0, "high": 0.0, "p": 1.0}


def test_gains_are_there_as_far_as_all_seeds_have_predictions() -> None:
    gold = [["B-PER"], ["O"]]
    own = {"predicted": gold, "shuffled_image": gold}
    assert list(picture_gains("ner", gold, {1: own, 2: own}, ["a", "b"])) == ["picture"]
    assert list(picture_gains("ner", gold, {1: own, 2: own | {"text_only": gold}}, ["a", "b"])) == ["picture"]
    assert picture_gains("ner", [], {1: {"predicted": [], "shuffled_image": []}}, []) == {}


def test_gains_stand_beside_what_a_summary_has_of_the_twin() -> None:
    summary = {"twin": {"f1": 0.5, "delta": 0.25}, "seeds": 1}
    found = {"twin": {"delta": 0.25, "low": 0.1, "high": 0.4, "p": 0.01}, "picture": {"delta": 0.0}}
    merged = with_gains(summary, found)
    assert merged["twin"] == {"f1": 0.5, "delta": 0.25, "low": 0.1, "high": 0.4, "p": 0.01}
    assert merged["picture"] == {"delta": 0.0}
    assert merged["seeds"] == 1
