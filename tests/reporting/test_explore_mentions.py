"""Mentions: what is counted of them, and what is drawn."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.reporting.explore import fonts
from tandem.reporting.explore.clouds import MOST_WORDS, SIZES, _cloud, left_out
from tandem.reporting.explore.entities import ITEMS
from tandem.reporting.explore.fonts import BASE, fonts_for, undrawable
from tandem.reporting.explore.mentions import COLUMNS, MOST_ROWS, of_relations, of_tags, tables

SAY = {item.key: item.say for item in ITEMS}


def mentions(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame([(*row, len(row[2].split())) for row in rows], columns=COLUMNS)


@pytest.fixture
def alone(monkeypatch) -> None:
    """A system without fonts of its own."""
    monkeypatch.setattr(fonts, "_upright", lambda: ())


def test_mentions_are_the_spans_of_the_tags() -> None:
    rows = pd.DataFrame(
        [("train", ["Ann", "Lee", "in", "Rome"], ["B-PER", "I-PER", "O", "I-LOC"])], columns=["split", "words", "tags"]
    )
    assert of_tags(rows).values.tolist() == [["train", "PER", "Ann Lee", 2], ["train", "LOC", "Rome", 1]]


def test_mentions_of_pairs_have_the_types_of_the_relation_and_count_once_a_sentence() -> None:
    words = ["Ann", "Lee", "joined", "Acme"]
    rows = pd.DataFrame(
        [
            ("train", words, "/per/org/member_of", 0, 2, 3, 4),
            ("train", words, "/per/per/peer", 0, 2, 3, 4),
            ("train", words, "None", 2, 3, 3, 4),
            ("train", words, "alias", 0, 1, 1, 2),
        ],
        columns=["split", "words", "relation", "head_start", "head_end", "tail_start", "tail_end"],
    )
    found = of_relations(rows)[["type", "form"]].values.tolist()
    assert found == [["per", "Ann Lee"], ["org", "Acme"], ["per", "Acme"]]


def test_mentions_are_counted_by_words_without_case() -> None:
    found = tables(
        mentions(
            ("train", "PER", "Paris"),
            ("train", "LOC", "paris"),
            ("test", "LOC", "Paris"),
            ("test", "LOC", "Rome"),
            ("test", "LOC", "ROME"),
            ("test", "LOC", "Rome"),
            ("test", "PER", "Ann Lee"),
        )
    )
    assert found["mentions"].values.tolist() == [
        ["LOC", "Rome", 0, 0, 3, 3],
        ["LOC", "Paris", 1, 0, 1, 2],
        ["PER", "Ann Lee", 0, 0, 1, 1],
        ["PER", "Paris", 1, 0, 0, 1],
    ]
    assert found["ambiguous"].values.tolist() == [["Paris", 3, "LOC 2, PER 1", 0.667]]
    assert found["ambiguity"].values.tolist() == [
        ["LOC", "train", 1, 1, 0],
        ["LOC", "test", 4, 1, 3],
        ["PER", "train", 1, 1, 0],
        ["PER", "test", 1, 0, 1],
    ]
    lengths = {tuple(row[:2]): row[2] for row in found["entity_lengths"].values.tolist()}
    assert lengths == {("LOC", 1): 5, ("LOC", 2): 0, ("PER", 1): 1, ("PER", 2): 1}
    unseen = "80.0 % of those of test are never named in train."
    assert SAY["ambiguity"](found) == f"42.9 % of the mentions have words that name another type elsewhere; {unseen}"
    assert SAY["ambiguous"](found).endswith("are Paris: LOC 2, PER 1.")


rows = st.tuples(st.sampled_from(["train", "valid", "test"]), st.sampled_from("AB"), st.sampled_from("xXyz"))


@given(st.lists(rows, max_size=12))
def test_mentions_that_are_ambiguous_or_unseen_are_what_brute_force_finds(found: list[tuple[str, str, str]]) -> None:
    counted = tables(mentions(*found))["ambiguity"]
    for kind, split, number, ambiguous, unseen in counted.itertuples(index=False):
        own = [row for row in found if row[:2] == (split, kind)]
        assert number == len(own)
        assert ambiguous == sum(any(o[2].lower() == row[2].lower() and o[1] != kind for o in found) for row in own)
        assert unseen == sum(not any(o[0] == "train" and o[2].lower() == row[2].lower() for o in found) for row in own)
    assert counted["mentions"].sum() == len(found)


def test_mentions_hold_no_more_rows_than_can_be_read() -> None:
    found = tables(mentions(*(("train", kind, f"name{number}") for number in range(300) for kind in "AB")))
    assert Counter(found["mentions"]["type"]) == {"A": MOST_ROWS, "B": MOST_ROWS}
    assert len(found["ambiguous"]) == MOST_ROWS


def test_clouds_have_words_of_the_size_of_their_counts() -> None:
    counts = {f"word{number}": 64 // (number + 1) for number in range(40)}
    cloud = _cloud(counts, BASE, "#000000")
    sizes = {word: size for (word, _), size, *_ in cloud.layout_}
    largest = sizes["word0"]
    assert largest in SIZES
    assert sizes == {
        word: size for word, n in counts.items() if (size := round(largest * (n / 64) ** 0.5)) >= SIZES[-1]
    }
    assert (cloud.to_array() == _cloud(counts, BASE, "#000000").to_array()).all()


@pytest.mark.usefixtures("alone")
def test_fonts_draw_what_they_have_characters_for() -> None:
    drawable = [text for text in ("Zoë", "Москва", "مصر", "北京", "a\u200db") if not undrawable(text, [BASE])]
    assert drawable == ["Zoë", "Москва", "مصر", "a\u200db"]
    assert fonts_for(["Rome", "北京"]) == [BASE]
    assert left_out(["Rome", "北京", "東京"]) == 2
    assert left_out([*(f"w{number}" for number in range(MOST_WORDS)), "北京"]) == 0
    found = tables(mentions(("train", "LOC", "北京"), ("train", "LOC", "Rome"), ("train", "PER", "東京")))
    assert SAY["clouds"](found).endswith("So are those whose characters no font has: 1 of LOC and 1 of PER.")
    assert SAY["mentions"](found).endswith("2 names could not be drawn: no font has the characters.")


def test_fonts_of_the_system_draw_what_the_base_has_not(monkeypatch) -> None:
    have = {"one": "北京", "two": "北京東", "three": "x"}
    monkeypatch.setattr(fonts, "_upright", lambda: tuple(map(Path, have)))
    monkeypatch.setattr(fonts, "_characters", lambda font: frozenset(map(ord, have.get(str(font), "abcdefgh"))))
    assert fonts_for(["abc", "北京", "東"]) == [BASE, Path("two")]
    assert fonts_for(["abc"]) == [BASE]
    assert fonts.best_font(["abc", "北京", "東"]) == Path("two")
