"""The workflows and the GitLab example call what exists, with no more rights than they need."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

HOME = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((HOME / ".github/workflows").glob("*.yaml"))
DOCUMENT = HOME / "docs/pull-requests.md"
SHELL = ("if", "then", "fi;", "fi", "[", "printf", "echo", "test", "cp")


def load(path: Path) -> dict[Any, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def gitlab() -> dict[str, Any]:
    block = re.search(r"^```yaml\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert block
    return yaml.safe_load(block[1])


def steps(workflow: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def commands() -> list[str]:
    of_github = [step["run"] for path in WORKFLOWS for step in steps(load(path)) if "run" in step]
    of_gitlab = [line for job in gitlab().values() if isinstance(job, dict) for line in job.get("script", [])]
    return of_github + of_gitlab


@pytest.mark.parametrize("command", commands())
def test_every_command_exists(command: str) -> None:
    makefile = (HOME / "Makefile").read_text(encoding="utf-8")
    for line in re.split(r"\n|;", command):
        words = [word for word in line.split() if not re.match(r"[A-Z_]+=", word)]
        while words and words[0] in ("then", "if"):
            words = words[1:]
        if not words or words[0] in SHELL:
            continue
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE), line
        elif words[0] in ("python", "python3"):
            assert (HOME / "src" / f"{words[2].replace('.', '/')}.py").is_file(), line
        elif words[0].startswith("."):
            assert (HOME / words[0]).stat().st_mode & 0o111, line
        else:
            assert words[0] == "sed", line
            assert shutil.which("sed")


def test_make_review_runs_the_command_on_the_base() -> None:
    recipe = re.search(r"^review:.*\n((?:\t.*\n)+)", (HOME / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe
    assert recipe[1] == "\ttandem review $(BASE) $(PUSH)\n"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_use_githubs_own_actions_at_a_major_version(path: Path) -> None:
    used = [step["uses"] for step in steps(load(path)) if "uses" in step]
    assert used
    for action in used:
        assert re.fullmatch(r"actions/[a-z/-]+@v\d+", action), action
    versions: dict[str, set[str]] = {}
    for other in WORKFLOWS:
        for step in steps(load(other)):
            name, _, version = step.get("uses", "").partition("@")
            versions.setdefault(name.removesuffix("/restore"), set()).add(version)
    assert all(len(found) == 1 for found in versions.values()), versions


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_end_in_time_and_read_unless_they_say_more(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert "group" in workflow["concurrency"]
    assert "pull_request_target" not in workflow[True]  # `on` is true in YAML 1.1; that event hands secrets to forks
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 120
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            # What others choose (names of branches, titles) never becomes part of a script.
            assert "github." not in "".join(re.findall(r"\$\{\{.*?\}\}", step.get("run", "")))


def test_pull_request_workflow_writes_in_the_job_that_installs_nothing() -> None:
    workflow = load(HOME / ".github/workflows/pull-request.yaml")
    review, comment = workflow["jobs"]["review"], workflow["jobs"]["comment"]
    assert workflow["concurrency"]["cancel-in-progress"] is True
    assert "permissions" not in review
    assert comment["permissions"] == {"contents": "write", "pull-requests": "write"}
    assert not any("make" in step.get("run", "") or "setup-python" in step.get("uses", "") for step in comment["steps"])
    assert "head.repo.full_name == github.repository" in comment["if"]  # forks get a token that only reads
    assert "secrets." not in str(comment)
    assert comment["needs"] == "review"
    assert review["outputs"]["page"] == "${{ steps.upload.outputs.artifact-id }}"
    assert "upload" in [step.get("id") for step in review["steps"]]


def test_only_main_pushes_and_has_the_key_that_writes() -> None:
    for path in WORKFLOWS:
        content = path.read_text(encoding="utf-8")
        events = load(path)[True]
        assert ("DVC_CONFIG_WRITE" in content) == ("--push" in content) == (path.stem == "main")
        if "--push" in content:
            assert events == {"push": {"branches": ["main"]}}
    pushing = {name for name, job in gitlab().items() if "--push" in str(job)}
    assert pushing == {"main"}
    assert gitlab()["main"]["rules"] == [{"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"}]


def test_gitlab_example_is_whole() -> None:
    tree = gitlab()
    jobs = {name: job for name, job in tree.items() if name not in ("default", "variables")}
    assert set(jobs) == {"test", "review", "comment", "main"}
    assert all(job["script"] and job["rules"] and job["stage"] in ("build", ".post") for job in jobs.values())
    assert jobs["comment"]["needs"] == ["review"]
    assert jobs["review"]["artifacts"] == {"when": "always", "paths": ["review"]}
    assert tree["variables"]["GIT_DEPTH"] == 0


def test_document_names_what_is_there() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert {f"`{path.name}`" for path in WORKFLOWS} <= set(re.findall(r"`[a-z-]+\.yaml`", text))
    used = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    for secret in set(re.findall(r"secrets\.(\w+)", used)):
        assert f"`{secret}`" in text
    assert "/review/" in (HOME / ".gitignore").read_text(encoding="utf-8").splitlines()
