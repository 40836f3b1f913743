"""The pipeline of its own that asks a chat model, under the real DVC."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2]
STUDY = "studies/prompted/dvc.yaml"
SMALL = {
    "- embedded_travel\n- embedded_relations\n": "",
    "train: 2000": "train: 40",
    "valid: 250": "valid: 10",
    "test: 500": "test: 12",
}
KEY = "sk-0123456789abcdef"

pytestmark = pytest.mark.pipeline


@pytest.fixture
def dvc(tmp_path, server) -> Callable[..., str]:
    """`dvc(*arguments)` in a small copy of the project, its output; the corpus is prepared."""
    listing = ["git", "ls-files", "-co", "--exclude-standard", "src", "stages", "studies", "dvc.yaml", "params.yaml"]
    listed = subprocess.run([*listing, ".gitignore"], cwd=HOME, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("the project is not in a git checkout")
    for name in listed.stdout.splitlines():
        if not name.endswith("dvc.lock"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(HOME / name, tmp_path / name)
    params = (tmp_path / "params.yaml").read_text(encoding="utf-8")
    for old, new in {**SMALL, "http://127.0.0.1:8000/v1": server.endpoint}.items():
        assert old in params
        params = params.replace(old, new, 1)
    (tmp_path / "params.yaml").write_text(params, encoding="utf-8")
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(tmp_path / "src"),
        "HOME": str(tmp_path),
        "TANDEM_API_KEY": KEY,
    }

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["dvc", *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    subprocess.run(["git", "init", "-q"], cwd=tmp_path, env=environment, check=True)
    run("init", "-q")
    run("repro", "prepare")
    return run


def test_study_asks_only_when_it_is_asked_for(dvc, server, said, tmp_path) -> None:
    server.replies(said('{"entities": []}'))
    assert "prompt" not in dvc("stage", "list", "--name-only")  # what a plain `dvc repro` runs
    assert f"{STUDY}:prompt@embedded_social" in dvc("stage", "list", "--name-only", STUDY)
    dvc("checkout", STUDY)  # a project that never ran it lacks nothing
    assert server.bodies == []

    assert "Running stage" in dvc("repro", STUDY)
    assert len(server.bodies) == 12
    metrics = tmp_path / "metrics/prompted/embedded_social.json"
    assert json.loads(metrics.read_text())["requests"] == 12
    assert (tmp_path / "data/prompted/embedded_social.parquet").is_file()
    assert "prompted" not in dvc("metrics", "show")  # else it would be missed wherever this has not been run
    assert "up to date" in dvc("repro", STUDY)

    # Prices are no matter of the server's; a new run takes all answers from the last one.
    params = tmp_path / "params.yaml"
    params.write_text(re.sub(r"price_in: 0\.0", "price_in: 1000.0", params.read_text()))
    assert "Running stage" in dvc("repro", STUDY)
    found = json.loads(metrics.read_text())
    assert (found["requests"], found["answers_from_cache"]) == (0, 12)
    assert found["cost"] == pytest.approx(1.2)
    assert len(server.bodies) == 12
    assert all(headers["authorization"] == f"Bearer {KEY}" for headers in server.headers)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
