"""The data analysis of a small NER table whose counts are known."""

import json
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from tandem.reporting.explore.corpus import explore
from tandem.reporting.explore.entities import ITEMS, describe

PLOTS = {item.key: item.plot for item in ITEMS}
LIMIT = 1_000_000

ROWS = [
    ("train", ["B-PER", "O", "B-PER", "I-PER"], "a", "images/a.jpg"),
    ("train", ["I-LOC", "B-PER"], "b", None),  # an orphan I- opens an entity by the default reading
    ("train", ["O"], None, None),
    ("test", ["B-LOC", "B-ORG", "O"], "c", "images/c.jpg"),
]


def samples() -> pd.DataFrame:
    rows = [(split, [f"w{n}" for n in range(len(tags))], tags, *picture) for split, tags, *picture in ROWS]
    return table_of(rows)


def table_of(rows: list[tuple]) -> pd.DataFrame:
    """Rows of split, words, tags, image_id, image_path, with ids."""
    table = pd.DataFrame(rows, columns=["split", "words", "tags", "image_id", "image_path"])
    return table.assign(id=[f"{split}-{number}" for number, split in enumerate(table["split"])])


def index_of(folder: Path) -> dict[str, dict]:
    """The index of a corpus by key; every file that it names is there, and no other."""
    entries = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    assert all(list(entry) == ["key", "title", "sentence", "csv", "png", "kind"] for entry in entries)
    named = {entry[kind] for entry in entries for kind in ("csv", "png") if entry[kind]} | {"index.json"}
    assert named == {path.name for path in folder.iterdir()}
    assert all(entry["sentence"].endswith(".") and entry["title"] for entry in entries)
    assert all((entry["png"] is None) == (entry["kind"] == "table") for entry in entries)
    return {entry["key"]: entry for entry in entries}


def lookup(table: pd.DataFrame) -> dict[tuple, int]:
    return {tuple(row[:-1]): row[-1] for row in table.itertuples(index=False)}


def test_explore_counts_right() -> None:
    tables = describe(samples())
    lengths = lookup(tables["lengths"])
    assert {key: count for key, count in lengths.items() if count} == {
        ("train", 1): 1,
        ("train", 2): 1,
        ("train", 4): 1,
        ("test", 3): 1,
    }
    assert lengths["train", 3] == 0
    types = lookup(tables["types"])
    assert (types["PER", "train"], types["LOC", "train"], types["PER", "test"], types["ORG", "test"]) == (3, 1, 0, 1)
    entities = lookup(tables["entities"])
    assert (entities["train", 0], entities["train", 2], entities["test", 2]) == (1, 2, 1)
    pairs = lookup(tables["co_occurrence"])
    assert pairs["PER", "PER"] == pairs["LOC", "PER"] == pairs["PER", "LOC"] == pairs["ORG", "LOC"] == 1
    assert pairs["LOC", "LOC"] == pairs["ORG", "PER"] == 0
    pictures = lookup(tables["pictures"])
    assert [pictures["train", state] for state in ("present", "missing", "none named")] == [1, 1, 1]
    assert pictures["test", "present"] == 1


def test_explore_writes_a_table_and_a_plot_of_each(tmp_path: Path) -> None:
    prepared = tmp_path / "birds.parquet"
    samples().to_parquet(prepared)
    written = explore(prepared, tmp_path / "plots", "ner", max_pixels=LIMIT)
    assert sorted(path.name for path in written) == sorted(path.name for path in (tmp_path / "plots").iterdir())
    index = index_of(tmp_path / "plots")
    assert set(describe(samples())) < {entry["csv"].removesuffix(".csv") for entry in index.values()}
    assert index["types"]["sentence"] == "6 entities of 3 types: 50.0 % are PER, the most frequent, 16.7 % ORG."
    assert index["clouds"] == {**index["clouds"], "csv": "mentions.csv", "png": "clouds.png", "kind": "plot"}
    before = {path: path.read_bytes() for path in written}
    explore(prepared, tmp_path / "plots", "ner", max_pixels=LIMIT)
    assert before == {path: path.read_bytes() for path in written}


def test_explore_takes_a_corpus_without_entities(tmp_path: Path) -> None:
    prepared = tmp_path.with_name("plain.parquet")
    samples().iloc[2:3].to_parquet(prepared)
    explore(prepared, tmp_path, "ner", max_pixels=LIMIT)
    assert (tmp_path / "types.csv").read_text() == "type,split,count\n"
    assert {entry["kind"] for key, entry in index_of(tmp_path).items() if key != "pictures"} == {"table"}


def test_explore_names_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none.parquet: not found; run `dvc repro prepare`"):
        explore(tmp_path / "none.parquet", tmp_path, "ner", max_pixels=LIMIT)


@pytest.mark.parametrize("count", [20, 120])
def test_explore_of_many_types_keeps_the_plots_small_and_the_tables_whole(tmp_path: Path, count: int) -> None:
    names = [f"T{number:03d}" + "x" * 60 * (number == 0) for number in range(count)]
    tags = [[f"B-{name}" for name in names[start:]] for start in range(count)]  # the last type is the most frequent
    rows = [("train", [f"w{n}" for n in range(len(line))], line, None, None) for line in tags]
    table = table_of(rows)
    table.to_parquet(tmp_path / "many.parquet")
    explore(tmp_path / "many.parquet", tmp_path, "ner", max_pixels=LIMIT)
    assert pd.read_csv(tmp_path / "types.csv")["type"].nunique() == count
    assert len(pd.read_csv(tmp_path / "co_occurrence.csv")) == count**2
    for path in tmp_path.glob("*.png"):
        with Image.open(path) as image:
            assert max(image.size) <= 14 * 144
    for key in ("types", "co_occurrence"):
        (axes, *_) = PLOTS[key](describe(table), "many").axes
        ticks = [label.get_text() for label in axes.get_xticklabels()]
        assert len(ticks) == min(count, 40)
        assert ("the 40 most frequent of 120" in axes.get_title()) == (count == 120)
        assert bool(axes.texts) == (count == 20)
        assert max(map(len, ticks)) <= 24
        assert names[-1] in ticks
