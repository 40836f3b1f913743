"""Stage scripts end in one clear line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[1]


def call(stage: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HOME / "stages" / f"{stage}.py"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def write_params(folder: Path, **changes: str) -> None:
    text = (HOME / "params.yaml").read_text(encoding="utf-8")
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "params.yaml").write_text(text, encoding="utf-8")


def test_stage_outside_a_project_says_where_to_run(tmp_path) -> None:
    done = call("prepare", "x", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "error: params.yaml: not found; run from the project's root\n"


@pytest.mark.parametrize(
    ("stage", "arguments", "message"),
    [
        ("link", ["twiter2015"], "error: unknown corpus 'twiter2015'; did you mean 'twitter2015'?"),
        ("link", ["twitter2015"], "error: corpora.twitter2015: no folder data/raw/twitter2015; put or link the corpus"),
        ("train", ["twitter2015", "1"], "error: data/features/twitter2015/features.json: not found"),
    ],
)
def test_stage_errors_are_one_line(tmp_path, stage: str, arguments: list[str], message: str) -> None:
    write_params(tmp_path)
    done = call(stage, *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_stage_misspelt_fusion_suggests_the_nearest(tmp_path) -> None:
    write_params(tmp_path, fusion=("fusion: film", "fusion: flim"))
    done = call("train", "embedded_social", "1", cwd=tmp_path)
    assert done.returncode == 1
    assert "fusion: unknown fusion 'flim'; did you mean 'film'?" in done.stderr


def test_stage_help_says_what_it_does(tmp_path) -> None:
    done = call("evaluate", "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "Score a corpus's models on its test split" in done.stdout
