"""What is said of a corpus before training."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tandem.corpora.checks import label_shift, warnings
from tandem.corpora.links import link_corpus
from tandem.corpora.prepare import prepare
from tandem.params import parse_params

LINES = {
    "train": ["Amy walks by the sea", "a tree in Rome today", "Bob sleeps well at night"],
    "valid": ["nothing at all happened here"],
    "test": ["one more tree in Paris tomorrow"],
}


def report(tmp_path: Path, lines: dict[str, list[str]], tag: str = "B-PER", pictures: bool = True) -> dict:
    root = tmp_path / "raw"
    (root / "images").mkdir(parents=True)
    number = 0
    for split, sentences in lines.items():
        blocks = []
        for text in sentences:
            first, *others = text.split()
            blocks.append("\n".join([f"IMGID:{number}", f"{first}\t{tag}", *(f"{word}\tO" for word in others)]))
            if pictures:
                (root / f"images/{number}.jpg").write_bytes(b"x%d" % number)
            number += 1
        (root / f"{split}.txt").write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    corpora = {"one": {"format": "twitter", "root": str(root)}}
    params = parse_params({"fusion": "film", "datasets": ["one"], "seeds": [1], "corpora": corpora})
    link_corpus(params, "one", tmp_path / "links")
    return prepare(params, "one", tmp_path / "links").report


def said(tree: dict) -> list[str]:
    """The warnings but for that of an unknown release."""
    assert tree["warnings"][0] == tree["warning"]
    return tree["warnings"][1:]


def test_checks_say_nothing_of_a_clean_corpus(tmp_path) -> None:
    tree = report(tmp_path, LINES)
    assert said(tree) == []
    assert tree["leakage"] == {split: {"sentences": 0, "exact": 0, "near": 0} for split in ("valid", "test")}
    assert warnings(tree | {"warning": None}) == []


@pytest.mark.parametrize(
    ("lines", "more", "line"),
    [
        ({"test": ["Amy walks by the sea"]}, {}, "sentences of test that stand in train or valid too: 1 (1 exactly, 0"),
        ({"test": ["RT @bob : Amy walks by the sea"]}, {}, "(0 exactly, 1 nearly); of valid in train: 0 (0, 0);"),
        ({"valid": ["amy walks by the sea"]}, {}, "of valid in train: 1 (0, 1);"),
        ({"test": ["so it goes on"] * 2}, {}, "repeats within a split: test 1 exactly, 0 nearly"),
        ({"test": ["so it goes on", "So it goes on !"]}, {}, "repeats within a split: test 0 exactly, 2 nearly"),
        ({}, {"tag": "I-PER"}, "I- tags that go on with no entity: 3 in train, 1 in valid, 1 in test;"),
        ({}, {"pictures": False}, "5 of 5 pictures have no file;"),
    ],
)
def test_checks_say_what_is_odd_in_a_line(tmp_path, lines, more, line: str) -> None:
    (found,) = said(report(tmp_path, LINES | lines, **more))
    assert line in found


def test_checks_name_pictures_of_two_splits(tmp_path) -> None:
    tree = report(tmp_path, LINES)
    tree["duplicates"]["pictures"]["id"]["train_test"] = 2
    assert "pictures in two splits: train and test 2 by id, 0 by content" in warnings(tree)


def test_checks_see_labels_that_differ_beyond_chance() -> None:
    chance = random.Random(1)
    drawn = {
        split: Counter(chance.choices(["PER", "LOC", "ORG"], weights=[5, 3, 2], k=size))
        for split, size in (("train", 4000), ("valid", 60), ("test", 900))
    }
    shift = label_shift(drawn)
    assert all(shift["distance"][split] < 2.5 * shift["chance"][split] for split in ("valid", "test"))
    assert shift["unseen"] == {"valid": {}, "test": {}}
    other = label_shift(drawn | {"test": {"PER": 100, "LOC": 300, "GPE": 100}})
    assert other["distance"]["test"] > 0.3
    assert other["unseen"]["test"] == {"GPE": 100}


def test_checks_measure_the_distance_of_labels_as_total_variation() -> None:
    shift = label_shift({"train": {"A": 3, "B": 1}, "valid": {"A": 1, "B": 1}, "test": {}})
    assert shift["distance"] == {"valid": 0.25, "test": 0.0}


@pytest.mark.parametrize("weights", [[1, 1], [6, 3, 1], [1] * 20])
def test_checks_expect_of_chance_what_draws_show(weights: list[int]) -> None:
    generator = random.Random(0)
    names = [f"T{number}" for number in range(len(weights))]
    whole = {name: 3000 * weight for name, weight in zip(names, weights, strict=True)}

    def draw(size: int) -> Counter[str]:
        return Counter(generator.choices(names, weights=weights, k=size))

    shifts = [label_shift({"train": draw(800), "valid": draw(200), "test": whole}) for _ in range(150)]
    mean = sum(shift["distance"]["valid"] for shift in shifts) / len(shifts)
    assert mean == pytest.approx(shifts[0]["chance"]["valid"], rel=0.15)
