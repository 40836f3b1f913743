"""Names of relations and the file that numbers them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.corpora.relations import label_order, read_rel2id, renamed
from tandem.corpora.twitter import CorpusError


@pytest.fixture
def read(tmp_path: Path):
    def read(content: str, rename: dict[str, str] | None = None) -> tuple[str, ...]:
        path = tmp_path / "rel2id.json"
        path.write_text(content, encoding="utf-8")
        return read_rel2id(path, rename).names

    return read


def test_relations_are_ordered_by_their_numbers_and_renamed(read) -> None:
    assert read('\ufeff{"/b": 2, "none": 0, "/a": 1}') == ("None", "/a", "/b")
    assert read('{"None": 1, "/a": 0}', {"/a": "/c", "None": "none"}) == ("/c", "None")


def test_relations_put_none_first_and_each_name_once() -> None:
    assert label_order(["/b", "None", "/a", "/b"]) == ["None", "/b", "/a"]
    assert label_order([]) == ["None"]
    assert renamed("none", {}) == renamed("/x", {"/x": "none"}) == "None"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"None": 0,\n "/a" 1}', r"rel2id\.json:2: not JSON"),
        ('["None"]', "not an object of relations"),
        ("{}", "not an object of relations"),
        ('{"": 0}', "not an object of relations"),
        ('{"None": 0, "/a": 0}', "numbers of the 2 relations are not 0 to 1, each once"),
        ('{"None": 0, "/a": 2}', "numbers of the 2 relations are not 0 to 1"),
        ('{"None": 0, "/a": true}', "numbers of the 2 relations"),
        ('{"None": 0, "/a": 1.0}', "numbers of the 2 relations"),
        ('{"None": 0, "/a": "1"}', "numbers of the 2 relations"),
        ('{"/a": 0, "/a": 1}', "a key stands there twice"),
        ("[" * 100_000, "too deep"),
        ('{"None": 0, "/\\ud83d": 1}', r"\\ud83d is half of a character"),
    ],
)
def test_relations_name_what_is_wrong_with_the_file(read, content: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        read(content)


def test_relations_name_the_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="not found; set `rel2id` of this corpus"):
        read_rel2id(tmp_path / "none.json")
