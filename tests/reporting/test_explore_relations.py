"""The data analysis of a small relation table whose counts are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tandem.corpora.schema import RelationSample, argument_types, write_relations, write_samples
from tandem.reporting.explore.corpus import explore
from tandem.reporting.explore.relations import COLUMNS, ITEMS, describe

PLOTS = {item.key: item.plot for item in ITEMS}
LIMIT = 1_000_000
MEMBER, PEER = "/per/org/member_of", "/per/per/peer"
# split, words, picture, its file, head, tail, relation
ROWS: list[tuple[Any, ...]] = [
    ("train", "Ann of the Ravens", "a", "a.jpg", (0, 1), (3, 4), MEMBER),
    ("train", "Ann of the Ravens", "a", "a.jpg", (3, 4), (0, 1), "None"),
    ("train", "Ann of the Ravens", "b", None, (0, 1), (3, 4), MEMBER),  # the same text, another picture
    ("train", "Ann Lee", None, None, (0, 2), (1, 2), "alias"),  # nested, and a name that tells no types
    ("test", "Ann of the Ravens", "a", "a.jpg", (0, 1), (3, 4), "None"),
    ("test", "Bob , Cy", "c", "c.jpg", (2, 3), (0, 1), PEER),
]


def pairs(rows: list[tuple[Any, ...]] = ROWS, tags: bool = False) -> list[RelationSample]:
    return [
        RelationSample(
            id=f"{split}-{number}",
            source="birds",
            split=split,
            words=text.split(),
            image_id=image_id,
            image_path=path,
            image_hash=None,
            caption=None,
            text_hash="",
            head_start=head[0],
            head_end=head[1],
            tail_start=tail[0],
            tail_end=tail[1],
            relation=relation,
            tags=["B-PER", *["O"] * (len(text.split()) - 1)] if tags else None,
        )
        for number, (split, text, image_id, path, head, tail, relation) in enumerate(rows)
    ]


def table(samples: list[RelationSample]) -> pd.DataFrame:
    return pd.DataFrame([{name: getattr(sample, name) for name in COLUMNS} for sample in samples])


def counts(found: pd.DataFrame) -> dict[tuple[Any, ...], int]:
    """What is not zero."""
    return {tuple(row[:-1]): row[-1] for row in found.itertuples(index=False) if row[-1]}


def test_explore_relations_counts_right() -> None:
    tables = describe(table(pairs()))
    assert counts(tables["lengths"]) == {("train", 2): 1, ("train", 4): 2, ("test", 3): 1, ("test", 4): 1}
    assert counts(tables["relations"]) == {
        (MEMBER, "train"): 2,
        ("None", "train"): 1,
        ("alias", "train"): 1,
        ("None", "test"): 1,
        (PEER, "test"): 1,
    }
    assert counts(tables["argument_types"]) == {("per", "org"): 2, ("per", "per"): 1}
    assert counts(tables["distance"]) == {
        ("train", 2): 3,
        ("train", -1): 1,
        ("test", 2): 1,
        ("test", 1): 1,
    }
    assert counts(tables["pairs"]) == {("train", 2): 1, ("train", 1): 2, ("test", 1): 2}
    assert counts(tables["pictures"]) == {
        ("train", "present"): 1,
        ("train", "missing"): 1,
        ("train", "none named"): 1,
        ("test", "present"): 2,
    }
    assert "types" not in tables


def test_explore_relations_counts_the_entities_of_a_sentence_once() -> None:
    tables = describe(table(pairs(tags=True)))
    assert counts(tables["types"]) == {("PER", "train"): 3, ("PER", "test"): 2}
    assert counts(tables["entities"]) == {("train", 1): 3, ("test", 1): 2}
    partly = [*pairs(tags=True)[:1], *pairs()[3:]]
    assert counts(describe(table(partly))["types"]) == {("PER", "train"): 1}


@given(st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(1, 4)] * 2))
def test_explore_relations_measures_distance_as_words_between(place: tuple[int, int, int, int]) -> None:
    head_start, tail_start, head_words, tail_words = place
    head, tail = set(range(head_start, head_start + head_words)), set(range(tail_start, tail_start + tail_words))
    between = set(range(min(head | tail), max(head | tail) + 1)) - head - tail
    row = ("train", "a b", None, None, (head_start, max(head) + 1), (tail_start, max(tail) + 1), "None")
    distance = counts(describe(table(pairs([row])))["distance"])
    assert distance == {("train", -1 if head & tail else len(between)): 1}


@pytest.mark.parametrize(
    ("relation", "types"),
    [
        (MEMBER, ("per", "org")),
        ("None", None),
        ("alias", None),
        ("/per/org", None),
        ("per/org/member_of", None),
        ("/a/b/c/d", ("a", "b")),
        ("//b/c", None),
    ],
)
def test_explore_relations_reads_types_out_of_names_alone(relation: str, types: tuple[str, str] | None) -> None:
    assert argument_types(relation) == types


@pytest.mark.parametrize("tags", [False, True])
def test_explore_relations_writes_a_table_and_a_plot_of_each(tmp_path: Path, tags: bool) -> None:
    prepared = tmp_path / "birds.parquet"
    write_relations(prepared, pairs(tags=tags), ["None", MEMBER, PEER, "alias"])
    written = explore(prepared, tmp_path / "plots", "re", max_pixels=LIMIT)
    assert sorted(written) == sorted((tmp_path / "plots").iterdir())
    assert {path.stem for path in written if path.suffix == ".csv"} > set(describe(table(pairs(tags=tags))))
    listed = json.loads((tmp_path / "plots/index.json").read_text(encoding="utf-8"))
    assert {entry[kind] for entry in listed for kind in ("csv", "png")} - {None} | {"index.json"} == {
        path.name for path in written
    }
    assert ("co_occurrence" in {entry["key"] for entry in listed}) == tags
    before = {path: path.read_bytes() for path in written}
    explore(prepared, tmp_path / "plots", "re", max_pixels=LIMIT)
    assert before == {path: path.read_bytes() for path in written}


def test_explore_relations_takes_a_corpus_whose_names_tell_no_types(tmp_path: Path) -> None:
    prepared = tmp_path / "plain.parquet"
    write_relations(prepared, [pair for pair in pairs() if "/" not in pair.relation], ["None", "alias"])
    explore(prepared, tmp_path, "re", max_pixels=LIMIT)
    assert (tmp_path / "argument_types.csv").read_text() == "head,tail,pairs\n"


def test_explore_relations_refuses_the_table_of_a_ner_corpus(tmp_path: Path) -> None:
    write_samples(tmp_path / "birds.parquet", [])
    with pytest.raises(ValueError, match=r"birds.parquet: not a prepared table of task re; run `dvc repro prepare`"):
        explore(tmp_path / "birds.parquet", tmp_path, "re", max_pixels=LIMIT)


@pytest.mark.parametrize("count", [22, 300])
def test_explore_of_many_relations_keeps_the_plots_small_and_the_tables_whole(tmp_path: Path, count: int) -> None:
    names = [f"/h{number % 50}/t{number % 7}/relation{number:03d}" for number in range(count)]
    names[-1] += "x" * 60
    pair = ("train", "a b", None, None, (0, 1), (1, 2))
    rows = [(*pair, name) for number, name in enumerate(names) for _ in range(1 + (number == count - 1))]
    samples = pairs(rows + [(*pair, "None")] * 9 * len(rows))
    write_relations(tmp_path / "many.parquet", samples, names)
    explore(tmp_path / "many.parquet", tmp_path, "re", max_pixels=LIMIT)
    assert pd.read_csv(tmp_path / "relations.csv", keep_default_na=False)["relation"].nunique() == count + 1
    for path in tmp_path.glob("*.png"):
        with Image.open(path) as image:
            assert max(image.size) <= 14 * 144
    tables = describe(table(samples))
    left, right, *_ = PLOTS["relations"](tables, "many").axes
    ticks = [label.get_text() for label in right.get_yticklabels()]
    assert len(ticks) == min(count, 40)
    assert "None" not in ticks
    assert ticks[0] == names[-1][:35] + "…"
    assert ("the 40 most frequent of 300" in right.get_title()) == (count == 300)
    assert max(map(len, ticks)) <= 36
    assert left.patches[0].get_height() == pytest.approx(90)
