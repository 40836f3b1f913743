"""The plots of dvc.yaml: their columns are those that the report writes, and their templates are there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc_render.vega_templates import TEMPLATES

from tandem.reporting.report import FRAMES
from tandem.reporting.results import Results

HOME = Path(__file__).resolve().parents[2]
FOLDER = HOME / ".dvc/plots"
STAGE = yaml.safe_load((HOME / "dvc.yaml").read_text(encoding="utf-8"))["stages"]["report"]
PLOTS: dict[str, Any] = {path: knobs for plot in STAGE["plots"] for path, knobs in plot.items()}


def test_plots_are_all_that_the_report_writes() -> None:
    assert sorted(PLOTS) == sorted(f"plots/{name}.csv" for name in FRAMES)


@pytest.mark.parametrize("path", PLOTS)
def test_plots_draw_columns_that_there_are(path: str, tmp_path: Path, load: Callable[..., Results]) -> None:
    columns = set(FRAMES[Path(path).stem](load(tmp_path, ["birds"])).columns)
    knobs = PLOTS[path]
    assert {knobs["x"], knobs["y"]} <= columns
    if knobs["template"] in {template.DEFAULT_NAME for template in TEMPLATES}:
        return
    text = (FOLDER / f"{knobs['template']}.json").read_text(encoding="utf-8")
    assert json.loads(text)["data"]["values"] == "<DVC_METRIC_DATA>"
    assert {"<DVC_METRIC_X>", "<DVC_METRIC_Y>"} <= {part.strip('"') for part in text.replace(",", " ").split()}
    known = columns | {"rev", "panel", "total", "share", "shown", "one"}
    used = {part.split('"')[0] for part in text.split('"field": "')[1:]} - {"<DVC_METRIC_X>", "<DVC_METRIC_Y>"}
    assert used <= known


def test_plots_have_no_template_that_nothing_uses() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} <= {knobs["template"] for knobs in PLOTS.values()}
