"""The real pipeline under the real DVC, in a clone of its own, with small corpora."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

SMALL = {
    "- embedded_relations\n": "",  # has a test of its own: every corpus costs each of the others some stages
    "train: 2000": "train: 60",
    "valid: 250": "valid: 20",
    "test: 500": "test: 30",
    "epochs: 12": "epochs: 2",
    "- 1\n- 2\n- 3\n": "- 1\n",
}
BEFORE_TRAINING = ("generate", "link", "prepare", "explore", "extract")
CONTRACT = [
    *(
        f"{group}.{score}"
        for group in ("span", "span_strict", "per_type.PER")
        for score in ("precision", "recall", "f1")
    ),
    *("per_type.PER.support", "span_macro.f1", "span_weighted.f1"),
    *("token.accuracy", "token.weighted_f1", "token.macro_f1"),
    *("controls.shuffled_image.f1", "controls.no_image.f1", "controls.noise_image.f1", "std.span.f1"),
]

pytestmark = pytest.mark.pipeline


def kinds(stages: set[str]) -> set[str]:
    return {stage.partition("@")[0] for stage in stages}


@pytest.fixture(scope="module")
def project(clone):
    made = clone(SMALL, without=("studies/",))
    made.run("dvc", "repro")
    made.run("git", "add", "-A")
    made.run("git", "commit", "-qm", "run")
    return made


@pytest.fixture(autouse=True)
def restored(project) -> Iterator[None]:
    """Every test starts from what was committed."""
    yield
    project.run("git", "checkout", "-q", "--", ".")
    project.run("dvc", "checkout", "-f", "-q")


def test_dvc_repro_leaves_the_metrics_of_the_contract(project) -> None:
    for path in ("evaluate/embedded_social.json", "transfer/embedded_social-embedded_travel.json"):
        tree = project.metrics(path)
        for key in CONTRACT:
            value = tree
            for part in key.split("."):
                value = value[part]
            assert isinstance(value, int | float), key
    own = project.metrics("evaluate/embedded_social.json")
    assert set(own["twin"]) == {"f1", "delta", "low", "high", "p"}
    assert set(own["picture"]) >= {"delta", "low", "high", "p"}
    assert project.metrics("data/embedded_travel.json")["splits"]["train"]["sentences"] == 60
    assert (project.folder / "report/index.html").is_file()
    assert "span.f1" in project.run("dvc", "metrics", "show", "--md")


def test_dvc_repro_without_a_change_runs_nothing(project) -> None:
    assert project.changed() == {}
    assert "Data and pipelines are up to date" in project.run("dvc", "repro")


def test_dvc_plots_show_and_diff(project) -> None:
    """Every plot of the report, with nothing said of missing data or templates."""
    output = project.run("dvc", "plots", "show")
    assert re.search(r"file://.*index\.html", output)
    assert not re.search(r"(?i)warning|error|fail", output), output
    shown = json.loads(project.run("dvc", "plots", "show", "--json"))
    assert "errors" not in shown
    ours = {path.relative_to(project.folder).as_posix() for path in (project.folder / "plots").glob("*.csv")}
    assert ours <= set(shown["data"])
    drawn = {path for path, found in shown["data"].items() if any(one["content"] for one in found)}
    assert {f"plots/{name}.csv" for name in ("results", "per_type", "confusion", "learning", "transfer")} <= drawn
    project.edit("plots/results.csv", "embedded_social,span.f1,", "embedded_social,span.f1,0")
    output = project.run("dvc", "plots", "diff", "HEAD")
    assert re.search(r"file://.*index\.html", output)
    assert not re.search(r"(?i)warning|error|fail", output), output


def test_dvc_other_fusion_reruns_training_and_what_follows(project) -> None:
    ran = project.ran("dvc", "exp", "run", "-S", "fusion=gated", "-n", "gated")
    assert kinds(ran) == {"train", "evaluate", "transfer", "report"}
    diff = project.run("dvc", "metrics", "diff", "--md")
    assert "metrics/evaluate/embedded_social.json" in diff
    # Knobs of a strategy that is not chosen, and back to the first from the run cache.
    project.edit("params.yaml", "form: residual", "form: plain")
    assert project.changed() == {}
    project.edit("params.yaml", "form: plain", "form: residual")
    assert project.ran("dvc", "exp", "run", "-S", "fusion=film") == set()
    assert project.run("git", "diff", "--stat") == ""  # params.yaml is written as DVC writes it


def test_dvc_source_of_a_fusion_reruns_training_not_extraction(project) -> None:
    project.edit("src/tandem/fusion/film.py", '"""', '""" ')
    changed = kinds(set(project.changed()))
    project.edit("src/tandem/fusion/film.py", '""" ', '"""')
    assert {"train", "evaluate", "transfer"} <= changed
    assert not changed & {*BEFORE_TRAINING, "twin"}


def test_dvc_more_seeds_train_only_the_new_ones(project) -> None:
    ran = project.ran("dvc", "repro")
    assert ran == set()
    project.edit("params.yaml", "- 1\ndecoder", "- 1\n- 2\ndecoder")
    output = project.run("dvc", "repro")
    ran = set(re.findall(r"Running stage '([^']+)'", output))
    assert {stage for stage in ran if stage.startswith("train")} == {
        "train@embedded_social-2",
        "train@embedded_travel-2",
    }
    assert "twin@embedded_social" in ran
    assert "embedded_social seed 1 without pictures: trained before" in output
    assert "embedded_social seed 2 without pictures: validation" in output
    assert not kinds(ran) & set(BEFORE_TRAINING)
    assert project.metrics("evaluate/embedded_social.json")["seeds"] == 2


def test_dvc_relations_go_through_the_same_stages_and_knobs_rerun_what_follows_them(project) -> None:
    ran = project.ran("dvc", "exp", "run", "-S", "datasets=[embedded_social,embedded_relations]")
    assert {f"{stage}@embedded_relations" for stage in ("link", "prepare", "explore", "extract", "evaluate")} <= ran
    assert "train@embedded_relations-1" in ran
    assert "train@embedded_social-1" not in ran
    own = project.metrics("evaluate/embedded_relations.json")
    for part in (own["relation"], own["relation_macro"], own["std"]["relation"], own["controls"]["no_image"]):
        assert 0 <= part["f1"] <= 1
    assert own["task"] == "re"
    assert project.metrics("transfer/embedded_social-embedded_relations.json")["joint"]["support"] > 0
    assert "not_applicable" in project.metrics("transfer/embedded_relations-embedded_social.json")
    project.edit("params.yaml", "  types: none", "  types: names")
    project.run("dvc", "repro", "link")  # what the knob means to a corpus is written there
    decoding = project.changed()
    assert "evaluate@embedded_relations" in decoding
    assert not {"train@embedded_relations-1", "evaluate@embedded_social"} & set(decoding)
    project.edit("params.yaml", "  pooling: start", "  pooling: span")
    project.run("dvc", "repro", "link")
    assert "train@embedded_relations-1" in project.changed()
    assert "train@embedded_social-1" not in project.changed()


def test_dvc_misspelt_values_get_one_line(project) -> None:
    # DVC itself misses the knobs of an unknown strategy; any other value is refused by the first stage that reads it.
    output = project.run("dvc", "exp", "run", "-S", "fusion=flim", fails=True)
    assert "'fusions.flim' are missing" in output
    project.run("git", "checkout", "-q", "--", "params.yaml")  # a failed `dvc exp run` leaves its override there
    output = project.run("dvc", "exp", "run", "-S", "decoder=crff", fails=True)
    assert "error: params.yaml: decoder: Input should be 'crf' or 'softmax' (found 'crff')" in output
    assert "Traceback" not in output


def test_dvc_killed_training_goes_on_to_equal_results(project) -> None:
    project.edit("params.yaml", "epochs: 2", "epochs: 5")
    expected = project.run("dvc", "repro", "train@embedded_social-1")
    assert "epoch 5" in expected
    model = project.folder / "models/embedded_social/1/model.safetensors"
    weights = model.read_bytes()
    shutil.rmtree(project.folder / ".dvc/cache/runs")
    project.run("git", "checkout", "-q", "--", "dvc.lock", "plots")
    state = project.folder / "data/cache/train"
    log = project.folder / "killed.log"
    with log.open("w") as stream:
        command = ["dvc", "repro", "train@embedded_social-1"]
        process = subprocess.Popen(
            command,
            cwd=project.folder,
            env=project.environment,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
        deadline = time.monotonic() + 120
        while not list(state.glob("*/state.pt")) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert not model.exists()
    for lock in (project.folder / ".dvc/tmp").glob("*lock*"):
        lock.unlink()
    project.run("dvc", "repro", "train@embedded_social-1")
    assert model.read_bytes() == weights


def test_dvc_queue_runs_a_sweep_over_a_corpus_that_git_ignores(project) -> None:
    raw = project.folder / "data/raw/mine"
    shutil.copytree(project.folder / "data/embedded/embedded_social", raw)
    project.edit("params.yaml", "  merged:\n", "  mine:\n    format: twitter\n  merged:\n")
    project.run("git", "commit", "-qam", "mine")
    queued = ["dvc", "exp", "run", "--queue", "-S", "datasets=[mine]", "-S", "train.epochs=1"]
    project.run(*queued, "-S", "fusion=text_only,concat")
    status = project.run_queue()
    assert len(re.findall("Success", status)) == 2, status
    shown = project.run("dvc", "exp", "show", "--csv", "--no-pager")
    assert "text_only" in shown
    assert "concat" in shown
