"""The report on made-up results: whole, with files missing, and with names that want escaping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tandem.evaluation.metrics import mean_and_std
from tandem.fusion import STRATEGIES, strategy
from tandem.reporting.report import write_report
from tandem.reporting.results import READ_CAPTIONS, Results

NAMES = ["birds", "ships"]
SEEDS = [1, 2, 3]

Write = Callable[[Path, Any], None]
Load = Callable[..., Results]
ReadPage = Callable[[Path], Any]


def scores(f1: float, exchanged: float, kind: str = "PER") -> dict[str, Any]:
    rates = {"precision": f1, "recall": f1, "f1": f1}
    return {
        "span": {**rates, "support": 40},
        "span_strict": {**rates, "support": 39},
        "span_macro": rates,
        "span_weighted": rates,
        "per_type": {kind: {**rates, "support": 40}},
        "token": {"accuracy": 0.95, "weighted_f1": 0.94, "macro_f1": 0.7, "support": 400},
        "controls": {
            "shuffled_image": {"f1": exchanged, "delta": f1 - exchanged},
            "no_image": {"f1": 0.6, "delta": f1 - 0.6},
        },
        "valid": {"f1": f1},
    }


def summary(f1: float, cost: float, noise: float = 0.01, kind: str = "PER") -> dict[str, Any]:
    shifts = (-noise, 0.0, noise)
    mean, std = mean_and_std([scores(f1 + shift, f1 - cost - shift, kind) for shift in shifts])
    return {**mean, "std": std, "seeds": 3, "sentences": 100, "by_seed": {"1": f1}}


def fill(write: Write, root: Path, kind: str = "PER") -> None:
    """All results of two corpora; pictures matter on the first."""
    for name, cost in zip(NAMES, (0.2, 0.005), strict=True):
        write(root / f"metrics/evaluate/{name}.json", summary(0.8, cost, kind=kind))
        split = {"sentences": 1234, "tokens": 9000, "entities_default": 7, "entities_strict": 6, "orphan_inside": 1}
        pictures = {"ids": 9, "present": 8, "missing": 1, "distinct": 8}
        data = {"release": "unknown", "warning": "edited <by hand>", "splits": {"test": split}, "pictures": pictures}
        write(root / f"metrics/data/{name}.json", data)
        write(root / f"metrics/features/{name}.json", {"ok": 8, "broken": 3})
        for other in NAMES:
            write(root / f"metrics/transfer/{name}-{other}.json", summary(0.8 if name == other else 0.55, 0.1))
        for seed in SEEDS:
            path = root / f"plots/train/{name}/{seed}/history.csv"
            path.parent.mkdir(parents=True)
            path.write_text("epoch,loss,valid_f1\n1,2.0,0.5\n2,1.0,0.7\n")
    ceiling = {"picture": {"expected_f1": 0.9}, "text_only": {"expected_f1": 0.65}, "shuffled": {"expected_f1": 0.6}}
    write(root / "metrics/ceiling.json", {"birds": ceiling})


def test_report_is_one_whole_page_that_asks_nothing_of_the_network(
    tmp_path: Path, write: Write, load: Load, read_page: ReadPage
) -> None:
    fill(write, tmp_path)
    write_report(load(tmp_path, NAMES), tmp_path)
    page = read_page(tmp_path / "report/index.html")
    assert page.open == []
    assert "script" not in page.tags
    for name, value in page.attributes:
        if name in ("src", "href", "xlink:href", "style"):
            assert value.startswith(("#", "data:")) or (name == "style" and "url(http" not in value), (name, value)
    assert "@import" not in page.text
    assert page.tags.count("svg") == 5  # pictures, and for each corpus its types and its learning curves
    assert "Not there yet" not in page.text


def test_report_says_whether_the_pictures_are_read(
    tmp_path: Path, write: Write, load: Load, read_page: ReadPage
) -> None:
    fill(write, tmp_path)
    write_report(load(tmp_path, NAMES), tmp_path)
    text = read_page(tmp_path / "report/index.html").text
    assert "costs 20.00 ± 2.00 points, more than twice its deviation over the seeds: the model reads" in text
    assert "costs 0.50 ± 2.00 points, within twice its deviation over the seeds: no evidence" in text
    assert "text alone can expect at most 65.00 and text with pictures 90.00" in text
    assert "stands 15.00 points above the former" in text
    assert "80.00 ± 1.00" in text


def test_report_says_that_a_corpus_has_no_usable_pictures(
    tmp_path: Path, write: Write, load: Load, read_page: ReadPage
) -> None:
    fill(write, tmp_path)
    write(tmp_path / "metrics/features/birds.json", {"image_ids": 9, "ok": 0, "missing": 9, "broken": 0})
    write_report(load(tmp_path, NAMES), tmp_path)
    text = read_page(tmp_path / "report/index.html").text
    assert text.count("No usable pictures") == 1
    assert "costs 20.00" not in text  # nothing was exchanged
    assert "birds: No usable pictures" in (tmp_path / "report/results.md").read_text()


def test_report_speaks_of_captions_where_those_are_read(
    tmp_path: Path, write: Write, load: Load, read_page: ReadPage
) -> None:
    fill(write, tmp_path)
    for name, present in zip(NAMES, (0, 9), strict=True):
        write(tmp_path / f"metrics/features/{name}.json", {"image_ids": 9, "ok": 0, "missing": 9, "broken": 0})
        data = {"release": "unknown", "warning": None, "captions": {"present": present, "missing": 9 - present}}
        write(tmp_path / f"metrics/data/{name}.json", data)
    write_report(replace(load(tmp_path, NAMES), fusion="caption_prefix"), tmp_path)
    text = read_page(tmp_path / "report/index.html").text
    assert "No usable pictures" not in text
    assert text.count("No captions: this corpus has none") == 1
    assert "birds: No captions" in (tmp_path / "report/results.md").read_text()


def test_report_captions_are_named_for_the_strategies_that_read_them() -> None:
    assert [name for name in STRATEGIES if strategy(name).reads_caption] == list(READ_CAPTIONS)


def test_report_of_many_types_grows_by_rows_alone(
    tmp_path: Path, write: Write, load: Load, read_page: ReadPage
) -> None:
    fill(write, tmp_path)
    tree = summary(0.8, 0.2)
    tree["per_type"] = {f"T{number}": tree["per_type"]["PER"] for number in range(120)}
    write(tmp_path / "metrics/evaluate/birds.json", tree)
    write_report(load(tmp_path, NAMES), tmp_path)
    page = read_page(tmp_path / "report/index.html")
    assert page.tags.count("svg") == 5
    assert "T119" in page.text
    assert len(pd.read_csv(tmp_path / "plots/per_type.csv")) == 121


def test_report_writes_numbers_for_plots(tmp_path: Path, write: Write, load: Load) -> None:
    fill(write, tmp_path)
    written = write_report(load(tmp_path, NAMES), tmp_path)
    assert all(path.is_file() for path in written)
    results = pd.read_csv(tmp_path / "plots/results.csv").set_index(["corpus", "metric"])
    assert results.loc[("birds", "span.f1"), "mean"] == pytest.approx(0.8)
    assert results.loc[("birds", "controls.shuffled_image.delta"), "std"] == pytest.approx(0.02)
    transfer = pd.read_csv(tmp_path / "plots/transfer.csv").set_index(["source", "target"])
    assert transfer.loc[("birds", "ships"), "drop"] == pytest.approx(0.25)
    per_type = pd.read_csv(tmp_path / "plots/per_type.csv")
    assert list(per_type["type"]) == ["PER", "PER"]
    lines = (tmp_path / "report/results.md").read_text().splitlines()
    assert any(line.startswith("| birds | 80.00 ± 1.00 |") for line in lines)


def test_report_is_the_same_twice(tmp_path: Path, write: Write, load: Load) -> None:
    fill(write, tmp_path)
    before = [path.read_bytes() for path in write_report(load(tmp_path, NAMES), tmp_path)]
    assert [path.read_bytes() for path in write_report(load(tmp_path, NAMES), tmp_path)] == before


def test_report_names_what_is_missing(tmp_path: Path, write: Write, load: Load, read_page: ReadPage) -> None:
    fill(write, tmp_path)
    (tmp_path / "metrics/transfer/birds-ships.json").unlink()
    (tmp_path / "metrics/evaluate/ships.json").unlink()
    write(tmp_path / "metrics/data/birds.json", {})
    write_report(load(tmp_path, NAMES), tmp_path)
    text = read_page(tmp_path / "report/index.html").text
    assert "Not there yet" in text
    assert "metrics/transfer/birds-ships.json" in text
    assert "Not evaluated yet." in text


def test_report_stands_without_any_result(tmp_path: Path, load: Load, read_page: ReadPage) -> None:
    write_report(load(tmp_path, NAMES), tmp_path)
    page = read_page(tmp_path / "report/index.html")
    assert page.open == []
    assert "No corpus has been evaluated yet." in page.text
    assert (tmp_path / "plots/results.csv").read_text() == "corpus,metric,mean,std,low,high\n"


def test_report_escapes_names(tmp_path: Path, write: Write, load: Load, read_page: ReadPage) -> None:
    fill(write, tmp_path, kind='<s>"P|R$&')
    write_report(load(tmp_path, NAMES), tmp_path)
    page = read_page(tmp_path / "report/index.html")
    assert "s" not in page.tags
    assert '<s>"P|R$&' in page.text
    assert "edited <by hand>" in page.text


def test_report_of_one_seed_claims_nothing_on_noise(
    tmp_path: Path, write: Write, load: Load, read_page: ReadPage
) -> None:
    mean, std = mean_and_std([scores(0.8, 0.7)])
    write(tmp_path / "metrics/evaluate/birds.json", {**mean, "std": std, "seeds": 1})
    write_report(load(tmp_path, ["birds"], [1]), tmp_path)
    text = read_page(tmp_path / "report/index.html").text
    assert "costs 10.00 points; 1 seed cannot tell that from chance" in text
    assert "± 0.00" not in text


@pytest.mark.parametrize("content", ["{", "[]"])
def test_report_names_a_broken_file(tmp_path: Path, content: str, load: Load) -> None:
    path = tmp_path / "metrics/evaluate/birds.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(ValueError, match=r"metrics/evaluate/birds.json: .*dvc repro"):
        load(tmp_path, NAMES)


def test_report_names_a_curve_without_a_column(tmp_path: Path, load: Load) -> None:
    path = tmp_path / "plots/train/birds/1/history.csv"
    path.parent.mkdir(parents=True)
    path.write_text("epoch,loss\n1,2.0\n")
    with pytest.raises(ValueError, match=r"birds/1/history.csv: no column 'valid_f1'"):
        load(tmp_path, NAMES)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("table.csv", "", "table.csv: not a table"),
        ("table.csv", "<<<<<<< ours\ncorpus,system\n", "table.csv: (not a table|no column)"),
        ("table.csv", "corpus,system,mean\na,b,0.5\n", "table.csv: no column 'std'"),
        ("params.yaml", "- a\n", "params.yaml: expected keys and values"),
        ("params.yaml", "a: [", "params.yaml: not valid YAML"),
    ],
)
def test_report_names_the_damaged_file_of_a_study(
    tmp_path: Path, made_up: Any, load: Load, name: str, text: str, message: str
) -> None:
    made_up.write_all(tmp_path)
    (tmp_path / "studies/fusion" / name).write_text(text)
    with pytest.raises(ValueError, match=rf"studies/fusion/{message}"):
        load(tmp_path, NAMES)
