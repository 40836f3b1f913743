"""Every format read back, by an independent reader where there is one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.corpora.twitter import parse, read_twitter
from tandem.inference.formats import build_format
from tandem.inference.formats.base import Answer, TextFormat
from tandem.inference.formats.brat import spelt, standoff
from tandem.inference.formats.conll import tags
from tandem.inference.formats.names import FORMATS, format_of
from tandem.inference.formats.parquet import SCHEMA
from tandem.inference.formats.spacy import tokens
from tandem.inference.formats.table import width
from tandem.inference.prediction import Mention, Prediction, Relation, Word

TEXT = "RT @nba: Kevin Durant 🏀\nin  Oakland,\tCA \U0001f468\u200d\U0001f469 中文 "


def prediction(text: str, names: dict[str, str], **more: Any) -> Prediction:
    """Words parted by white space and before commas; mentions where the names first stand."""
    words = tuple(Word(found[0], *found.span()) for found in re.finditer(r"[^\s,]+|,", text))
    mentions = []
    for name, kind in names.items():
        start = text.index(name)
        mentions.append(Mention(name, kind, start, start + len(name), 0.123456789))
    return Prediction(text, words, tuple(mentions), **more)


@pytest.fixture
def answers() -> list[Answer]:
    relations = (Relation("/per/loc/place of birth", 0, 1, 0.75),)
    full = prediction(TEXT, {"Kevin Durant": "PER", "Oakland": "LOC"}, relations=relations, picture="ok")
    compared = prediction("Ann", {"Ann": "PER"}, without_image=(), picture_weight=(0.5,), region_weight=(0.25, 0.75))
    return [
        Answer(1, full, "a1", "sub/a.jpg"),
        Answer(3, prediction("no names", {}), 7, None),
        Answer(1004, compared, None, "../b.jpg"),
    ]


def written(name: str, answers: list[Answer], path: Path) -> Path:
    sink = build_format(name).open(path)
    for answer in answers:
        sink.write(answer)
    sink.close()
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_formats_parts_join_to_what_one_file_has(name: str, answers: list[Answer], tmp_path: Path) -> None:
    form = build_format(name)
    parts = [written(name, part, tmp_path / str(n)) for n, part in enumerate([answers[:2], [], answers[2:]])]
    form.join(parts, tmp_path / "joined")
    form.join([written(name, answers, tmp_path / "one")], tmp_path / "whole")

    def content(path: Path) -> Any:
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}

    if name == "parquet":
        assert pq.read_table(tmp_path / "joined").equals(pq.read_table(tmp_path / "whole"))
    else:
        assert content(tmp_path / "joined") == content(tmp_path / "whole")
        assert sum(map(len, content(tmp_path / "joined").values())) > 0


def test_formats_jsonl_has_all_of_a_prediction(answers: list[Answer], tmp_path: Path) -> None:
    rows = [json.loads(line) for line in written("jsonl", answers, tmp_path / "a").read_text("utf-8").splitlines()]
    assert [row["id"] for row in rows] == ["a1", 7, None]
    assert [row["line"] for row in rows] == [1, 3, 1004]
    first = rows[0]
    assert first["mentions"][1]["confidence"] == 0.123457
    for place in (*first["words"], *first["mentions"]):
        assert first["text"][place["start"] : place["end"]] == place["text"]
    plain = json.loads(json.dumps(answers[2].prediction.to_dict()))
    assert {key: rows[2][key] for key in plain if key != "mentions"} == {
        k: v for k, v in plain.items() if k != "mentions"
    }


def test_formats_parquet_is_read_by_pandas(answers: list[Answer], tmp_path: Path) -> None:
    path = written("parquet", answers, tmp_path / "a.parquet")
    assert pq.read_schema(path).equals(SCHEMA)
    frame = pd.read_parquet(path)
    assert list(frame["id"])[:2] == ["a1", "7"]
    assert [(one["text"], one["start"], one["end"]) for one in frame["mentions"][0]] == [
        ("Kevin Durant", 9, 21),
        ("Oakland", 28, 35),
    ]
    assert frame["relations"][0][0]["type"] == "/per/loc/place of birth"
    assert list(frame["region_weight"][2]) == [0.25, 0.75]
    assert frame["without_image"][0] is None
    assert len(frame["without_image"][2]) == 0


def test_formats_conll_is_read_by_the_reader_of_corpora(answers: list[Answer], tmp_path: Path) -> None:
    found = read_twitter(written("conll", answers, tmp_path / "a.conll"))
    assert [sentence.image_id for sentence in found.sentences] == ["sub/a.jpg", None, "b.jpg"]
    first = found.sentences[0]
    assert first.words == [word.text for word in answers[0].prediction.words]
    assert [(word, tag) for word, tag in zip(first.words, first.tags, strict=True) if tag != "O"] == [
        ("Kevin", "B-PER"),
        ("Durant", "I-PER"),
        ("Oakland", "B-LOC"),
    ]
    odd = {name: number for name, number in found.oddities.items() if number}
    assert odd == {"sentences_without_image_id": 1, "extra_blank_lines": 1}  # the one after the last block


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=6).filter(
    lambda word: word.strip(" ") and word != "-DOCSTART-"
)


@settings(max_examples=100, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=8), st.data())
def test_formats_conll_keeps_any_words_and_tags(words: list[str], data: st.DataObject) -> None:
    ends = [sum(len(word) + 1 for word in words[:n]) for n in range(len(words) + 1)]
    places = [Word(word, ends[n], ends[n] + len(word)) for n, word in enumerate(words)]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(words)), max_size=6)))
    mentions = tuple(
        Mention("", data.draw(st.sampled_from(["PER", "LOC"])), places[a].start, places[b - 1].end, 0.5)
        for a, b in zip(cuts[::2], cuts[1::2], strict=False)
    )
    found = Prediction(" ".join(words), tuple(places), mentions)
    form = build_format("conll")
    assert isinstance(form, TextFormat)
    (sentence,) = parse(form.text(Answer(1, found)), "a").sentences
    assert sentence.words == words
    assert sentence.tags == tags(found)
    assert sum(tag.startswith("B-") for tag in sentence.tags) == len(mentions)


def standoff_of(text: str, annotations: str) -> tuple[dict[str, Any], list[Any]]:
    """A reader written after brat's description of its format: entities by id, relations with their ends."""
    entities, relations = {}, []
    for line in annotations.splitlines():
        key, body, *rest = line.split("\t")
        if key.startswith("T"):
            kind, start, end = body.split(" ")
            assert rest == [text[int(start) : int(end)]]
            assert "\n" not in rest[0]
            entities[key] = (kind, int(start), int(end))
        elif key.startswith("R"):
            kind, *ends = body.split(" ")
            relations.append((kind, *(entities[one.partition(":")[2]] for one in ends)))
        else:
            assert key.startswith("#")
            assert body.split(" ")[0] == "AnnotatorNotes"
    return entities, relations


