"""A study under the real DVC: what runs, what does not run again, and from the queue."""

from __future__ import annotations

import pytest
import yaml

SMALL = {"train: 2000": "train: 40", "valid: 250": "valid: 16", "test: 500": "test: 16", "epochs: 12": "epochs: 1"}
STUDY = {
    "corpora": ["embedded_social"],
    "seeds": [1],
    "systems": ["text_only"],
    "overlays": {"published": {}, "minilm": {}, "mpnet": {}},
}

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def project(clone):
    made = clone(SMALL)
    change(made, **STUDY)
    made.run("git", "commit", "-qam", "small")
    return made


def change(project, **values) -> None:
    path = project.folder / "studies/fusion/params.yaml"
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(tree | values, sort_keys=False), encoding="utf-8")


def ran(project, *command: str) -> set[str]:
    """The stages of studies that ran, without the name of their file."""
    return {stage.partition(":")[2] for stage in project.ran(*command) if ":" in stage}


def test_studies_run_what_they_need_then_only_what_is_new(project) -> None:
    first = ran(project, "dvc", "repro", "studies/fusion/dvc.yaml")
    corpus = {"link@embedded_social", "prepare@embedded_social"}
    one = {"resolve@text_only", "train@text_only-embedded_social-1", "evaluate@text_only-embedded_social"}
    assert first == corpus | one | {"table"}
    assert "| text_only |" in (project.folder / "studies/fusion/table.md").read_text(encoding="utf-8")

    assert ran(project, "dvc", "repro", "studies/fusion/dvc.yaml") == set()
    change(project, systems=["concat", "text_only"])
    added = {"resolve@concat", "train@concat-embedded_social-1", "evaluate@concat-embedded_social", "table"}
    assert ran(project, "dvc", "repro", "studies/fusion/dvc.yaml") == added
    page = (project.folder / "studies/fusion/table.md").read_text(encoding="utf-8")
    assert "above text_only" in page

    # The source of one strategy, a knob of one strategy: the other is left alone.
    project.edit("src/tandem/fusion/concat.py", '"""', '""" ')
    again = ran(project, "dvc", "repro", "studies/fusion/dvc.yaml")
    assert "train@concat-embedded_social-1" in again
    assert "train@text_only-embedded_social-1" not in again
    # What has been encoded and put together for one system serves the others.
    assert len(list(project.folder.glob("data/cache/studies/*/embedded_social-*/regions.pt"))) == 1
    # The main pipeline knows nothing of it.
    assert "studies" not in project.run("dvc", "metrics", "show", "--md")


def test_studies_run_from_the_queue(project) -> None:
    project.run("git", "add", "-A")
    project.run("git", "commit", "-qm", "run")
    systems = "studies/fusion/params.yaml:systems=[add]"
    project.run("dvc", "exp", "run", "--queue", "studies/fusion/dvc.yaml", "-S", systems, "-n", "queued")
    status = project.run_queue()
    assert "Success" in status, project.run("dvc", "queue", "logs", "queued")
    # Applying it would bring back all that DVC keeps for the project, and here the main pipeline has never been run.
    reference = project.run("git", "for-each-ref", "--format=%(refname)", "refs/exps/*/*/queued").strip()
    page = project.run("git", "show", f"{reference}:studies/fusion/table.md")
    assert "| add |" in page
