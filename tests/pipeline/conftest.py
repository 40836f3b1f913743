"""Clones of the project with DVC and git histories of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2]


class Project:
    """A clone of the project with its own git history and DVC cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        binaries = Path(sys.executable).parent
        self.environment = os.environ | {
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "PYTHONPATH": str(folder / "src"),
            "OMP_NUM_THREADS": "1",
            "HOME": str(folder),
            "GIT_AUTHOR_NAME": "Test",
            "GIT_AUTHOR_EMAIL": "test@example.org",
            "GIT_COMMITTER_NAME": "Test",
            "GIT_COMMITTER_EMAIL": "test@example.org",
        }

    def run(self, *command: str, fails: bool = False) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300, check=False
        )
        output = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, output
        return output

    def ran(self, *command: str) -> set[str]:
        """The names of the stages that a command really ran (not those taken from the run cache)."""
        return set(re.findall(r"Running stage '([^']+)'", self.run(*command)))

    def run_queue(self) -> str:
        """Run all queued experiments, and what `dvc queue status` says when they have ended."""
        self.run("dvc", "queue", "start", "-j", "1")
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            status = self.run("dvc", "queue", "status")
            if not re.search(r"Queued|Running", status):
                break
            time.sleep(2)
        return status

    def changed(self) -> dict[str, list]:
        """The stages that `dvc status` says would run, and why."""
        return json.loads(self.run("dvc", "status", "--json"))

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {path}"
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def metrics(self, path: str) -> dict:
        return json.loads((self.folder / "metrics" / path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Project]:
    """Makes a committed clone of the working tree, without results, with `edits` of params.yaml."""

    def make(edits: Mapping[str, str], without: Sequence[str] = ()) -> Project:
        folder = tmp_path_factory.mktemp("clone") / "tandem"
        listing = ["git", "ls-files", "-co", "--exclude-standard"]
        tracked = subprocess.run(listing, cwd=HOME, capture_output=True, text=True, check=False)
        if tracked.returncode:
            pytest.skip("the project is not in a git checkout")
        for name in tracked.stdout.splitlines():
            if name.startswith(("metrics/", "plots/", "tests/", ".dev/", *without)) or name.endswith("dvc.lock"):
                continue
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if (HOME / name).is_file():
                shutil.copy(HOME / name, folder / name)
        made = Project(folder)
        for old, new in edits.items():
            made.edit("params.yaml", old, new)
        made.run("git", "init", "-q", "-b", "main")
        made.run("git", "add", "-A")
        made.run("git", "commit", "-qm", "start")
        return made

    return make