def test_formats_brat_is_a_folder_that_brat_reads(answers: list[Answer], tmp_path: Path) -> None:
    part, folder = written("brat", answers, tmp_path / "part"), tmp_path / "brat"
    build_format("brat").join([part], folder)
    documents = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.txt"))
    assert documents == ["000000/000000001.txt", "000000/000000003.txt", "000001/000001004.txt"]
    assert all((folder / document).with_suffix(".ann").is_file() for document in documents)
    with (folder / documents[0]).open(encoding="utf-8", newline="") as stream:
        text = stream.read()
    entities, relations = standoff_of(text, (folder / documents[0]).with_suffix(".ann").read_text("utf-8"))
    assert text == TEXT
    assert list(entities.values()) == [("PER", 9, 21), ("LOC", 28, 35)]
    assert relations == [("per_loc_place_of_birth", ("PER", 9, 21), ("LOC", 28, 35))]
    configuration = (folder / "annotation.conf").read_text("utf-8")
    sections = re.split(r"\[(\w+)\]\n", configuration)[1:]
    assert list(sections[::2]) == ["entities", "relations", "events", "attributes"]
    assert sections[1].split() == ["LOC", "PER"]
    assert sections[3].split("\t")[0] == "per_loc_place_of_birth"
    assert "per_loc_place_of_birth | /per/loc/place of birth" in (folder / "visual.conf").read_text("utf-8")
    index = [line.split("\t") for line in (folder / "index.tsv").read_text("utf-8").splitlines()]
    assert index[1] == ["000000/000000001", "1", "a1", "sub/a.jpg"]


def test_formats_brat_mentions_stay_within_a_line() -> None:
    text, annotations = standoff(
        Answer(1, prediction("a\r\nNew\r\nYork\u2028City\n", {"New\r\nYork\u2028City": "LOC"}))
    )
    assert text == "a\r\nNew  York City\n"
    assert list(standoff_of(text, annotations)[0].values()) == [("LOC", 3, 17)]
    assert spelt("/per/per/peer") == "per_per_peer"
    assert spelt("//") == "_"


def test_formats_spacy_tokens_hold_every_character_but_one_blank() -> None:
    text = " a  b\nc ...d "
    words = [Word("a", 1, 2), Word("b", 4, 5), Word("c", 6, 7), Word("d", 11, 12)]
    assert [text[start:end] for start, end in tokens(text, words)] == [" ", "a", " ", "b", "\n", "c", "...", "d"]


