"""The reader of the MNRE format: every pair kept, every oddity counted, every error placed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tandem.corpora.mnre import LONGEST_LINE, locate_split, parse, read_mnre
from tandem.corpora.relations import RelationFile
from tandem.corpora.twitter import CorpusError

WORDS = ["Amy", "of", "New", "York", "joined", "BBC"]


def row(**changes: Any) -> dict[str, Any]:
    """A row without anything odd; `head` and `tail` set spans together with their names."""
    words = changes.get("token", WORDS)
    made: dict[str, Any] = {"token": words}
    for key, span in (("h", changes.pop("head", [0, 1])), ("t", changes.pop("tail", [2, 4]))):
        made[key] = {"name": " ".join(words[span[0] : span[1]]), "pos": span}
    return {**made, "img_id": "a.jpg", "relation": "/per/loc/place_of_birth", **changes}


def lines(*rows: Any) -> str:
    return "".join(f"{row!r}\n" for row in rows)


def odd(*rows: Any, **options: Any) -> dict[str, int]:
    return dict(+parse(lines(*rows), "x", **options).oddities)


def test_mnre_reads_pairs_as_they_stand_and_counts_nothing_in_clean_ones() -> None:
    split = parse(lines(row(), row(head=[2, 4], tail=[0, 1], relation="None")), "train.txt")
    first, second = split.pairs
    assert (first.words, first.head, first.tail, first.relation) == (WORDS, (0, 1), (2, 4), "/per/loc/place_of_birth")
    assert (first.image_id, first.tags, first.line) == ("a.jpg", None, 1)
    assert (second.head, second.tail, second.relation, second.line) == ((2, 4), (0, 1), "None", 2)
    assert not +split.oddities


def test_mnre_reads_past_byte_order_mark_blank_lines_and_windows_line_ends() -> None:
    split = parse("\ufeff\r\n" + lines(row()).replace("\n", "\r\n") + " \n" + lines(row(token=[*WORDS, "x"])), "x")
    assert [pair.line for pair in split.pairs] == [2, 4]
    assert dict(+split.oddities) == {"byte_order_marks": 1, "blank_lines": 2}


def test_mnre_finds_the_file_with_a_blank_before_the_dot(tmp_path: Path) -> None:
    plain, blank = tmp_path / "mnre_val.txt", tmp_path / "mnre_val .txt"
    assert locate_split(plain) == plain
    blank.write_text(lines(row()), encoding="utf-8")
    assert locate_split(plain) == blank
    assert read_mnre(blank).oddities["blanks_in_file_name"] == 1
    plain.write_text(lines(row()), encoding="utf-8")
    assert locate_split(plain) == plain
    assert read_mnre(plain).oddities["blanks_in_file_name"] == 0


def test_mnre_takes_integer_ids_and_lower_case_none_of_the_first_release() -> None:
    split = parse(lines(row(img_id=71406, relation="none"), row(token=[*WORDS, "x"], img_id="71406")), "x")
    assert [pair.image_id for pair in split.pairs] == ["71406", "71406"]
    assert split.pairs[0].relation == "None"
    assert dict(+split.oddities) == {"integer_image_ids": 1, "image_ids_without_extension": 2, "lower_case_none": 1}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("new york", "in_case"), ("NewYork", "in_spacing"), ("newyark", "otherwise"), ("Boston", "otherwise")],
)
def test_mnre_counts_names_that_differ_from_their_words(name: str, kind: str) -> None:
    assert odd(row(t={"name": name, "pos": [2, 4]})) == {f"names_that_differ_{kind}": 1}


def test_mnre_counts_names_that_differ_in_case_and_spacing_as_both() -> None:
    name = " ".join(row()["token"][2:4])
    both = {"names_that_differ_in_case": 1, "names_that_differ_in_spacing": 1}
    assert odd(row(t={"name": name.swapcase().replace(" ", "  "), "pos": [2, 4]})) == both


@pytest.mark.parametrize(
    ("head", "tail", "counts"),
    [
        ([0, 3], [2, 4], {"overlapping_pairs": 1}),
        ([2, 4], [2, 3], {"overlapping_pairs": 1, "nested_pairs": 1}),
        ([2, 3], [1, 4], {"overlapping_pairs": 1, "nested_pairs": 1}),
        ([2, 4], [2, 4], {"overlapping_pairs": 1, "identical_pairs": 1}),
        ([2, 4], [1, 2], {"adjacent_pairs": 1}),
        ([0, 1], [5, 6], {"pairs_with_an_entity_at_the_end": 1}),
        ([4, 6], [5, 6], {"pairs_with_an_entity_at_the_end": 1, "overlapping_pairs": 1, "nested_pairs": 1}),
    ],
)
def test_mnre_counts_unusual_places(head: list[int], tail: list[int], counts: dict[str, int]) -> None:
    assert odd(row(head=head, tail=tail)) == counts


def test_mnre_counts_repeated_and_conflicting_pairs() -> None:
    other = row(relation="None")
    assert odd(row(), row()) == {"repeated_pairs": 1, "repeated_pairs_same_picture": 1}
    assert odd(row(), {**row(), "img_id": "b.jpg"}) == {"repeated_pairs": 1}
    assert odd(row(), other) == {"conflicting_pairs": 1, "conflicting_pairs_same_picture": 1}
    assert odd(row(), {**other, "img_id": "b.jpg"}) == {"conflicting_pairs": 1}
    assert odd(row(), other, row())["repeated_pairs"] == 1
    assert odd(row(), row(head=[2, 4], tail=[0, 1])) == {}


def test_mnre_keeps_and_counts_words_that_others_lose() -> None:
    words = ["Amy", "\u00a0", "\ufe0f", "\ufffd", "", " x", "y"]
    split = parse(lines(row(token=words, tail=[5, 6])), "x")
    assert split.pairs[0].words == words
    assert dict(+split.oddities) == {
        "no_break_space_words": 1,
        "invisible_words": 1,
        "replacement_character_words": 1,
        "empty_words": 1,
        "words_with_blanks": 1,
    }


def test_mnre_reads_tags_and_counts_pairs_that_are_none_of_them() -> None:
    tags = ["B-PER", "O", "B-LOC", "I-LOC", "O", "O"]
    assert parse(lines(row(tags=tags)), "x").pairs[0].tags == tags
    assert odd(row(tags=tags)) == {}
    assert odd(row(tags=["O", *tags[1:]])) == {"pairs_off_the_tags": 1}


def test_mnre_counts_extra_keys_and_rows_without_a_picture() -> None:
    assert odd(row(img_id=None)) == {"rows_without_image_id": 1}
    extra = row(img_id=" ")
    extra["h"] = {**extra["h"], "id": "Q1"}
    split = parse(lines({**extra, "source": "web"}), "x")
    assert split.pairs[0].image_id is None
    assert dict(+split.oddities) == {
        "rows_with_extra_keys": 1,
        "entities_with_extra_keys": 1,
        "rows_without_image_id": 1,
    }


def test_mnre_renames_relations_and_knows_those_of_the_file() -> None:
    known = RelationFile(Path("rel2id.json"), ("None", "/born"))
    rename = {"/per/loc/place_of_birth": "/born"}
    assert parse(lines(row(), row(relation="none")), "x", rename, known).pairs[0].relation == "/born"
    with pytest.raises(CorpusError, match=r"x:2: relation '/other' is not in rel2id\.json; add it there"):
        parse(lines(row(), row(relation="/other")), "x", rename, known)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{'token': [", "not a Python literal"),
        ("{'token': __import__('os').getcwd()}", r"not a Python literal \(not plain values\)"),
        ("['token']", "found a list, not a dict"),
        ("{'token': ['a']}", "without 'h', 'img_id', 'relation', 't'"),
        ("{[]: 1}", "not a Python literal"),
        ("(" * 500, "not a Python literal"),
        ("-" * 100_000 + "1", r"not a Python literal \(too deep\)"),
        ("1+" * 100_000 + "1", r"not a Python literal \(too deep\)"),
        ("#" * (LONGEST_LINE + 1), "1048577 characters"),
        (repr(row(token="Amy")), "'token' is not a list of strings"),
        (repr(row(token=[], head=[0, 1])), "'token' is not a list of strings, or empty"),
        (repr(row(token=["a", 1], h={"name": "", "pos": [0, 1]}, t={})), "'token' is not a list of strings"),
        (repr(row(h={"pos": [0, 1]})), "'h' is not like"),
        (repr(row(t={"name": "x", "pos": [0]})), r"'pos' of 't' is not \[start, end\]"),
        (repr(row(t={"name": "x", "pos": [0, True]})), r"'pos' of 't' is not \[start, end\]"),
        (repr(row(t={"name": "x", "pos": [2, 2]})), r"'pos' of 't' is \[2, 2\], but the sentence has 6 words"),
        (repr(row(t={"name": "x", "pos": [-1, 2]})), r"'pos' of 't' is \[-1, 2\]"),
        (repr(row(t={"name": "x", "pos": [5, 7]})), r"'pos' of 't' is \[5, 7\]"),
        (repr(row()).replace("[2, 4]", f"[2, 0x{'f' * 9000}]"), "a huge number"),
        ("{'relation': 'None', " + repr(row())[1:], "a key stands there twice"),
        (repr(row(img_id=True)), "'img_id' is a bool"),
        (repr(row(img_id="../a.jpg")), "leaves the folder of pictures"),
        (repr(row()).replace("'a.jpg'", f"0x{'f' * 9000}"), "'img_id' is a int"),
        (repr(row(relation="")), "'relation' is a str; write a string that is not empty"),
        (repr(row(relation=3)), "'relation' is a int"),
        (repr(row(tags=["O"])), "1 tags for 6 words"),
        (repr(row(tags=["O"] * 5 + ["PER"])), "tag 'PER' is not a BIO tag"),
        (repr(row()).replace("'of'", r"'\ud83d'"), r"\\ud83d is half of a character"),
    ],
)
def test_mnre_places_what_cannot_be_understood(line: str, message: str) -> None:
    with pytest.raises(CorpusError, match=rf"^val\.txt:3: .*{message}"):
        parse(f"{lines(row(), row(relation='None'))}{line}\n", "val.txt")


def test_mnre_rejects_missing_empty_and_undecodable_files(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="not found; set `files`"):
        read_mnre(tmp_path / "none.txt")
    path = tmp_path / "a.txt"
    path.write_text("\n\n")
    with pytest.raises(CorpusError, match="no pairs; expected one Python dict a line"):
        read_mnre(path)
    path.write_bytes(lines(row()).encode() + b"{'token': ['\xff']}\n")
    with pytest.raises(CorpusError, match=r"a\.txt:2: byte 0xff"):
        read_mnre(path)


def test_mnre_reads_json_lines_too() -> None:
    assert parse(json.dumps(row()), "x").pairs == parse(repr(row()), "x").pairs


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    words = draw(st.lists(TEXT, min_size=1, max_size=6))
    spans = []
    for _ in range(2):
        start = draw(st.integers(0, len(words) - 1))
        spans.append([start, draw(st.integers(start + 1, len(words)))])
    relation = draw(TEXT.filter(lambda name: name not in ("", "none")))
    made = row(token=words, head=spans[0], tail=spans[1], relation=relation)
    if draw(st.booleans()):
        made["tags"] = draw(
            st.lists(st.sampled_from(["O", "B-PER", "I-x-y"]), min_size=len(words), max_size=len(words))
        )
    made["img_id"] = draw(st.integers(0, 10**9) | st.sampled_from(["a.jpg", "train/b.png", "twitter_1"]))
    return made


@given(st.lists(rows(), min_size=1, max_size=4))
@example([row(token=["\u2028", "\x85", "'\"\\", "\r\n", "\x00", "{}"])])
def test_mnre_round_trips_whatever_python_writes(written: list[dict[str, Any]]) -> None:
    read = parse(lines(*written), "x").pairs
    assert len(read) == len(written)
    for pair, wanted in zip(read, written, strict=True):
        assert (pair.words, pair.relation, pair.tags) == (wanted["token"], wanted["relation"], wanted.get("tags"))
        assert [list(pair.head), list(pair.tail)] == [wanted["h"]["pos"], wanted["t"]["pos"]]
        assert pair.image_id == str(wanted["img_id"])
