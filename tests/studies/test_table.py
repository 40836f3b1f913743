"""Tables out of made-up results: numbers, differences, what was published."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tandem.evaluation.controls import CONTROLS
from tandem.evaluation.summary import score_seed, summarise
from tandem.evaluation.tallies import headline_tally
from tandem.recipes import load_recipe
from tandem.studies.counts import write_counts
from tandem.studies.spec import Study, project_tree
from tandem.studies.table import COLUMNS, grid, left_out, markdown, reported, table, transfer_table
from tandem.tasks import NER

HOME = Path(__file__).resolve().parents[2]
STUDY = Study.model_validate(
    {
        "title": "Made up",
        "corpora": ["twitter2015", "mnre"],
        "seeds": [1, 2],
        "systems": ["plain", "good", "twin", "unrun"],
        "notes": ["Said besides."],
        "baseline": "plain",
        "settings": {
            "plain": {"set": {"fusion": "text_only"}},
            "good": {"recipe": "roberta_resnet50_film", "set": {"fusion": "film"}, "title": "FiLM"},
            "twin": {"recipe": "roberta_resnet50_film", "set": {"fusion": "text_only"}},
            "unrun": {"set": {"fusion": "add"}},
        },
    }
)


def tags(generator: np.random.Generator, right: float) -> tuple[list[list[str]], list[list[str]]]:
    gold = [["B-PER", "O", "B-LOC"] for _ in range(60)]
    return gold, [[tag if generator.random() < right else "O" for tag in sentence] for sentence in gold]


def write(folder: Path, system: str, right: float, seeds: Sequence[int] = (1, 2)) -> None:
    generator = np.random.default_rng(3)
    by_seed, counts = {}, {}
    for seed in seeds:
        gold, predicted = tags(generator, right)
        by_seed[seed] = score_seed(NER, gold, {"predicted": predicted, **dict.fromkeys(CONTROLS, gold)})
        counts[seed] = headline_tally("ner", gold, predicted)
    write_counts(folder / f"counts/{system}/twitter2015.csv", counts)
    path = folder / f"results/{system}/twitter2015.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(summarise(NER, by_seed, 60)))


def test_table_sets_systems_beside_the_baseline_and_what_was_published(tmp_path) -> None:
    write(tmp_path, "plain", 0.5)
    write(tmp_path, "good", 0.9)
    frame = table(STUDY, tmp_path, HOME)
    assert tuple(frame.columns) == COLUMNS
    assert list(frame["system"]) == ["good", "plain"]  # best first, and nothing of what has not been run
    good, plain = frame.iloc[0], frame.iloc[1]
    assert good["mean"] > plain["mean"]
    assert good["above_baseline"] == pytest.approx(good["mean"] - plain["mean"])
    assert good["low"] < good["above_baseline"] < good["high"]
    assert good["p_holm"] < 0.01
    assert np.isnan(plain["above_baseline"])
    assert good["exchanged"] == 1.0
    page = markdown(STUDY, frame, literature=HOME / "studies/literature.yaml")
    row = next(line for line in page.splitlines() if line.startswith("| FiLM |"))
    assert f"{100 * good['mean']:.2f} ± {100 * good['std']:.2f}" in row
    assert "< 0.001" in row
    assert "PGIM | 79.33 | –" in page
    assert "75.32*" in page
    assert "Said besides." in page


def test_table_sets_every_published_score_beside_ours_but_none_beside_a_twin(tmp_path) -> None:
    for name in ("plain", "good", "twin"):
        write(tmp_path, name, 0.9)
    beside = reported(STUDY, tmp_path, HOME)
    published = load_recipe("roberta_resnet50_film", project_tree(HOME), HOME / "recipes").about.published
    assert set(beside["system"]) == {"good"}
    assert dict(zip(beside["metric"], beside["published"], strict=True)) == published["twitter2015"]
    row = beside.set_index("metric").loc["token.accuracy"]
    scores = json.loads((tmp_path / "results/good/twitter2015.json").read_text())
    assert (row["mean"], row["std"]) == (scores["token"]["accuracy"], scores["std"]["token"]["accuracy"])
    page = markdown(STUDY, table(STUDY, tmp_path, HOME), beside=beside)
    assert f"| FiLM | twitter2015 | token accuracy with O | {100 * row['mean']:.2f} ±" in page


def test_table_says_what_the_own_pictures_are_worth_where_any_are_read(tmp_path) -> None:
    for name in ("plain", "good", "twin"):
        write(tmp_path, name, 0.8)
    nothing = {"delta": 0.0, "low": 0.0, "high": 0.0, "p": 1.0}
    gains = {"plain": nothing, "good": {"delta": 0.02, "low": 0.01, "high": 0.03, "p": 0.004}}
    gains["twin"] = {"delta": 0.0, "low": -0.01, "high": 0.01, "p": 0.9}
    for name, gain in gains.items():
        path = tmp_path / f"results/{name}/twitter2015.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"picture": gain}))
    frame = table(STUDY, tmp_path, HOME).set_index("system")
    assert frame.loc["good", ["own_worth", "own_low", "own_high"]].tolist() == [0.02, 0.01, 0.03]
    assert frame.loc["good", "own_p_holm"] == pytest.approx(0.008)  # of two that read pictures
    assert frame.loc["twin", "own_p_holm"] == pytest.approx(0.9)
    assert np.isnan(frame.loc["plain", "own_worth"])
    page = markdown(STUDY, frame.reset_index())
    assert "| +2.00 (+1.00 to +3.00) | 0.008 |" in page
    row = next(line for line in page.splitlines() if line.startswith("| plain |"))
    assert "| – | – |" in row


def test_table_of_one_seed_shows_no_deviation(tmp_path) -> None:
    write(tmp_path, "plain", 0.5, seeds=(1,))
    page = markdown(STUDY, table(STUDY, tmp_path, HOME))
    assert "±" not in page.split("## twitter2015")[1]


def test_table_has_a_row_of_the_chat_model_where_it_has_run(tmp_path) -> None:
    study = STUDY.model_copy(update={"prompted": True})
    gold, predicted = tags(np.random.default_rng(1), 0.7)
    (tmp_path / "metrics/prompted").mkdir(parents=True)
    (tmp_path / "params.yaml").write_text((HOME / "params.yaml").read_text())
    scores = NER.score(gold, predicted) | {"model": "some-model"}
    (tmp_path / "metrics/prompted/twitter2015.json").write_text(json.dumps(scores))
    frame = table(study, tmp_path, tmp_path)
    assert list(frame["system"]) == ["prompted"]
    assert frame.iloc[0]["weights"] == "some-model"
    assert frame.iloc[0]["mean"] == scores["span"]["f1"]
    assert "| prompted |" in markdown(study, frame)


def test_table_without_counts_has_scores_and_no_significance(tmp_path) -> None:
    write(tmp_path, "plain", 0.5)
    write(tmp_path, "good", 0.9)
    (tmp_path / "counts/good/twitter2015.csv").unlink()
    frame = table(STUDY, tmp_path, HOME)
    assert frame["above_baseline"].isna().all()
    assert "above plain" not in markdown(STUDY, frame)


def test_table_rejects_systems_scored_on_other_sentences(tmp_path) -> None:
    write(tmp_path, "plain", 0.5)
    write(tmp_path, "good", 0.9)
    path = tmp_path / "counts/good/twitter2015.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[0], "1" + lines[1][1:], *lines[2:]]))
    results = tmp_path / "results/good/twitter2015.json"
    results.write_text(json.dumps(json.loads(results.read_text()) | {"by_seed": {}}))
    with pytest.raises(ValueError, match="good and plain were scored on other test sentences"):
        table(STUDY, tmp_path, HOME)


def test_table_refuses_counts_of_other_results(tmp_path) -> None:
    write(tmp_path, "plain", 0.5)
    write(tmp_path, "good", 0.9)
    shutil.copy(tmp_path / "counts/plain/twitter2015.csv", tmp_path / "counts/good/twitter2015.csv")
    with pytest.raises(ValueError, match=r"counts/good/twitter2015.csv: seed 1 is not that of .*good/twitter2015.json"):
        table(STUDY, tmp_path, HOME)


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "not valid JSON"), ('{"span": ', "not valid JSON"), ("{}", "no scores"), ("[]", "no scores")],
)
def test_table_names_damaged_results(tmp_path, text: str, message: str) -> None:
    write(tmp_path, "plain", 0.5)
    (tmp_path / "results/plain/twitter2015.json").write_text(text)
    with pytest.raises(ValueError, match=rf"results/plain/twitter2015.json: {message}"):
        table(STUDY, tmp_path, HOME)


def test_table_leaves_out_what_other_weights_scored(tmp_path) -> None:
    write(tmp_path, "plain", 0.5)
    write(tmp_path, "good", 0.9)
    path = tmp_path / "results/good/twitter2015.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"weights": "mpnet"}))
    frame, absent = table(STUDY, tmp_path, HOME), left_out(STUDY, tmp_path, HOME)
    assert list(frame["system"]) == ["plain"]
    assert absent == ["Left out: FiLM on twitter2015, scored with the weights `mpnet`."]
    assert absent[0] in markdown(STUDY, frame, absent=absent)


@pytest.mark.parametrize("rows", [60, 20])
def test_table_compares_the_chat_model_only_on_the_whole_split(tmp_path, rows: int) -> None:
    study = STUDY.model_copy(update={"prompted": True})
    write(tmp_path, "plain", 0.5)
    gold, predicted = tags(np.random.default_rng(1), 0.7)
    (tmp_path / "params.yaml").write_text((HOME / "params.yaml").read_text())
    scores = NER.score(gold[:rows], predicted[:rows]) | {"model": "some-model"}
    for name in ("metrics", "data"):
        (tmp_path / name / "prompted").mkdir(parents=True)
    (tmp_path / "metrics/prompted/twitter2015.json").write_text(json.dumps(scores))
    columns = {"words": [["a", "b", "c"]] * rows, "gold": gold[:rows], "predicted": predicted[:rows]}
    pq.write_table(pa.table(columns), tmp_path / "data/prompted/twitter2015.parquet")
    frame, absent = table(study, tmp_path, tmp_path).set_index("system"), left_out(study, tmp_path, tmp_path)
    if rows == 60:
        assert absent == []
        difference = frame.loc["prompted", "mean"] - frame.loc["plain", "mean"]
        assert frame.loc["prompted", "above_baseline"] == pytest.approx(difference)  # though it has one seed, plain two
    else:
        assert list(frame.index) == ["plain"]
        assert absent == [
            "Left out: prompted on twitter2015, which was asked about 20 of 60 sentences (`prompted.limit`)."
        ]


def test_table_reports_only_corpora_of_the_study(tmp_path) -> None:
    write(tmp_path, "good", 0.9)
    assert len(reported(STUDY, tmp_path, HOME))
    assert not len(reported(STUDY.model_copy(update={"corpora": ["mnre"]}), tmp_path, HOME))


def test_table_escapes_what_would_end_a_cell() -> None:
    assert grid(["a", "b"], [["x|y", "1"]]).splitlines()[2] == "| x\\|y | 1 |"


def test_table_of_nothing_is_empty(tmp_path) -> None:
    frame = table(STUDY, tmp_path, HOME)
    assert len(frame) == 0
    assert markdown(STUDY, frame).startswith("# Made up")
    assert transfer_table(STUDY, tmp_path) == ""


def test_table_of_transfers_is_a_square_a_system(tmp_path) -> None:
    path = tmp_path / "transfer/good/twitter2015-mnre.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"span": {"f1": 0.5}, "std": {"span": {"f1": 0.01}}, "seeds": 2}))
    other = tmp_path / "transfer/good/mnre-twitter2015.json"
    other.write_text(json.dumps({"not_applicable": "no tags"}))
    text = transfer_table(STUDY, tmp_path)
    assert "| FiLM | twitter2015 | – | 50.00 ± 1.00 |" in text
    assert "| FiLM | mnre |" not in text
