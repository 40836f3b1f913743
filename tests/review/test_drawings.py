"""Plots that differ become PNG files."""

from __future__ import annotations

import builtins
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tandem.review.drawings import differs, draw


def specification(here: list[float], there: list[float], mark: str = "bar") -> dict[str, Any]:
    rows = [{"x": value, "rev": rev} for rev, values in (("workspace", here), ("main", there)) for value in values]
    encoding = {"x": {"field": "x", "type": "quantitative"}, "color": {"field": "rev"}}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {"text": "Scores"},
        "data": {"values": rows},
        "mark": mark,
        "encoding": encoding,
    }


def answer(**plots: Any) -> str:
    return json.dumps({"data": {name: [{"type": "vega", "content": plot}] for name, plot in plots.items()}})


def test_differs_looks_at_rows_whatever_their_order() -> None:
    assert not differs(specification([1, 2], [2, 1]))
    assert differs(specification([1, 2], [1, 3]))
    assert differs(specification([1], []))


def test_draw_makes_pictures_of_what_differs(tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    plots = {"plots/a.csv": specification([1], [2]), "plots/b.csv": specification([1], [1])}
    found = draw(answer(**plots), tmp_path)
    assert found.made == {"1-plots-a-csv.png": "Scores"}
    assert found.equal == ["plots/b.csv"]
    assert found.missing is None
    assert [path.name for path in tmp_path.iterdir()] == ["1-plots-a-csv.png"]
    assert (tmp_path / "1-plots-a-csv.png").read_bytes().startswith(b"\x89PNG")


def test_draw_names_what_cannot_be_drawn_and_goes_on(tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    found = draw(answer(bad=specification([1], [2], mark="nonsense"), good=specification([1], [2])), tmp_path)
    assert list(found.made) == ["1-good.png"]
    assert found.missing is not None
    assert found.missing.startswith("bad: ")


def test_draw_without_the_converter_says_so_only_where_something_differs(tmp_path: Path, monkeypatch) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:
        if name == "vl_convert":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "vl_convert", raising=False)
    monkeypatch.setattr(builtins, "__import__", absent)
    assert "not installed" in (draw(answer(a=specification([1], [2])), tmp_path).missing or "")
    assert draw(answer(a=specification([1], [1])), tmp_path).missing is None
    assert draw("{}", tmp_path).made == {}
