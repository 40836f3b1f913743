"""The steps of a review under the real git and DVC."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from tandem.cli import main
from tandem.review.page import LIMIT
from tandem.review.post import MARKER
from tandem.review.steps import review

pytestmark = pytest.mark.pipeline

OUT = Path("review")


def page() -> str:
    return (OUT / "review.md").read_text(encoding="utf-8")


def test_review_compares_with_predictions_of_the_base_from_the_remote(fresh) -> None:
    # 10 and then 2 of 40 entities are missed, nothing is wrongly found: F1 is 60/70 and 76/78.
    fresh(wrong=2)
    assert review("origin/main", OUT, push=False) == 0
    text = page()
    assert text.startswith(MARKER)
    assert "- **tiny**: span F1 +11.72 (85.71 → 97.44), beyond chance (p < 0.001)." in text
    assert "| tiny | recall | 75.00 | 95.00 | +20.00 |" in text
    assert "| tiny | span F1 | +11.72 | +4." in text  # the interval
    assert "metrics/evaluate/tiny.json" in text.partition("All changed metrics")[2]
    assert "remote" not in text  # nothing to say of it
    assert len(text) < LIMIT
    assert "| Path | Metric | origin/main | workspace | Change |" in text
    assert "metrics/evaluate/tiny.json" in (OUT / "metrics.md").read_text(encoding="utf-8")
    if importlib.util.find_spec("vl_convert"):
        assert "![Scores](1-plot-csv.png)" in text
        assert (OUT / "1-plot-csv.png").read_bytes().startswith(b"\x89PNG")
    else:
        assert "`vl-convert-python`" in text.replace("\\", "")


def test_review_without_a_change_says_that_nothing_moved_and_pushes_what_the_remote_lacks(fresh) -> None:
    clone = fresh(wrong=10)
    files = clone.with_name("store") / "files"
    held = {path.relative_to(files) for path in files.rglob("*") if path.is_file()}
    shutil.rmtree(files)
    OUT.mkdir()
    (OUT / "old.png").write_bytes(b"")
    assert review("HEAD", OUT, push=True) == 0
    text = page()
    assert "**Nothing moved**: 3 metrics in 1 file are as in the base." in text
    assert "Not everything could be pulled from the DVC remote; what was missing was computed." in text
    assert "Pushed to the DVC remote." in text
    assert "### Scores" not in text
    assert "![" not in text
    assert "equal predictions" in text
    assert not (OUT / "old.png").exists()
    assert {path.relative_to(files) for path in files.rglob("*") if path.is_file()} == held


def test_review_without_a_remote_computes_and_says_what_it_can_neither_compare_nor_push(fresh, capsys) -> None:
    fresh(wrong=12, remote=False)
    assert review("origin/main", OUT, push=True) == 1
    assert "error: --push, but no DVC remote is set" in capsys.readouterr().err
    text = page()
    assert "No DVC remote is set: what was not in the cache was computed." in text
    assert "- **tiny**: span F1 -3.36 (85.71 → 82.35); whether by chance is not known." in text
    assert "Not compared:\n- tiny: the predictions of the base are in no cache" in text
    assert "1 stage ran." in text
    assert "Nothing could be pushed" in text


def test_review_of_a_failing_stage_names_it_and_ends_with_status_1(fresh, capfd) -> None:
    fresh(wrong=-1, remote=False)
    with pytest.raises(SystemExit) as end:
        main(["review", "origin/main"])
    assert end.value.code == 1
    text = page()
    assert text.startswith(MARKER)
    assert "**Stage `evaluate` failed**" in text
    assert "\nerror: wrong.txt: below zero\n" in text
    assert "review/review.md" in capfd.readouterr().out


@pytest.mark.parametrize("base", ["nowhere", "--help"])
def test_review_of_an_unknown_revision_is_one_line(fresh, capsys, base: str) -> None:
    fresh(wrong=1, remote=False)
    with pytest.raises(SystemExit) as end:
        main(["review", "--", base])
    assert end.value.code == 1
    assert f"{base}: no such revision here; `git fetch` it" in capsys.readouterr().err
    assert not OUT.exists()
