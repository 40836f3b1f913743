"""Counts out of prediction files."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tandem.reporting.predictions import BINS, picture_weights, read_pictures, read_rows, span_confusion


def test_span_confusion_is_the_mean_over_the_seeds() -> None:
    one = [{"gold": ["B-A", "O", "B-B", "O"], "predicted": ["B-B", "O", "O", "B-A"]}]
    two = [{"gold": ["B-A", "O", "B-B", "O"], "predicted": ["B-A", "O", "O", "O"]}]
    assert span_confusion([one, two]) == {"A": {"A": 0.5, "B": 0.5}, "B": {"missed": 1.0}, "invented": {"A": 0.5}}
    assert span_confusion([]) == {}


def test_picture_weights_are_counted_by_the_gold_type_of_the_word(made_up: SimpleNamespace) -> None:
    rows = [
        {"gold": ["B-A", "I-A", "O"], "picture_weight": [0.0, 1.0, 0.5]},
        {"gold": ["O"], "picture_weight": None},
        made_up.relation("right", picture_weight=[0.2] * 7),
    ]
    found = picture_weights([rows])
    assert {kind: sum(bins) for kind, bins in found.items()} == {"A": 2, "head": 1, "tail": 2, "O": 5}
    assert (found["A"][0], found["A"][BINS - 1], found["O"][BINS // 2]) == (1, 1, 1)
    assert list(found)[-1] == "O"


def test_read_rows_names_a_broken_file(tmp_path: Path, made_up: SimpleNamespace) -> None:
    assert read_rows(tmp_path / "gone.parquet") == []
    (tmp_path / "1.parquet").write_text("no table")
    with pytest.raises(ValueError, match=r"1.parquet: not a Parquet file .*dvc repro evaluate"):
        read_rows(tmp_path / "1.parquet")
    made_up.write_posts(tmp_path, "birds", [{"id": "test-0", "image_id": None, "words": ["a"], "gold": ["O"]}])
    with pytest.raises(ValueError, match=r"no column 'predicted'; remove it and run `dvc repro evaluate`"):
        read_rows(tmp_path / "data/predictions/birds/1.parquet")


def test_read_pictures_takes_the_test_split(tmp_path: Path, made_up: SimpleNamespace) -> None:
    assert read_pictures(tmp_path / "gone.parquet") == {}
    made_up.write_posts(tmp_path, "birds", [made_up.entities("right"), made_up.entities("unpictured")])
    assert read_pictures(tmp_path / "data/prepared/birds.parquet") == {
        "test-right": ("data/links/birds.images/right.png", "a <bird> & a knot"),
        "test-unpictured": (None, "a <bird> & a knot"),
    }
