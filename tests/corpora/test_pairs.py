"""Relation corpora from raw files through links to the prepared table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tandem.corpora.embedded import generate
from tandem.corpora.links import link_corpus
from tandem.corpora.prepare import Prepared, prepare
from tandem.corpora.schema import RelationSample, read_pictures, read_relation_names, read_relations
from tandem.corpora.twitter import CorpusError
from tandem.params import parse_params
from tandem.params.embedded import EmbeddedParams


def row(relation: str, image_id: Any = "1.jpg", words: str = "Amy lives in Rome", head: int = 0) -> dict[str, Any]:
    token = words.split()
    ends = {"h": head, "t": 3 - head}
    entities = {key: {"name": token[start], "pos": [start, start + 1]} for key, start in ends.items()}
    return {"token": token, **entities, "img_id": image_id, "relation": relation}


ONE = {
    "train": [row("/lives"), row("None", head=3), row("none", 2, "Bo met Cy Dee"), row("/unknown", 2, "Bo met Cy Dee")],
    "val ": [row("/lives", "3.jpg")],
    "test": [row("None", "3.jpg"), row("/born", "3.jpg", "Amy leaves old Rome")],
}
TWO = {
    "train": [row("/born", "w1.jpg")],
    "val": [row("/lives", "w1.jpg")],
    "test": [row("/home", "w2.jpg")],
}


def write_corpus(root: Path, splits: dict[str, list[dict[str, Any]]], pictures: dict[str, bytes]) -> None:
    (root / "images").mkdir(parents=True)
    for split, rows in splits.items():
        (root / f"mnre_{split}.txt").write_text("".join(f"{line!r}\n" for line in rows), encoding="utf-8")
    for name, content in pictures.items():
        (root / "images" / name).write_bytes(content)


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_corpus(Path("data/raw/one"), ONE, {"1.jpg": b"x", "2.png": b"y"})
    write_corpus(Path("data/raw/two"), TWO, {"w2.jpg": b"z"})
    Path("data/raw/one/captions.tsv").write_text("1.jpg\ta cat\n", encoding="utf-8")
    numbers = '{"/lives": 0, "/unknown": 1, "/born": 2, "/never": 3}'
    Path("data/raw/one/rel2id.json").write_text(numbers, encoding="utf-8")
    return tmp_path


def prepared(name: str, **corpora: dict[str, Any]) -> Prepared:
    values = {"fusion": "film", "datasets": [name], "seeds": [1], "corpora": corpora}
    params = parse_params(values)
    link_corpus(params, name)
    return prepare(params, name)


def test_pairs_find_captions_under_ids_without_an_ending(project) -> None:
    Path("data/raw/one/captions.tsv").write_text("1\ta cat\n3.jpg\ta dog\n", encoding="utf-8")
    found = prepared("one", one={"format": "mnre", "captions": "captions.tsv"})
    captions = {sample.image_id: sample.caption for sample in found.samples}
    assert captions == {"1.jpg": "a cat", "2": None, "3.jpg": "a dog"}
    assert found.report["captions"]["of_unknown_pictures"] == 0


def test_pairs_are_read_with_pictures_captions_and_labels(project) -> None:
    found = prepared("one", one={"format": "mnre", "rel2id": "rel2id.json", "captions": "captions.tsv"})
    first = found.samples[0]
    assert isinstance(first, RelationSample)
    assert (first.id, first.head, first.tail, first.relation, first.tags) == ("train-0", (0, 1), (3, 4), "/lives", None)
    assert (first.image_path, first.caption) == ("data/links/one/images/1.jpg", "a cat")
    third = found.samples[2]
    assert (third.relation, third.image_id, third.image_path) == ("None", "2", "data/links/one/images/2.png")
    report = found.report
    assert report["relations"] == {
        "labels": 5,
        "none_added_to_rel2id": True,
        "without_train_case": ["/born", "/never"],
        "without_test_case": ["/lives", "/unknown", "/never"],
        "unseen_in_train": {"valid": 0, "test": 1},  # "/born", which the file of relations has
    }
    assert report["splits"]["train"] == {
        "rows": 4,
        "sentences": 2,
        "tokens": 8,
        "longest_sentence": 4,
        "relations": {"None": 2, "/lives": 1, "/unknown": 1},
        "none_share": 0.5,
    }
    assert report["pictures"] == {"ids": 3, "present": 2, "missing": 1, "distinct": 2}
    assert report["captions"]["present"] == 1
    assert report["oddities"]["valid"]["blanks_in_file_name"] == 1
    assert report["oddities"]["train"]["conflicting_pairs"] == 1
    assert report["oddities"]["train"]["lower_case_none"] == 1
    counted = {key: value for key, value in report["duplicates"].items() if key not in ("near", "pictures")}
    assert counted == {
        **{"within_train": 1, "within_valid": 0, "within_test": 0},
        **{"train_valid": 1, "train_test": 1, "valid_test": 1},
        "sentences": {"train_valid": 1, "train_test": 1, "valid_test": 1},
    }
    assert report["release"] == "unknown"


def test_pairs_table_round_trips_with_equal_bytes(project) -> None:
    found = prepared("one", one={"format": "mnre", "rel2id": "rel2id.json"})
    found.table.write(Path("a.parquet"))
    found.table.write(Path("b.parquet"))
    assert Path("a.parquet").read_bytes() == Path("b.parquet").read_bytes()
    assert read_relations(Path("a.parquet")) == found.samples
    assert [sample.split for sample in read_relations(Path("a.parquet"), "valid")] == ["valid"]
    assert read_relation_names(Path("a.parquet")) == ["None", "/lives", "/unknown", "/born", "/never"]
    assert list(read_pictures(Path("a.parquet"))["image_id"]) == ["1.jpg", "2", "3.jpg"]


def test_pairs_take_their_labels_from_train_without_a_file_and_count_what_it_lacks(project) -> None:
    found = prepared("one", one={"format": "mnre", "rename": {"/unknown": "/a"}})
    found.table.write(Path("a.parquet"))
    assert read_relation_names(Path("a.parquet")) == ["None", "/a", "/lives"]
    assert found.report["relations"]["unseen_in_train"] == {"valid": 0, "test": 1}
    assert found.report["splits"]["test"]["relations"] == {"None": 1, "/born": 1}
    assert found.samples[-1].relation == "/born"
    assert not found.report["relations"]["none_added_to_rel2id"]


def test_pairs_refuse_a_relation_that_the_file_lacks(project) -> None:
    Path("data/raw/one/rel2id.json").write_text('{"None": 0, "/lives": 1, "/unknown": 2}', encoding="utf-8")
    with pytest.raises(CorpusError, match=r"mnre_test\.txt:2: relation '/born' is not in .*rel2id\.json"):
        prepared("one", one={"format": "mnre", "rel2id": "rel2id.json"})


def test_pairs_of_merged_corpora_join_their_labels(project) -> None:
    corpora = {
        "one": {"format": "mnre", "rel2id": "rel2id.json"},
        "two": {"format": "mnre", "rename": {"/home": "/lives"}},
        "both": {"format": "merged", "task": "re", "parts": ["one", "two"], "rename": {"/unknown": "none"}},
    }
    found = prepared("both", **corpora)
    found.table.write(Path("a.parquet"))
    assert read_relation_names(Path("a.parquet")) == ["None", "/lives", "/born", "/never"]
    assert [sample.id for sample in found.samples if sample.split == "valid"] == ["one:valid-0", "two:valid-0"]
    last = found.samples[-1]
    assert (last.source, last.image_id, last.relation) == ("two", "two/w2.jpg", "/lives")
    assert last.image_path is not None
    assert Path(last.image_path).read_bytes() == b"z"
    report = found.report
    assert report["splits"]["train"]["relations"] == {"None": 3, "/lives": 1, "/born": 1}
    assert set(report["parts"]) == {"one", "two"}
    assert report["relations"]["none_added_to_rel2id"]
    assert report["duplicates"]["within_train"] == 2


def test_pairs_of_the_embedded_corpus_are_clean(project) -> None:
    generate(Path("data/raw"), EmbeddedParams(train=40, valid=10, test=20, missing_picture=0.0))
    name = "embedded_relations"
    found = prepared(name, **{name: {"format": "mnre", "rel2id": "rel2id.json"}})
    assert found.report["release"] == "embedded (generated)"
    assert [found.report["splits"][split]["rows"] for split in ("train", "valid", "test")] == [40, 10, 20]
    assert found.report["pictures"] == {"ids": 35, "present": 35, "missing": 0, "distinct": 35}
    assert found.report["relations"]["labels"] == 9
    for counts in found.report["oddities"].values():
        assert {key for key, count in counts.items() if count} <= {"pairs_with_an_entity_at_the_end"}
    assert all(sample.tags for sample in found.samples)
