"""The page with everything on it, and without what the pipeline may not have made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from tandem.reporting.data_page import data_section
from tandem.reporting.gallery_page import gallery_section
from tandem.reporting.report import write_report
from tandem.reporting.results import Results
from tandem.reporting.summary_page import verdict, warnings

Load = Callable[..., Results]
ReadPage = Callable[[Path], Any]


def test_page_shows_all_that_there_is(
    tmp_path: Path, load: Load, made_up: SimpleNamespace, read_page: ReadPage
) -> None:
    made_up.write_all(tmp_path)
    written = write_report(load(tmp_path, made_up.names, made_up.seeds), tmp_path)
    page = read_page(tmp_path / "report/index.html")
    assert page.open == []
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    for key in ("summary", "posts", "pictures", "entities", "relations", "fusion", "transfer", "confidence", "data"):
        assert key in ids, key
    for text in (
        "95 %: 75.00–85.00",
        "3 of 8 test sentences also stand in the train or validation split (1 word for word, 2 nearly); "
        "without them span F1 is 71.00.",
        "a release that nobody knows",
        "noise for pictures",
        "text_only twin",
        "right only with it",
        "how far the gate is open",
        "expected calibration error",
        "Ways to fuse",
        "81.23",  # partly right
        "Short & sweet.",
        "Leaks. Nothing to draw.",
        "3 analyses",
        "exchanged",
        "noise",
        "Decided by the picture",
        "Misled by the picture",
        "Amber\N{NO-BREAK SPACE}PER .87",
        "/per/loc/died",
    ):
        assert text in page.text, text
    alts = {value for name, value in page.attributes if name == "alt"}
    assert "Picture of the post: a <bird> & a knot" in alts
    assert "Lengths of birds: Short & sweet." in alts
    figures = {path.name for path in written if path.suffix == ".svg"}
    assert {
        f"{kind}-{name}.svg" for kind in ("learning", "classes", "confusion", "reliability") for name in made_up.names
    } < figures
    assert {"pictures.svg", "gates-birds.svg", "transfer-ner.svg", "fusion-fusion-terns.svg"} < figures


def test_page_repeats_every_warning_of_prepare_in_the_data_section(
    tmp_path: Path, load: Load, made_up: SimpleNamespace
) -> None:
    made_up.write_all(tmp_path)
    results = load(tmp_path, made_up.names, made_up.seeds)
    found = {"birds": {**results.data["birds"], "warnings": ["5 posts stand twice", "2 < 3 pictures"]}}
    text = data_section(replace(results, data={**results.data, **found}))
    assert "birds: 5 posts stand twice" in text
    assert "birds: 2 &lt; 3 pictures" in text
    assert "also stand in the train or validation split" not in text.split("birds: 5 posts")[1].split("knots:")[0]


def test_page_shows_heat_for_encoders_that_have_a_grid(tmp_path: Path, load: Load, made_up: SimpleNamespace) -> None:
    made_up.write_all(tmp_path)
    results = load(tmp_path, made_up.names, made_up.seeds)
    assert 'id="look"' in gallery_section(results)
    assert 'id="look"' not in gallery_section(replace(results, encoder="caption"))


def test_page_stands_without_what_other_strategies_leave_out(
    tmp_path: Path, load: Load, made_up: SimpleNamespace, read_page: ReadPage
) -> None:
    bare = {"no_image": None, "spans": None, "picture_weight": None, "region_weight": None, "confidence": None}
    made_up.write_posts(tmp_path, "birds", [made_up.entities("right", **bare), made_up.entities("type", **bare)])
    made_up.write_posts(tmp_path, "knots", [made_up.relation("missed", **bare)])
    (tmp_path / "data/links/birds.images/right.png").unlink()
    write_report(load(tmp_path, made_up.names, made_up.seeds), tmp_path)
    page = read_page(tmp_path / "report/index.html")
    assert page.open == []
    assert "no picture" in page.text
    assert "weight it gives" not in page.text
    assert "look" not in [value for name, value in page.attributes if name == "id"]
    assert {"fusion", "confidence"}.isdisjoint(value for name, value in page.attributes if name == "id")


def test_page_marks_two_entities_that_overlap(
    tmp_path: Path, load: Load, made_up: SimpleNamespace, read_page: ReadPage
) -> None:
    row = made_up.relation("right", head_start=1, head_end=4, tail_start=3, tail_end=5)
    made_up.write_posts(tmp_path, "knots", [row])
    write_report(load(tmp_path, ["knots"], made_up.seeds), tmp_path)
    page = read_page(tmp_path / "report/index.html")
    assert page.open == []
    assert "and New\N{NO-BREAK SPACE}head York\N{NO-BREAK SPACE}head and tail <3\N{NO-BREAK SPACE}tail" in page.text


def test_warnings_say_nothing_of_a_clean_corpus(tmp_path: Path, load: Load, write: Callable[[Path, Any], None]) -> None:
    write(tmp_path / "metrics/evaluate/birds.json", {"leaks": {"sentences": 0, "exact": 0, "near": 0}})
    write(tmp_path / "metrics/data/birds.json", {"release": "known", "warning": None})
    assert warnings(load(tmp_path, ["birds"]), "birds") == []


@pytest.mark.parametrize(
    ("picture", "twin", "said"),
    [
        ((0.1, 0.2), (0.1, 0.2), ("good", "The pictures help")),
        ((-0.1, 0.1), (0.1, 0.2), ("", "Better than text_only, but no evidence that this is due to the pictures")),
        ((-0.2, -0.1), (0.1, 0.2), ("", "Better than text_only, but no evidence that this is due to the pictures")),
        ((0.1, 0.2), (-0.1, 0.1), ("", "No evidence that the pictures help")),
        ((-0.1, 0.1), (0.0, 0.1), ("", "No evidence that the pictures help")),
        ((0.1, 0.2), (-0.2, -0.1), ("bad", "The model is worse for having pictures")),
        ((0.1, 0.2), None, ("", "")),
        (None, (0.1, 0.2), ("", "")),
    ],
)
def test_verdict_weighs_both_intervals(
    tmp_path: Path,
    load: Load,
    write: Callable[[Path, Any], None],
    picture: tuple[float, float] | None,
    twin: tuple[float, float] | None,
    said: tuple[str, str],
) -> None:
    given = {"picture": picture, "twin": twin}
    tree = {key: {"delta": sum(ends) / 2, "low": ends[0], "high": ends[1]} for key, ends in given.items() if ends}
    write(tmp_path / "metrics/evaluate/birds.json", tree | {"seeds": 3})
    results = load(tmp_path, ["birds"])
    assert verdict(results, "birds") == said
    assert verdict(replace(results, fusion="text_only"), "birds") == ("", "text_only reads no pictures")


def test_verdict_of_a_corpus_without_pictures(tmp_path: Path, load: Load, write: Callable[[Path, Any], None]) -> None:
    write(tmp_path / "metrics/evaluate/birds.json", {"picture": {"low": 0.0, "high": 0.0}})
    write(tmp_path / "metrics/features/birds.json", {"image_ids": 9, "ok": 0})
    assert verdict(load(tmp_path, ["birds"]), "birds") == ("", "No usable pictures")


def test_frames_of_everything(tmp_path: Path, load: Load, made_up: SimpleNamespace) -> None:
    made_up.write_all(tmp_path)
    write_report(load(tmp_path, made_up.names, made_up.seeds), tmp_path)

    def frame(name: str) -> pd.DataFrame:
        return pd.read_csv(tmp_path / f"plots/{name}.csv", keep_default_na=False, na_values=[""])

    results = frame("results").set_index(["corpus", "metric"])
    assert list(results.loc[("birds", "span.f1"), ["low", "high"]]) == [0.75, 0.85]
    assert list(results.loc[("knots", "picture.delta"), ["mean", "low", "high"]]) == [0.2, 0.1, 0.3]
    assert not [metric for _, metric in results.index if metric.split(".")[0] in ("interval", "leaks", "explanation")]
    assert list(frame("per_type")["low"]) == [0.75] * 3
    assert list(frame("per_relation")["high"]) == [0.85] * 2
    assert len(frame("learning")) == 2 * 2 * 2
    assert len(frame("reliability")) == 2  # the empty bin is left out
    assert frame("gates").groupby(["corpus", "type"])["share"].sum().round(6).eq(1).all()
    assert list(frame("fusion")["system"]) == ["film", "gated", "text_only"]
    confusion = frame("confusion")
    assert set(confusion["corpus"]) == {"birds", "knots"}
    assert {"missed", "invented"} <= set(confusion["predicted"]) | set(confusion["gold"])
