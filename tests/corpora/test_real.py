"""The real corpora, where they are: under data/raw, or beside the project in shared/data."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.corpora.links import link_corpus
from tandem.corpora.prepare import Prepared, prepare
from tandem.corpora.schema import read_relation_names, read_relations
from tandem.params import parse_params

HOME = Path(__file__).resolve().parents[2]
PLACES = (HOME / "data/raw", HOME.parent / "shared/data")


def prepared(name: str, tmp_path: Path, *, train: str, **entry: str) -> Prepared:
    root = next((place / name for place in PLACES if (place / name / train).is_file()), None)
    if root is None:
        pytest.skip(f"the corpus {name} is in neither of {', '.join(map(str, PLACES))}")
    corpora = {name: {**entry, "root": str(root)}}
    params = parse_params({"fusion": "film", "datasets": [name], "seeds": [1], "corpora": corpora})
    link_corpus(params, name, tmp_path)
    return prepare(params, name, tmp_path)


def report_of(name: str, tmp_path: Path) -> dict:
    return prepared(name, tmp_path, train="train.txt", format="twitter", captions="captions.tsv").report


def test_real_twitter2015_is_read_whole(tmp_path) -> None:
    report = report_of("twitter2015", tmp_path)
    assert (report["release"], report["warning"]) == ("Twitter-2015 original (UMT)", None)
    splits = report["splits"]
    assert [splits[s]["sentences"] for s in splits] == [4000, 1000, 3257]
    assert [splits[s]["tokens"] for s in splits] == [64439, 16178, 52822]
    assert [splits[s]["orphan_inside"] for s in splits] == [186, 53, 135]
    assert splits["test"]["types_default"] == {"LOC": 1720, "ORG": 860, "OTHER": 754, "PER": 1873}
    assert (splits["test"]["entities_default"], splits["test"]["entities_strict"]) == (5207, 5072)
    assert splits["train"]["begin_tags"] == {"LOC": 2091, "ORG": 927, "OTHER": 931, "PER": 2217}
    assert [splits[s]["sentences_ending_in_url"] for s in splits] == [3903, 975, 3186]
    assert report["oddities"]["valid"]["no_break_space_words"] == 1
    assert report["captions"]["empty"] == 2
    assert report["leakage"]["test"] == {"sentences": 11, "exact": 6, "near": 5}
    assert {k: report["duplicates"][k] for k in ("train_valid", "train_test", "valid_test", "within_test")} == {
        "train_valid": 2,
        "train_test": 4,
        "valid_test": 3,
        "within_test": 3,
    }


def test_real_twitter2017_is_read_whole(tmp_path) -> None:
    report = report_of("twitter2017", tmp_path)
    assert (report["release"], report["warning"]) == ("Twitter-2017 original (UMT)", None)
    splits = report["splits"]
    assert [splits[s]["sentences"] for s in splits] == [3373, 723, 723]
    assert [splits[s]["tokens"] for s in splits] == [53007, 11309, 11330]
    assert [splits[s]["orphan_inside"] for s in splits] == [0, 0, 0]
    assert (splits["test"]["entities_default"], splits["test"]["entities_strict"]) == (1351, 1351)
    odd = report["oddities"]
    assert [odd[s]["invisible_words"] for s in odd] == [112, 16, 26]
    assert sum(odd[s]["replacement_character_words"] for s in odd) == 4
    assert [odd[s]["extra_blank_lines"] for s in odd] == [1, 1, 1]
    assert report["captions"]["present"] == 4819
    assert report["duplicates"]["train_valid"] == 1
    assert report["leakage"]["test"] == {"sentences": 7, "exact": 0, "near": 7}


def test_real_mnre_is_read_whole(tmp_path) -> None:
    found = prepared("mnre", tmp_path, train="mnre_train.txt", format="mnre", rel2id="ours_rel2id.json")
    report = found.report
    assert (report["release"], report["warning"]) == ("MNRE second release", None)
    splits = report["splits"]
    assert [splits[s]["rows"] for s in splits] == [12247, 1624, 1614]
    assert [splits[s]["relations"]["None"] for s in splits] == [7744, 1000, 974]
    assert report["relations"]["labels"] == 23
    assert report["relations"]["without_train_case"] == []
    assert report["relations"]["without_test_case"] == ["/per/per/alumi", "/per/misc/race"]
    odd = report["oddities"]
    assert [odd[s]["overlapping_pairs"] for s in odd] == [59, 3, 5]
    assert sum(odd[s]["pairs_with_an_entity_at_the_end"] for s in odd) == 134
    assert odd["train"]["conflicting_pairs"] == report["duplicates"]["within_train"] == 27
    assert odd["train"]["conflicting_pairs_same_picture"] == 0
    assert [odd[s]["blanks_in_file_name"] for s in odd] == [0, 1, 0]
    assert not any(odd[s][key] for s in odd for key in odd[s] if key.startswith("names_that_differ"))
    assert report["pictures"]["ids"] == 9201
    assert report["leakage"]["test"] == {"sentences": 21, "exact": 3, "near": 18}
    path = tmp_path / "mnre.parquet"
    found.table.write(path)
    assert read_relations(path) == found.samples
    assert read_relation_names(path)[:2] == ["None", "/per/per/parent"]
