"""The data analysis of odd corpora, whole, without a warning, and the table of leaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tandem.reporting.explore.corpus import explore
from tandem.reporting.explore.leaks import leaks

pytestmark = pytest.mark.filterwarnings("error::UserWarning")


def explored(rows: list[tuple[Any, ...]], folder: Path) -> dict[str, dict[str, Any]]:
    """The index, by key, of a NER corpus of split, words, tags, image_id, image_path."""
    table = pd.DataFrame(rows, columns=["split", "words", "tags", "image_id", "image_path"])
    table.insert(0, "id", [f"{split}-{number}" for number, split in enumerate(table["split"])])
    table.to_parquet(folder / "odd.parquet")
    explore(folder / "odd.parquet", folder / "plots", "ner", max_pixels=10_000)
    return {entry["key"]: entry for entry in json.loads((folder / "plots/index.json").read_text(encoding="utf-8"))}


def test_explore_takes_any_script_and_broken_pictures(tmp_path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    names = ["北京", "القاهرة", "Москва", "😂", "$x$", "a" * 80]
    tags = ["O", "B-地点"], ["O", "B-$\\alpha$"]
    rows = [
        (split, ["in", name], tags[number % 2], f"{split}{number}", str(tmp_path / "broken.jpg"))
        for number, name in enumerate(names)
        for split in ("train", "test")
    ]
    index = explored(rows, tmp_path)
    assert index["picture_files"]["sentence"] == "Of 12 pictures, 12 broken."
    assert (index["picture_sizes"]["png"], index["picture_sizes"]["sentence"]) == (None, "No picture is readable.")
    assert "6 broken ones among them" in index["contact_sheet"]["sentence"]
    assert "地点" in index["types"]["sentence"]
    assert index["clouds"]["png"] == "clouds.png"
    assert index["co_occurrence"]["sentence"] == "No two types stand in one sentence."


def test_explore_takes_one_type_one_split_and_no_pictures(tmp_path) -> None:
    rows = [("train", ["Ann", "Lee"][:size], ["B-PER", "I-PER"][:size], None, None) for size in (1, 2, 2)]
    index = explored(rows, tmp_path)
    assert index["types"]["sentence"] == "3 entities of 1 type: PER."
    assert index["contact_sheet"] == {
        "key": "contact_sheet",
        "title": "Some of the pictures",
        "sentence": "No sentence names a picture.",
        "csv": "contact_sheet.csv",
        "png": None,
        "kind": "table",
    }
    drawn = {key for key, entry in index.items() if entry["png"]}
    assert drawn == {"lengths", "types", "entity_lengths", "mentions", "clouds", "pictures"}
    assert {path.name for path in (tmp_path / "plots").glob("*.png")} == {f"{key}.png" for key in drawn}


def test_explore_takes_a_corpus_without_a_row(tmp_path) -> None:
    index = explored([], tmp_path)
    assert {entry["kind"] for entry in index.values()} == {"table"}
    assert index["lengths"]["sentence"] == "There are no sentences."


def test_leaks_name_both_sentences_exact_ones_first() -> None:
    sea, tree = "Amy walks by the sea", "a tree in the park of Rome"
    rows = [
        ("train-0", "train", sea),
        ("valid-0", "valid", tree),
        ("test-0", "test", f"RT @bob : {sea}"),
        ("test-1", "test", tree),
        ("test-2", "test", "nothing of the kind"),
        ("test-3", "test", tree),
    ]
    table = pd.DataFrame([(name, split, text.split()) for name, split, text in rows], columns=["id", "split", "words"])
    assert leaks(table).values.tolist() == [
        ["test-1", "exact", "valid-0", tree, tree],
        ["test-0", "near", "train-0", f"RT @bob : {sea}", sea],
    ]
    assert leaks(table.iloc[:0]).empty
