"""Rows of a test split that stand in what a model was trained on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tandem.corpora.schema import text_hash, write_relations, write_samples
from tandem.inference.leaks import find_leaks

SEEN, SEEN_TOO = ["Amy", "walks", "by", "the", "sea"], ["amy", "walks", "by", "the", "#sea", "!"]


@pytest.fixture
def project(make_params, tiny_corpus, tiny_pairs, tmp_path, monkeypatch):
    """Parameters; in `names`, one training sentence is SEEN, in `pairs` one of valid is."""
    monkeypatch.chdir(tmp_path)
    Path("data/prepared").mkdir(parents=True)
    first, *rest = tiny_corpus("train", 3)
    rows = [replace(first, words=SEEN, tags=["O"] * 5), *rest, *tiny_corpus("test", 2)]
    write_samples(Path("data/prepared/names.parquet"), rows)
    (pair,) = tiny_pairs("valid", 1)
    write_relations(Path("data/prepared/pairs.parquet"), [replace(pair, words=SEEN)], ["None"])
    corpora = {"names": {"format": "twitter"}, "pairs": {"format": "mnre"}}
    return make_params(corpora=corpora, datasets=["names"])


def pairs_of(tiny_pairs, *texts: list[str]):
    rows = tiny_pairs("test", len(texts))
    return [replace(row, words=words, text_hash=text_hash(words)) for row, words in zip(rows, texts, strict=True)]


def test_leaks_of_pairs_count_each_sentence_once(project, tiny_pairs) -> None:
    rows = pairs_of(tiny_pairs, SEEN_TOO, SEEN_TOO, SEEN, ["no", "such", "thing", "here"])
    found = find_leaks(rows, ["names"], project)
    assert found.rows == [True, True, True, False]
    assert found.facts == {"leaks": {"sentences": 2, "exact": 1, "near": 1}}


def test_leaks_of_sentences_count_every_row(project, tiny_corpus) -> None:
    rows = [replace(row, words=SEEN_TOO, text_hash="same") for row in tiny_corpus("test", 2)]
    assert find_leaks(rows, ["pairs"], project).facts == {"leaks": {"sentences": 2, "exact": 0, "near": 2}}


def test_leaks_come_from_train_and_valid_of_the_sources_alone(project, tiny_corpus) -> None:
    own = tiny_corpus("test", 2)  # they stand in the test split of `names`
    other = [replace(row, words=["quite", "another", "thing", "here"]) for row in own]
    assert find_leaks(other, ["names", "pairs"], project).facts["leaks"]["sentences"] == 0
    trained = {tuple(row.words) for row in tiny_corpus("train", 3)[1:]}
    exact = sum(tuple(row.words) in trained for row in own)
    assert find_leaks(own, ["names"], project).facts["leaks"]["exact"] == exact


def test_leaks_name_a_table_that_is_not_there(project) -> None:
    Path("data/prepared/names.parquet").unlink()
    with pytest.raises(ValueError, match=r"names.parquet: not found; run `dvc repro prepare`"):
        find_leaks([], ["names"], project)
