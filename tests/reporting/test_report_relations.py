"""The report on made-up results of relation corpora, alone and beside corpora of entities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tandem.evaluation.relations import score_relations
from tandem.evaluation.summary import score_seed, summarise
from tandem.reporting.confusions import confusions, matrix
from tandem.reporting.relation_tables import each_relation_table, joint_table, pair_table, relation_table
from tandem.reporting.report import write_report
from tandem.reporting.results import HEADLINES, Results
from tandem.tasks import TASKS

Write = Callable[[Path, Any], None]
Load = Callable[..., Results]
ReadPage = Callable[[Path], Any]

PEER, MEMBER, RACE = "/per/per/peer", "/per/org/member_of", "/per/misc/race"
GOLD = ["None"] * 6 + [PEER] * 4 + [MEMBER] * 2
SAID = {  # by seed: 4, 5 and 4 of the 6 relations are right, and one is said in vain
    1: ["None"] * 5 + [RACE] + [PEER, PEER, "None", PEER] + [MEMBER, PEER],
    2: ["None"] * 5 + [RACE] + [PEER, PEER, "None", PEER] + [MEMBER, MEMBER],
    3: ["None"] * 5 + [RACE] + [PEER, "None", "None", PEER] + [MEMBER, MEMBER],
}
WITHOUT = ["None"] * 12
SEEDS = sorted(SAID)
RELATION_SECTIONS = ('id="relations"', "Relation by relation", "Relations taken for others")


class Scored:
    """Relations as a task, without its models."""

    headline = "relation"

    def score(self, gold: Sequence[str], predicted: Sequence[str]) -> dict[str, Any]:
        return score_relations(gold, predicted)


def relations(seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """What evaluate writes: without pictures the models say nothing."""
    by_seed = {}
    for seed in seeds:
        said = {"predicted": SAID[seed], "shuffled_image": SAID[seed], "no_image": WITHOUT}
        by_seed[seed] = score_seed(Scored(), GOLD, said, 0.5)
    return summarise(Scored(), by_seed, len(GOLD), {"task": "re", "pairs": len(GOLD), "without_test_case": [RACE]})


def entities() -> dict[str, Any]:
    rates = {"precision": 0.8, "recall": 0.8, "f1": 0.8}
    zeros = {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    scores = {"span": rates, "span_strict": rates, "per_type": {"PER": {**rates, "support": 9}}}
    return {**scores, "std": {"span": zeros, "span_strict": zeros}, "seeds": 3, "sentences": 100}


def joint() -> dict[str, Any]:
    rates = {"precision": 0.6, "recall": 0.2, "f1": 0.3}
    noise = {"precision": 0.02, "recall": 0.02, "f1": 0.01}
    controls = {name: {"f1": 0.25, "delta": 0.05} for name in ("shuffled_image", "no_image")}
    scores = {
        "joint": {**rates, "support": 6},
        "joint_boundaries": {**rates, "f1": 0.35, "support": 6},
        "mentions": {**rates, "f1": 0.9, "support": 20},
        "gold_pairs": {**rates, "f1": 0.7, "support": 6},
        "controls": controls,
    }
    std = {"joint": noise, "joint_boundaries": noise, "mentions": noise, "gold_pairs": noise}
    return {**scores, "std": std, "seeds": 3, "sentences": 8, "task": "joint"}


def fill(write: Write, root: Path) -> None:
    """A corpus of entities and two of relations, of which only `knots` has tagged sentences."""
    write(root / "metrics/evaluate/birds.json", entities())
    for name in ("knots", "ropes"):
        write(root / f"metrics/evaluate/{name}.json", relations())
        split = {"rows": 12, "sentences": 8, "tokens": 90, "relations": {"None": 6, PEER: 4, MEMBER: 2}}
        data = {"release": "unknown", "warning": None, "relations": {"labels": 4}, "splits": {"test": split}}
        data |= {"oddities": {"test": {"conflicting_pairs": 3}}, "pictures": {"ids": 8, "present": 8}}
        write(root / f"metrics/data/{name}.json", data)
        write(root / f"metrics/features/{name}.json", {"image_ids": 8, "ok": 8, "broken": 0})
    write(root / "metrics/transfer/birds-birds.json", entities())
    write(root / "metrics/transfer/birds-knots.json", joint())
    write(root / "metrics/transfer/birds-ropes.json", {"not_applicable": "ropes has no tags: only gold pairs count"})
    for source in ("knots", "ropes"):
        write(root / f"metrics/transfer/{source}-birds.json", {"not_applicable": "birds has no pairs"})
        for target in ("knots", "ropes"):
            write(root / f"metrics/transfer/{source}-{target}.json", relations())
    ceiling = {"picture": {"expected_f1": 0.9}, "text_only": {"expected_f1": 0.65}, "shuffled": {"expected_f1": 0.6}}
    write(root / "metrics/ceiling.json", {"knots": ceiling})


NAMES = ["birds", "knots", "ropes"]


def test_report_headlines_are_those_of_the_tasks() -> None:
    assert {name: (task.headline, task.title) for name, task in TASKS.items()} == {
        name: (headline.key, headline.title) for name, headline in HEADLINES.items()
    }


def test_report_of_relations_is_one_whole_page(tmp_path: Path, write: Write, load: Load, read_page: ReadPage) -> None:
    fill(write, tmp_path)
    write_report(load(tmp_path, ["knots", "ropes"]), tmp_path)
    page = read_page(tmp_path / "report/index.html")
    assert page.open == []
    assert "script" not in page.tags
    for name, value in page.attributes:
        assert name not in ("src", "href") or value.startswith(("#", "data:")), (name, value)
    html = (tmp_path / "report/index.html").read_text()
    assert all(section in html for section in RELATION_SECTIONS)
    assert 'id="entities"' not in html
    assert "span F1" not in page.text
    assert "crf" not in page.text
    assert "Relations are read from the start markers of both entities." in page.text


def test_report_of_entities_has_nothing_of_relations(
    tmp_path: Path, write: Write, load: Load, read_page: ReadPage
) -> None:
    fill(write, tmp_path)
    written = write_report(load(tmp_path, ["birds"]), tmp_path)
    html = (tmp_path / "report/index.html").read_text()
    assert not any(section in html for section in RELATION_SECTIONS)
    assert "elation" not in html
    assert "elation" not in (tmp_path / "report/results.md").read_text()
    assert (
        tmp_path / "plots/per_relation.csv"
    ).read_text() == "corpus,relation,precision,recall,f1,f1_std,low,high,support\n"
    assert (tmp_path / "plots/confusion.csv").read_text() == "corpus,gold,predicted,count\n"
    assert {tmp_path / "plots/per_relation.csv", tmp_path / "plots/confusion.csv"} <= set(written)


def test_report_keeps_the_scores_of_the_two_tasks_apart(tmp_path: Path, write: Write, load: Load) -> None:
    fill(write, tmp_path)
    results = load(tmp_path, NAMES)
    (knots, ropes) = relation_table(results).rows
    assert [row[0] for row in (knots, ropes)] == ["knots", "ropes"]
    # By hand: right, predicted, gold = 4, 6, 6 and 5, 6, 6 and 4, 5, 6; macro of 3/4 & 2/3, 6/7 & 1, 2/3 & 1.
    assert knots[1] == "74.24 ± 8.44"
    assert knots[4] == "82.34 ± 11.05"
    assert knots[5] == "77.78 ± 4.81"  # 9, 10 and 9 of 12
    assert knots[6] == "80.68 ± 5.40"  # F1 of None 10/12, 10/12, 10/13; of the others as above; by 6, 4 and 2 pairs
    assert knots[8:] == ["6 / 12", "3"]
    write_report(results, tmp_path)
    text = (tmp_path / "report/results.md").read_text()
    assert "| birds | 80.00 ± 0.00 |" in text
    assert "| knots | 74.24 ± 8.44 |" in text
    assert "F1 is span F1 of entities, and relation F1 without None of relations." in text
    assert "| birds | knots | 30.00 ± 1.00 |" in text


def test_report_gives_no_score_to_a_relation_without_a_test_case(tmp_path: Path, write: Write, load: Load) -> None:
    fill(write, tmp_path)
    results = load(tmp_path, ["knots"])
    rows = each_relation_table(results).rows
    assert [row[1] for row in rows] == [PEER, MEMBER, RACE]
    assert rows[-1][2:] == ["no test case", "–", "–", "0"]
    assert rows[0][-1] == "4"
    write_report(results, tmp_path)
    frame = pd.read_csv(tmp_path / "plots/per_relation.csv").set_index("relation")
    assert set(frame.index) == {PEER, MEMBER}
    assert frame.loc[MEMBER, "f1"] == pytest.approx((2 / 3 + 1 + 1) / 3)


def test_report_says_what_is_taken_for_what(tmp_path: Path, write: Write, load: Load, read_page: ReadPage) -> None:
    fill(write, tmp_path)
    write_report(load(tmp_path, ["knots"]), tmp_path)
    text = read_page(tmp_path / "report/index.html").text
    # PEER is read as None by 1, 1 and 2 of its 4 pairs, MEMBER as PEER by 1, 0 and 0 of its 2.
    assert f"Most often confused: {PEER} read as None (33.3% of its test pairs)" in text
    assert f"between two relations, {MEMBER} read as {PEER} (16.7% of its test pairs)" in text
    assert "Of all 6 pairs with a relation, 22.2% are read as None." in text
    assert f"1 of 3 relations has no test case, and so no score: {RACE}." in text
    assert "accuracy with None: 77.78 ± 4.81" in text
    frame = pd.read_csv(tmp_path / "plots/confusion.csv", keep_default_na=False)
    counts = frame.set_index(["corpus", "gold", "predicted"])["count"]
    assert counts["knots", PEER, "None"] == pytest.approx(4 / 3)
    assert counts.sum() == pytest.approx(len(GOLD))


def test_report_puts_transfers_of_relations_and_joint_scores_in_tables_of_their_own(
    tmp_path: Path, write: Write, load: Load, read_page: ReadPage
) -> None:
    fill(write, tmp_path)
    results = load(tmp_path, NAMES)
    write_report(results, tmp_path)
    page = read_page(tmp_path / "report/index.html")
    assert "End to end" in page.text
    assert "birds to ropes: ropes has no tags: only gold pairs count." in page.text
    assert "birds has no pairs" not in page.text
    assert "Not there yet" in page.text  # the curves alone
    (row,) = joint_table(results).rows
    assert row[:3] == ["birds", "knots", "30.00 ± 1.00"]
    assert row[5:] == ["35.00 ± 1.00", "90.00 ± 1.00", "70.00 ± 1.00", "+5.00", "6"]
    transfer = pd.read_csv(tmp_path / "plots/transfer.csv")
    pairs = {tuple(pair) for pair in transfer[["source", "target"]].to_numpy()}
    assert pairs == {("birds", "birds"), *((one, two) for one in NAMES[1:] for two in NAMES[1:])}
    assert transfer["f1"].notna().all()
    assert transfer["drop"].abs().max() == 0


def test_report_says_whether_relations_need_pictures(
    tmp_path: Path, write: Write, load: Load, read_page: ReadPage
) -> None:
    fill(write, tmp_path)
    write(tmp_path / "metrics/features/ropes.json", {"image_ids": 9201, "ok": 50})
    write_report(load(tmp_path, NAMES), tmp_path)
    text = read_page(tmp_path / "report/index.html").text
    assert "Exchanging the pictures changes nothing" in text
    assert text.count("pictures are usable: what pictures are worth can hardly be seen here.") == 1
    assert "Only 50 of 9,201 pictures" in text
    assert "this model stands 9.24 points above the former" in text


def test_report_writes_relations_into_the_results(tmp_path: Path, write: Write, load: Load) -> None:
    fill(write, tmp_path)
    write_report(load(tmp_path, NAMES), tmp_path)
    results = pd.read_csv(tmp_path / "plots/results.csv").set_index(["corpus", "metric"])
    assert results.loc[("knots", "relation.f1"), "mean"] == pytest.approx(0.742424, abs=1e-6)
    assert {metric for corpus, metric in results.index if corpus == "knots"} == {
        *(f"relation.{key}" for key in ("precision", "recall", "f1")),
        *(f"relation_macro.{key}" for key in ("precision", "recall", "f1")),
        "accuracy",
        "weighted_f1",
        "valid.f1",
        *(f"controls.{name}.{key}" for name in ("shuffled_image", "no_image") for key in ("f1", "delta")),
    }


def test_report_knows_a_relation_corpus_that_is_not_evaluated(
    tmp_path: Path, write: Write, load: Load, read_page: ReadPage
) -> None:
    fill(write, tmp_path)
    (tmp_path / "metrics/evaluate/knots.json").unlink()
    results = load(tmp_path, ["knots"])
    assert results.of_task("re") == ["knots"]
    assert pair_table(results).rows[-1] == ["knots", "test", "12", "6", "2", "8", "90", "3"]
    write_report(results, tmp_path)
    page = read_page(tmp_path / "report/index.html")
    assert page.open == []
    assert "Not evaluated yet." in page.text


def test_report_of_one_seed_gives_relations_no_deviation(tmp_path: Path, write: Write, load: Load) -> None:
    write(tmp_path / "metrics/evaluate/knots.json", relations([2]))
    write_report(load(tmp_path, ["knots"], [2]), tmp_path)
    assert "±" not in (tmp_path / "report/results.md").read_text().split("\n", 2)[2]


def test_report_of_relations_escapes_names(tmp_path: Path, write: Write, load: Load, read_page: ReadPage) -> None:
    tree = relations()
    tree["confusion"]['<s>"P|R$&'] = {"<q>'": 3.0}
    tree["without_test_case"] = ["<u>"]
    write(tmp_path / "metrics/evaluate/knots.json", tree)
    write_report(load(tmp_path, ["knots"]), tmp_path)
    page = read_page(tmp_path / "report/index.html")
    assert not {"s", "q", "u"} & set(page.tags)
    assert '<s>"P|R$&' in page.text


def test_report_says_how_relations_are_decided(tmp_path: Path, write: Write, load: Load) -> None:
    fill(write, tmp_path)
    write_report(load(tmp_path, ["knots"], pooling="span", types="names"), tmp_path)
    text = (tmp_path / "report/results.md").read_text()
    assert "from the means of both entities' words, within the types that the relations' names give." in text


def test_confusions_are_sorted_and_the_matrix_is_cut() -> None:
    tree = {"confusion": {"b": {"b": 5.0, "a": 1.0, "x": 0.0}, "a": {"b": 1.0, "c": 2.0}, "None": {"None": 1.0}}}
    assert [found[:3] for found in confusions(tree)] == [("a", "c", 2.0), ("a", "b", 1.0), ("b", "a", 1.0)]
    whole = matrix(tree["confusion"], 9)
    assert whole.names == ["None", "b", "a", "c", "x"]
    assert whole.rows == ["None", "b", "a"]
    assert whole.left_out == 0
    assert whole.share("a", "c") == pytest.approx(2 / 3)
    assert whole.share("c", "a") == 0
    cut = matrix(tree["confusion"], 2)
    assert (cut.names, cut.left_out) == (["None", "b"], 3)
    assert cut.share("b", "b") == pytest.approx(5 / 6)  # of all its pairs, those that are not shown too


def test_report_of_many_relations_keeps_the_confusions_small(tmp_path: Path, write: Write, load: Load) -> None:
    tree = relations()
    names = [f"/a/b/r{number}" for number in range(300)]
    tree["confusion"] = {name: {name: 2.0, names[number - 1]: 1.0} for number, name in enumerate(names)}
    tree["per_relation"] = {name: {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 3} for name in names}
    write(tmp_path / "metrics/evaluate/knots.json", tree)
    write_report(load(tmp_path, ["knots"]), tmp_path)
    html = (tmp_path / "report/index.html").read_text()
    assert html.count("<td") < 30 * 30 + 300 * 4 + 200
    assert "No room here: 270 rarer relations" in html
    assert len(pd.read_csv(tmp_path / "plots/confusion.csv")) == 600


def test_results_know_the_task_by_the_metrics_alone(tmp_path: Path, write: Write, load: Load) -> None:
    write(tmp_path / "metrics/evaluate/knots.json", relations())
    results = load(tmp_path, ["knots", "birds"])
    assert (results.task("knots"), results.task("birds")) == ("re", "ner")
    assert results.f1("knots") == pytest.approx(0.742424, abs=1e-6)
