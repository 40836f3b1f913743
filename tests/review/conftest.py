"""A tiny project under the real git and DVC: one stage that writes metrics, predictions and a plot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

STAGE = """
import json, pathlib, sys
import pyarrow as pa, pyarrow.parquet as pq

wrong = int(pathlib.Path("wrong.txt").read_text())
if wrong < 0:
    sys.exit("error: wrong.txt: below zero")
gold = [["B-PER", "O"]] * 40
predicted = [["O", "O"] if place < wrong else tags for place, tags in enumerate(gold)]
folder = pathlib.Path("data/predictions/tiny")
folder.mkdir(parents=True)
ids = [f"test-{place}" for place in range(40)]
pq.write_table(pa.table({"id": ids, "gold": gold, "predicted": predicted}), folder / "1.parquet")
recall = (40 - wrong) / 40
f1 = 2 * recall / (1 + recall)
metrics = pathlib.Path("metrics/evaluate/tiny.json")
metrics.parent.mkdir(parents=True, exist_ok=True)
metrics.write_text(json.dumps({"task": "ner", "span": {"precision": 1.0, "recall": recall, "f1": f1}}))
pathlib.Path("plot.csv").write_text(f"score,mean\\nf1,{f1}\\n")
"""
PIPELINE = """
stages:
  evaluate:
    cmd: python stage.py
    deps: [stage.py, wrong.txt]
    outs: [data/predictions/tiny]
    metrics:
      - metrics/evaluate/tiny.json: {cache: false}
    plots:
      - plot.csv: {cache: false, x: mean, y: score, template: bar_horizontal, title: Scores}
"""
CONFIG = """
[core]
    analytics = false
    remote = store
['remote "store"']
    url = {store}
"""


ENVIRONMENT = {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "OMP_NUM_THREADS": "1",
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
}


def run(folder: Path, *command: str) -> None:
    """Run a command in a folder; it has to succeed."""
    done = subprocess.run(
        command, cwd=folder, env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it was pushed: ten of forty entities missed; a folder beside it is the DVC remote."""
    folder = tmp_path_factory.mktemp("review") / "origin"
    folder.mkdir()
    run(folder, "git", "init", "-q", "-b", "main")
    dvc = (sys.executable, "-m", "dvc")
    run(folder, *dvc, "init", "-q")
    (folder / ".dvc/config").write_text(CONFIG.format(store=folder.with_name("store")), encoding="utf-8")
    files = {"stage.py": STAGE, "dvc.yaml": PIPELINE, "wrong.txt": "10", ".gitignore": "/data\n/review\n"}
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    run(folder, *dvc, "repro", "-q")
    run(folder, *dvc, "push", "-q", "--run-cache")
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-qm", "base")
    return folder


@pytest.fixture
def fresh(origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes a clone with an empty DVC cache the working folder, with or without a remote (a copy of the store)."""

    def make(*, wrong: int, remote: bool = True) -> Path:
        clone, store = tmp_path / "clone", tmp_path / "store"
        run(tmp_path, "git", "clone", "-q", str(origin), str(clone))
        config = CONFIG.format(store=store) if remote else "[core]\n    analytics = false\n"
        (clone / ".dvc/config").write_text(config, encoding="utf-8")
        if remote:
            shutil.copytree(origin.with_name("store"), store)
        (clone / "wrong.txt").write_text(str(wrong), encoding="utf-8")
        monkeypatch.chdir(clone)
        return clone

    return make