def test_formats_spacy_keeps_what_spacy_has_no_place_for(answers: list[Answer], tmp_path: Path) -> None:
    rows = [json.loads(line) for line in written("spacy", answers, tmp_path / "a").read_text("utf-8").splitlines()]
    assert rows[0]["tandem"]["confidences"] == [0.123457, 0.123457]
    assert rows[0]["tandem"]["relations"][0]["tail"] == 1
    assert [row["tandem"]["id"] for row in rows] == ["a1", 7, None]
    first = rows[0]
    assert [first["text"][ent["start"] : ent["end"]] for ent in first["ents"]] == ["Kevin Durant", "Oakland"]
    assert {ent["start"] for ent in first["ents"]} <= {token["start"] for token in first["tokens"]}


def test_formats_spacy_reads_its_docs(answers: list[Answer], tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy")
    from spacy.tokens import Doc, DocBin  # noqa: PLC0415

    nlp = spacy.blank("xx")
    lines = written("spacy", answers, tmp_path / "a.spacy.jsonl").read_text("utf-8").splitlines()
    docs = [Doc(nlp.vocab).from_json(json.loads(line), validate=True) for line in lines]
    assert [doc.text for doc in docs] == [answer.prediction.text for answer in answers]
    for doc, answer in zip(docs, answers, strict=True):
        expected = [(one.text, one.type, one.start, one.end) for one in answer.prediction.mentions]
        assert [(ent.text, ent.label_, ent.start_char, ent.end_char) for ent in doc.ents] == expected
        assert {word.text for word in answer.prediction.words} <= {token.text for token in doc}
    DocBin(docs=docs).to_disk(tmp_path / "a.spacy")
    again = list(DocBin().from_disk(tmp_path / "a.spacy").get_docs(nlp.vocab))
    assert [[ent.text for ent in doc.ents] for doc in again] == [[ent.text for ent in doc.ents] for doc in docs]


def test_formats_table_is_plain_without_a_terminal(answers: list[Answer]) -> None:
    form = build_format("table")
    assert isinstance(form, TextFormat)
    assert form.text(answers[0]).splitlines() == [
        "1 a1 [sub/a.jpg: ok]",
        "RT @nba: Kevin Durant 🏀 in  Oakland, CA 👨‍👩 中文 ",
        "  PER                      Kevin Durant            0.12",
        "  LOC                      Oakland                 0.12",
        "  /per/loc/place of birth  Kevin Durant → Oakland  0.75",
        "",
    ]
    assert "(no entity)" in form.text(answers[1])
    assert "without the picture: no entity" in form.text(answers[2])


def test_formats_table_colours_mentions_in_the_text(answers: list[Answer]) -> None:
    form = build_format("table", colour=True, numbered=False)
    assert isinstance(form, TextFormat)
    shown = form.text(answers[0])
    assert re.search("RT @nba: \x1b\\[1;38;5;\\d+mKevin Durant\x1b\\[0m 🏀", shown)
    assert len(set(re.findall(r"38;5;(\d+)m", shown))) >= 2
    assert re.sub("\x1b\\[[\\d;]*m", "", shown).startswith("RT @nba: Kevin Durant 🏀 in  Oakland")


def test_formats_table_lets_no_text_steer_the_terminal() -> None:
    hostile = prediction("\x1b[2J\x1b]0;title\x07Ann\u202e\x9b1m", {"Ann": "PER"}, picture="ok")
    form = build_format("table")
    assert isinstance(form, TextFormat)
    shown = form.text(Answer(1, hostile, "\x1b[31m", "\x1b.jpg"))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)


def test_formats_table_knows_how_wide_letters_are() -> None:
    assert [width(text) for text in ("abc", "中文", "e\u0301", "🏀")] == [3, 4, 1, 2]


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.jsonl", "jsonl"), ("A.JSONL", "jsonl"), ("a.spacy.jsonl", "spacy"), ("a.parquet", "parquet"),
     ("a.conll", "conll"), ("a.txt", "table")],
)  # fmt: skip
def test_formats_are_told_by_endings(name: str, form: str) -> None:
    assert format_of(Path(name)) == form


def test_formats_unknown_endings_are_said() -> None:
    with pytest.raises(ValueError, match="add --format, one of table, jsonl, parquet, brat, conll, spacy"):
        format_of(Path("a.xml"))
    with pytest.raises(ValueError, match=r"name it a\.spacy\.jsonl"):
        format_of(Path("a.spacy"))
    with pytest.raises(ValueError, match="unknown format 'xml'"):
        build_format("xml")
