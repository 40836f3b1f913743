"""Comparisons of prediction files against the arithmetic, and what is refused."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tandem.comparing.compare import compare
from tandem.comparing.sources import find_source
from tandem.comparing.tables import as_json, as_markdown, as_text
from tandem.evaluation.metrics import score
from tandem.evaluation.relations import score_relations
from tandem.evaluation.significance import holm, paired_bootstrap
from tandem.evaluation.tallies import METRICS, by_group

SHOWN = {"column": "predicted", "resamples": 200}


def run(first, *others, **options):
    sources = [find_source(str(one)) for one in (first, *others)]
    return compare(sources[0], sources[1:], resamples=200, **options)


def test_compare_of_two_files_is_the_paired_bootstrap(tmp_path, write_tags) -> None:
    one, two = write_tags(tmp_path / "a/1.parquet", 0.9), write_tags(tmp_path / "b/1.parquet", 0.5)
    (row,) = run(two, one).rows
    said = [pq.read_table(path).to_pydict() for path in (two, one)]
    tallies = [METRICS["ner"]["span"](table["gold"], table["predicted"]) for table in said]
    expected = paired_bootstrap([tallies[1]], [tallies[0]], resamples=200)
    assert (row.delta, row.low, row.high, row.p, row.p_holm) == (*vars(expected).values(), expected.p)
    for f1, table in ((row.f1_first, said[0]), (row.f1, said[1])):
        assert f1 == pytest.approx(score(table["gold"], table["predicted"])["span"]["f1"])
    assert row.delta == pytest.approx(row.f1 - row.f1_first)
    assert row.low > 0
    assert (row.sentences, row.seeds_first, row.seeds, row.metric) == (60, 1, 1, "span")


def test_compare_of_folders_averages_seeds_and_corrects_over_the_table(tmp_path, write_tags) -> None:
    for system, right in (("base", 0.6), ("good", 0.9), ("near", 0.62)):
        for corpus in ("north", "south"):
            for seed in (1, 2):
                write_tags(tmp_path / system / corpus / f"{seed}.parquet", right, seed=seed)
    write_tags(tmp_path / "good/west/1.parquet", 0.9)
    found = run(tmp_path / "base", tmp_path / "good", tmp_path / "near")
    assert [(row.corpus, row.system.rpartition("/")[2]) for row in found.rows] == [
        *(("north", "good"), ("south", "good"), ("north", "near"), ("south", "near"))
    ]
    assert [row.p_holm for row in found.rows] == holm([row.p for row in found.rows])
    assert {(row.seeds_first, row.seeds) for row in found.rows} == {(2, 2)}
    assert found.left_out == {"west": f"not in {tmp_path / 'base'}"}
    alone = run(tmp_path / "base", tmp_path / "good", corpora=["south"])
    assert [row.corpus for row in alone.rows] == ["south"]
    assert alone.left_out == {}
    assert run(tmp_path / "base/north", tmp_path / "good").rows[0].corpus == "north"  # by the name of the folder
    assert run(tmp_path / "good/west", tmp_path / "base", corpora=["south"]).rows[0].seeds_first == 1


def test_compare_leaves_out_a_corpus_of_two_tasks(tmp_path, write_relations, write_tags) -> None:
    for name, write in (("a", write_tags), ("b", write_relations)):
        write(tmp_path / name / "mine/1.parquet", 0.9)
        write_tags(tmp_path / name / "tags/1.parquet", 0.9)
    sources = [find_source(str(tmp_path / name)) for name in ("a", "b")]
    found = compare(sources[0], sources[1:])
    assert [row.corpus for row in found.rows] == ["tags"]
    assert found.left_out["mine"] == f"task ner in {sources[0].name}, re in {sources[1].name}"


def test_compare_of_relations_draws_sentences_with_all_their_pairs(tmp_path, write_relations, write_tags) -> None:
    one, two = write_relations(tmp_path / "a/re/1.parquet", 0.9), write_relations(tmp_path / "b/re/1.parquet", 0.6)
    (row,) = run(one, two).rows
    said = [pq.read_table(path).to_pydict() for path in (two, one)]
    sentences = [place // 2 for place in range(60)]
    tallies = [by_group(METRICS["re"]["relation"](table["gold"], table["predicted"]), sentences) for table in said]
    expected = paired_bootstrap([tallies[0]], [tallies[1]], resamples=200)
    assert (row.delta, row.low, row.high, row.p) == tuple(vars(expected).values())
    assert (row.sentences, row.metric) == (30, "relation")
    assert row.f1 == pytest.approx(score_relations(said[0]["gold"], said[0]["predicted"])["relation"]["f1"])
    for system in ("a", "b"):
        write_tags(tmp_path / system / "ner/1.parquet", 0.7)
    both = run(tmp_path / "a", tmp_path / "b")
    assert [(row.corpus, row.metric) for row in both.rows] == [("ner", "span"), ("re", "relation")]
    strict = run(tmp_path / "a", tmp_path / "b", metric="span_strict")
    assert [row.corpus for row in strict.rows] == ["ner"]
    assert strict.left_out == {"re": "its task has no span_strict"}


@pytest.mark.parametrize("metric", METRICS["ner"])
def test_compare_knows_the_scores_of_the_metrics(tmp_path, write_tags, metric: str) -> None:
    one, two = write_tags(tmp_path / "a/1.parquet", 0.9), write_tags(tmp_path / "b/1.parquet", 0.5)
    (row,) = run(one, two, metric=metric).rows
    table = pq.read_table(two).to_pydict()
    tree = score(table["gold"], table["predicted"])
    for key in metric.split("."):
        tree = tree[key]
    assert row.f1 == pytest.approx(tree["f1"])


def test_compare_scores_the_column_that_is_asked_for(tmp_path, write_tags) -> None:
    one, two = write_tags(tmp_path / "a/1.parquet", 0.9), write_tags(tmp_path / "b/1.parquet", 0.5)
    (row,) = run(one, two, column="no_image").rows
    assert (row.f1_first, row.f1, row.delta, row.p) == (0, 0, 0, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda write, path: write(path, 0.5, sentences=59), "60 and 59 rows; only the same test split"),
        (
            lambda write, path: write(path, 0.5, id=[f"test-{n or 'x'}" for n in range(60)]),
            "row 0 is 'test-0' and 'test-x'",
        ),
        (lambda write, path: write(path, 0.5, gold=[["O"] * 4] * 60), "gold of 'test-0' differs"),
        (
            lambda write, path: write(path, 0.5, predicted=[["O"] * 3] * 60),
            "test-0: 4 gold tags but 3 under 'predicted'",
        ),
        (lambda write, path: write(path, 0.5, predicted=[None] * 60), "60 rows of 'predicted' are empty"),
        (lambda write, path: write(path, 0.5, predicted=[["X"] * 4] * 60), "tag 'X' of word 0"),
        (lambda write, path: path.write_text("id,gold\n"), "not a whole Parquet file"),
        (lambda write, path: pq.write_table(pa.table({"gold": [["O"]]}), path), "no column 'id'"),
        (lambda write, path: pq.write_table(pa.table({"id": ["a"], "gold": [1]}), path), "no predictions 'predicted'"),
        (
            lambda write, path: pq.write_table(pa.table({k: ["a"] for k in ("id", "gold", "predicted")}), path),
            "'words'",
        ),
    ],
)
def test_compare_refuses_in_one_line_that_names_the_file(tmp_path, write_tags, make, message: str) -> None:
    one, two = write_tags(tmp_path / "a/1.parquet", 0.9), tmp_path / "b/1.parquet"
    two.parent.mkdir()
    make(write_tags, two)
    with pytest.raises(ValueError, match=message) as error:
        run(one, two)
    assert "\n" not in str(error.value)
    if "tag 'X'" not in message:
        assert str(two) in str(error.value)


def test_compare_names_what_is_allowed(tmp_path, write_tags) -> None:
    one, two = write_tags(tmp_path / "a/x/1.parquet", 0.9), write_tags(tmp_path / "b/y/1.parquet", 0.5)
    with pytest.raises(ValueError, match="no predictions 'noise'; allowed: predicted, no_image"):
        run(one, two, column="noise")
    with pytest.raises(ValueError, match="unknown metric 'span_strit'; did you mean 'span_strict'"):
        run(one, two, metric="span_strit")
    with pytest.raises(ValueError, match=r"nothing to compare \(x: not in .*/b; y: not in .*/a\)"):
        run(tmp_path / "a", tmp_path / "b")
    with pytest.raises(ValueError, match=r"corpus 'z' is not in .*/a; in both: none"):
        run(tmp_path / "a", tmp_path / "b", corpora=["z"])


def test_compare_refuses_seeds_of_other_rows(tmp_path, write_tags) -> None:
    one = write_tags(tmp_path / "a/1.parquet", 0.9)
    write_tags(tmp_path / "b/1.parquet", 0.5)
    write_tags(tmp_path / "b/2.parquet", 0.5, sentences=50)
    with pytest.raises(ValueError, match=r"b/1.parquet and .*b/2.parquet: 60 and 50 rows"):
        run(one, tmp_path / "b")


def test_sources_of_a_folder_without_predictions(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"no \.parquet file in it"):
        find_source(str(tmp_path))


def test_tables_say_the_same_in_every_form(tmp_path, write_tags) -> None:
    one, two = write_tags(tmp_path / "a/1.parquet", 0.9), write_tags(tmp_path / "b/1.parquet", 0.5)
    found = run(one, two)
    (row,) = found.rows
    text = as_text(found, "a", **SHOWN).splitlines()
    assert text[0].split()[:3] == ["corpus", "system", "score"]
    assert f"{100 * row.f1_first:.2f}" in text[1]
    assert f"−{-100 * row.delta:.2f}" in text[1]
    assert "First: a; delta is" in text[3]
    page = as_markdown(found, "a", **SHOWN).splitlines()
    assert page[1] == "|---|---|---|---:|---:|---:|---:|---:|---:|---:|"
    assert page[2].split(" | ")[2:4] == ["span F1", f"{100 * row.f1_first:.2f}"]
    assert "200 resamples" in page[4]
    tree = json.loads(as_json(found, "a", **SHOWN))
    assert tree["rows"] == [vars(row)]
    assert (tree["first"], tree["left_out"]) == ("a", {})
