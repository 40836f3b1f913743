"""Counts of what stands twice, on corpora whose leaks are known."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tandem.corpora.leakage import Repeats, count, shared_pictures, standings
from tandem.corpora.schema import Sample, text_hash

SEA, SEA_TOO = "Amy walks by the sea", "RT @bob : Amy walks by the sea http://t.co/x"
TREE, TREE_TOO = "a tree in the park of Rome", "a tree in the Park of Rome !"


def posts(*rows: tuple[str, str], source: str = "one") -> list[Sample]:
    return [
        Sample(
            id=f"{split}-{number}",
            source=source,
            split=split,
            words=text.split(),
            image_id=None,
            image_path=None,
            image_hash=None,
            caption=None,
            text_hash=text_hash(text.split()),
            tags=["O"] * len(text.split()),
        )
        for number, (split, text) in enumerate(rows)
    ]


def test_leaks_are_counted_by_how_they_stand() -> None:
    repeats = Repeats(
        posts(
            ("train", SEA),
            ("train", TREE),
            ("train", TREE_TOO),
            ("train", TREE_TOO),
            ("valid", SEA_TOO),
            ("valid", "nothing like it at all"),
            ("test", SEA_TOO),
            ("test", SEA_TOO),
            ("test", SEA),
            ("test", TREE.upper()),
            ("test", "quite another text again"),
        )
    )
    assert repeats.leaks() == {
        "valid": {"sentences": 1, "exact": 0, "near": 1},
        "test": {"sentences": 4, "exact": 3, "near": 1},
    }
    assert repeats.near() == {
        "within_train": 2,
        "within_valid": 0,
        "within_test": 2,
        "train_valid": 1,
        "train_test": 2,  # of three different texts of test one stands there in the same words alone
        "valid_test": 1,
    }
    assert repeats.leaks_of_parts() == {}


def test_leaks_between_parts_name_both() -> None:
    one = posts(("train", SEA), ("valid", TREE), ("test", "only here and there"))
    two = posts(("train", "only here and there"), ("test", SEA_TOO), ("test", TREE), ("test", "no"), source="two")
    assert Repeats([*one, *two]).leaks_of_parts() == {
        "one": {"two": {"sentences": 2, "exact": 1, "near": 1}},
        "two": {"one": {"sentences": 1, "exact": 1, "near": 0}},
    }


def test_leaks_of_a_corpus_without_test_or_train_are_none() -> None:
    assert Repeats(posts(("test", SEA), ("test", TREE))).leaks()["test"]["sentences"] == 0
    assert Repeats([]).leaks()["valid"] == {"sentences": 0, "exact": 0, "near": 0}


texts = st.sampled_from([SEA, SEA_TOO, TREE, TREE_TOO, "x", "@amy", "one more of them"])


@given(st.lists(texts, max_size=8), st.lists(texts, max_size=8))
def test_leaks_that_are_exact_or_near_add_up(sentences: list[str], known: list[str]) -> None:
    found = standings([text.split() for text in sentences], [text.split() for text in known])
    assert [way == "exact" for way in found] == [text in known for text in sentences]
    counts = count(found)
    assert counts["sentences"] == counts["exact"] + counts["near"] == sum(way is not None for way in found)


def test_pictures_in_two_splits_are_counted_by_id_and_by_content() -> None:
    rows = posts(("train", "a"), ("valid", "b"), ("test", "c"), ("test", "d"))
    pictures = [("1", "x"), ("1", "x"), ("2", "x"), (None, None)]
    rows = [replace(row, image_id=one, image_hash=two) for row, (one, two) in zip(rows, pictures, strict=True)]
    assert shared_pictures(rows) == {
        "id": {"train_valid": 1, "train_test": 0, "valid_test": 0},
        "file": {"train_valid": 1, "train_test": 1, "valid_test": 1},
    }
