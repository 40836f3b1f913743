"""Rows out of files of every kind: what can be read is, what cannot is told with its line."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.inference.posts.fields import Columns, Fields, PictureRoot
from tandem.inference.posts.row import MOST_BYTES, MOST_CHARACTERS, Place, Row
from tandem.inference.posts.source import JsonStream, Source, columns_of, open_source
from tandem.inference.prediction import Query

TRICKY = [
    'a "quoted", word',
    "two\nlines",
    "CR\r\nLF",
    "tab\there",
    "semi; colon",
    "🏀 中文 é",
    " blank edges ",
    "\u2028x",
]


def accept(query: Query) -> None:
    """Every query can be read."""


def read(
    source: Source, name: str, root: PictureRoot | None = None, start: Place | None = None, **names: str
) -> list[Row]:
    columns = columns_of(source, name, Columns(**names))
    return list(source.rows(Fields(columns, root or PictureRoot(Path("pictures")), accept), start or Place()))


def rows(path: Path, content: Any, **names: str) -> list[Row]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(open_source(str(path)), str(path), **names)


def texts(found: list[Row]) -> list[str | None]:
    return [None if row.query is None else row.query.text for row in found]


def only(found: list[Row]) -> Query:
    assert len(found) == 1
    assert found[0].query is not None, found[0].reason
    return found[0].query


def test_source_reads_the_same_posts_in_every_format(tmp_path: Path) -> None:
    posts = [{"id": f"p{n}", "text": text, "image": f"{n}.jpg", "caption": "a dog"} for n, text in enumerate(TRICKY)]
    frame = pd.DataFrame(posts)
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "b.csv", index=False, sep=";", encoding="utf-8-sig")
    frame.to_csv(tmp_path / "c.tsv", index=False, sep="\t")
    frame.to_csv(tmp_path / "d.csv", index=False, sep="|", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    frame.to_parquet(tmp_path / "e.parquet")
    frame.to_json(tmp_path / "f.jsonl", orient="records", lines=True)
    for path in sorted(tmp_path.iterdir()):
        found = read(open_source(str(path)), str(path))
        assert [row.reason for row in found] == [None] * len(posts), path
        assert texts(found) == TRICKY, path
        assert [row.id for row in found] == [f"p{n}" for n in range(len(posts))]
        assert [row.image for row in found] == [f"{n}.jpg" for n in range(len(posts))]
        assert [row.query.image for row in found if row.query] == [Path(f"pictures/{n}.jpg") for n in range(len(posts))]
        assert {row.query.caption for row in found if row.query} == {"a dog"}


def test_source_of_plain_text_is_a_post_a_line(tmp_path: Path) -> None:
    found = rows(tmp_path / "a.txt", "\ufeffone\r\n\n  \ntwo \u2028 parts\nthree")
    assert texts(found) == ["one", "two \u2028 parts", "three"]
    assert [row.line for row in found] == [1, 4, 5]
    with pytest.raises(ValueError, match="plain text has no columns"):
        rows(tmp_path / "a.txt", "one", text="tweet")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=("Cs",)), max_size=20).filter(lambda text: text.strip()), max_size=8
    ),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_source_reads_any_csv_that_python_writes(tmp_path_factory, values: list[str], delimiter: str, end: str) -> None:
    path = tmp_path_factory.mktemp("csv") / "posts.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerows([["id", "text"], *([number, text] for number, text in enumerate(values))])
    found = read(open_source(str(path)), str(path))
    assert texts(found) == values
    for row in found:  # every place that is told is one to go on from
        later = read(open_source(str(path)), str(path), start=row.end)
        assert later == found[found.index(row) + 1 :]


@pytest.mark.parametrize("ending", ["jsonl", "csv", "txt", "parquet"])
def test_source_goes_on_from_every_place(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"posts.{ending}"
    frame = pd.DataFrame({"text": [f"post\n{n}" if ending == "csv" else f"post {n}" for n in range(200)]})
    if ending == "parquet":
        frame.to_parquet(path, row_group_size=33)
    elif ending == "csv":
        frame.to_csv(path, index=False)
    elif ending == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        path.write_text("\n".join(frame["text"]), encoding="utf-8")
    source = open_source(str(path))
    found = read(source, str(path))
    assert texts(found) == list(frame["text"])
    for number in (0, 31, 32, 33, 100, 199):
        assert read(source, str(path), start=found[number].end) == found[number + 1 :]
    assert found[-1].end.offset == source.total


def test_source_tells_broken_rows_with_line_and_reason(tmp_path: Path) -> None:
    lines = [
        b'{"text": "good"}',
        b'{"text": ""}',
        b'{"txt": "x"}',
        b'{"text": 3}',
        b'{"text": ["a"]}',
        b"{'text': 'x'}",
        b"[1]",
        b'{"text": "\xff"}',
        b'{"text": "\\ud83d"}',
        b'{"text": "a", "id": [1]}',
        b'{"text": "a", "image": 5}',
        b'{"text": "a", "words": "x y", "image": "a\\u0000.jpg"}',
        b'{"text": "a", "words": ["a", ""]}',
        b'{"text": "a", "words": {"a": 1}}',
        b"[" * 100_000,
        json.dumps({"text": "x" * (MOST_CHARACTERS + 1)}).encode(),
        b'{"text": "' + b"x" * MOST_BYTES + b'"}',
        b'{"text": "good too", "id": 7, "image": null}',
    ]
    found = rows(tmp_path / "a.jsonl", b"\n".join(lines))
    assert [row.line for row in found] == list(range(1, len(lines) + 1))
    good = [number for number, row in enumerate(found) if row.query is not None]
    assert good == [0, len(lines) - 1]
    assert found[-1].id == 7
    reasons = [row.reason or "" for row in found[1:-1]]
    expected = [
        "no text",
        "no text",
        "'text': expected a string, found a number",
        "'text': expected a string, found a list",
        "not JSON",
        "expected a JSON object",
        "byte 0xff is not UTF-8",
        r"\ud83d is half of a character",
        "'id': expected a string",
        "'image': expected a string",
        "NUL",
        "'' is no word",
        "words: expected a list, found an object",
        "not JSON",
        "100,001 characters",
        "more than 1,048,576 bytes",
    ]
    assert [(reason, part) for reason, part in zip(reasons, expected, strict=True) if part not in reason] == []
    assert found[1].raw == '{"text": ""}'
    assert found[7].raw == '{"text": "\\xff"}'
    assert len(found[-2].raw) == 1000
    assert all("\n" not in reason for reason in reasons)


def test_source_gives_up_one_row_for_an_open_quote(tmp_path: Path) -> None:
    content = 'id,text\n1,one\n2,"open\n3,three\n4,"it""s"\n5,a,b\n6\n7,"x" y\n8,eight \xff\n9,nine\n'
    found = rows(tmp_path / "a.csv", content.encode("latin-1"))
    assert [(row.line, row.query and row.query.text) for row in found] == [
        (2, "one"), (3, None), (4, "three"), (5, 'it"s'), (6, None), (7, None), (8, None), (9, None), (10, "nine"),
    ]  # fmt: skip
    reasons = [row.reason or "" for row in found if row.query is None]
    expected = ["--no-quotes", "3 columns, but the header names 2", "1 columns", "--no-quotes", "byte 0xff"]
    assert [part in reason for reason, part in zip(reasons, expected, strict=True)] == [True] * 5
    assert found[1].raw == '2,"open'


def test_source_without_quotes_takes_them_as_characters(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text('id\ttext\n1\t"Great" he said\n2\t"open\n', encoding="utf-8")
    assert texts(read(open_source(str(path), quotes=False), str(path))) == ['"Great" he said', '"open']
    assert texts(read(open_source(str(path)), str(path))) == [None, None]


def test_source_bounds_what_an_open_quote_holds(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text\n"open\n' + "x" * 100 + "\n" + ("y" * 1000 + "\n") * 3000, encoding="utf-8")
    found = read(open_source(str(path)), str(path))
    assert [row.query is None for row in found] == [True] + [False] * 3001
    assert "is a quote left open?" in (found[0].reason or "")


@pytest.mark.parametrize(
    ("name", "content", "names", "message"),
    [
        (
            "a.csv",
            "id,tweet,txt\n",
            {"text": "txet"},
            "no column 'txet' (--text-column); there are 'id', 'tweet', 'txt'",
        ),
        ("a.csv", "id,txt\n", {}, "no column 'text'; there are 'id', 'txt'"),
        ("a.csv", "text\n", {"image": "photo"}, "no column 'photo' (--image-column)"),
        ("a.csv", "text,text\n", {}, "two columns are named 'text'"),
        ("a.csv", "", {}, "empty"),
        ("a.csv", b"te\xffxt,b\n", {}, "its header is not UTF-8"),
        ("a.csv", "text\rone\rtwo", {}, "its header"),
        ("a.jsonl", '{"txt": "a"}\n{"id": 3}\n', {}, "no column 'text'; there are 'txt', 'id'"),
        ("a.parquet", b"PAR1 nonsense", {}, "not readable as Parquet"),
        ("a.xlsx", "x", {}, "ends in .jsonl, .ndjson, .csv"),
    ],
)
def test_source_says_in_a_line_what_is_wrong_with_a_file(
    tmp_path: Path, name: str, content: Any, names: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 (the message is compared below)
        rows(tmp_path / name, content, **names)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_source_not_found_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere\.csv: not found"):
        open_source(str(tmp_path / "nowhere.csv"))
    with pytest.raises(ValueError, match="expected a file of posts"):
        open_source(str(tmp_path))


def test_source_may_be_empty(tmp_path: Path) -> None:
    assert rows(tmp_path / "a.jsonl", "") == []
    assert rows(tmp_path / "a.txt", "") == []
    assert rows(tmp_path / "a.csv", "text\n") == []


def test_source_pictures_stay_in_their_folder(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    (root / "sub").mkdir(parents=True)
    names = ["a.jpg", "sub/a.jpg", "sub/../a.jpg", f"{root}/a.jpg", "../a.jpg", "sub/../../a.jpg", "/etc/passwd", ""]
    path = tmp_path / "posts.jsonl"
    path.write_text("\n".join(json.dumps({"text": "x", "image": name}) for name in names), encoding="utf-8")
    inside = read(open_source(str(path)), str(path), PictureRoot(root))
    assert [row.query is not None for row in inside] == [True] * 4 + [False] * 3 + [True]
    assert all("--images-anywhere" in (row.reason or "") for row in inside[4:7])
    assert inside[-1].query is not None
    assert inside[-1].query.image is None
    anywhere = read(open_source(str(path)), str(path), PictureRoot(root, anywhere=True))
    assert [row.query and row.query.image for row in anywhere[4:7]] == [root / name for name in names[4:7]]


def test_source_pictures_of_the_working_folder_stay_there(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    root = PictureRoot(Path())
    assert root.find("a.jpg") == Path("a.jpg")
    for name in ("../a.jpg", "/etc/passwd"):
        with pytest.raises(ValueError, match="lies outside"):
            root.find(name)


def test_source_parquet_may_hold_the_pictures(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table(
        {
            "text": ["a", "b", None],
            "image": pa.array([{"bytes": b"\x89PNG", "path": "x.png"}, None, {"bytes": b"z", "path": None}], image),
            "id": [1, 2, 3],
        }
    )
    pq.write_table(table, path)
    first, second, third = read(open_source(str(path)), str(path))
    assert first.query == Query("a", b"\x89PNG")
    assert (first.image, first.id) == ("x.png", 1)
    assert second.query == Query("b")
    assert third.raw == {"text": None, "image": {"bytes": "1 bytes", "path": None}, "id": 3}


def test_source_words_make_the_text_where_there_is_none(tmp_path: Path) -> None:
    pq.write_table(pa.table({"words": [["in", "Oakland", "!"]], "tags": [["O", "B-LOC", "O"]]}), tmp_path / "a.parquet")
    query = only(read(open_source(str(tmp_path / "a.parquet")), "a"))
    assert query == Query("in Oakland !", words=("in", "Oakland", "!"))
    assert only(rows(tmp_path / "a.csv", "text,words\nin Oakland!,in Oakland !\n")).words == ("in", "Oakland", "!")
    quoted = 'text,words\nin Oakland!,"[""in"", ""Oakland""]"\n'
    assert only(rows(tmp_path / "a.csv", quoted)).words == ("in", "Oakland")
    assert only(rows(tmp_path / "a.csv", "text,words\nin Oakland!,\n")).words is None


def test_source_out_of_a_pipe_is_read_once(tmp_path: Path) -> None:
    stream = JsonStream(io.BytesIO(b'\n{"tweet": "a"}\n{"tweet": "b"}\nbad\n'))
    assert not stream.resumable
    assert stream.present == ["tweet"]
    assert texts(read(stream, "-")) == ["a", "b", None]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_source_memory_does_not_grow_with_the_file(tmp_path: Path, ending: str) -> None:
    def peak(number: int) -> int:
        path = tmp_path / f"{number}.{ending}"
        frame = pd.DataFrame({"text": ["some words of a post " * 10] * number})
        if ending == "parquet":
            frame.to_parquet(path, row_group_size=1000)
        elif ending == "csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_json(path, orient="records", lines=True)
        source = open_source(str(path))
        columns = columns_of(source, "x", Columns())
        tracemalloc.start()
        assert sum(1 for _ in source.rows(Fields(columns, PictureRoot(Path()), accept), Place())) == number
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(10_000) < 1.5 * peak(1_000) + 50_000
