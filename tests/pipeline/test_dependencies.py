"""Each stage's deps in dvc.yaml are the modules that it really uses: no more, no less."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
import yaml

from tandem.params.vision import TRAINABLE_FAMILIES
from tandem.sources import imports as imported
from tandem.training.twin import twin_code
from tandem.vision.registry import trained_sources

HOME = Path(__file__).resolve().parents[2]
SOURCE = HOME / "src"
MAIN = yaml.safe_load((HOME / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
PROMPTED = yaml.safe_load((HOME / "studies/prompted/dvc.yaml").read_text(encoding="utf-8"))["stages"]
STAGES = MAIN | PROMPTED
# What params.py reads is tracked value by value under `params:`.
EXEMPT = "src/tandem/params"
# What a picture encoder that trains consists of is hashed by extract into features.json, which the stages that use it
# depend on: so that editing an encoder never retrains a model that reads features, if these come out equal.
HASHED_BY_EXTRACT = SOURCE / "tandem/models/vision.py"
REGISTRY = SOURCE / "tandem/fusion/__init__.py"
# The one strategy of a stage, out of those that the registry names.
STRATEGY = {"twin": "text_only"}
HASHED = (SOURCE / "tandem/vision/augment.py", SOURCE / "tandem/vision/registry.py")


def imports(file: Path) -> frozenset[Path]:
    """The package's files that a file imports, without what extract hashes."""
    return imported(file, SOURCE) - (frozenset(HASHED) if file == HASHED_BY_EXTRACT else frozenset())


def used_by(*scripts: Path) -> set[str]:
    """Every file that stage scripts reach, relative to the project, but for parameters and empty packages."""
    only = STRATEGY.get(scripts[0].stem)
    reached: set[Path] = set()
    frontier = list(scripts)
    while frontier:
        file = frontier.pop()
        if file in reached or EXEMPT in file.as_posix():
            continue
        reached.add(file)
        named = imports(file)
        if only and file == REGISTRY:
            named = {path for path in named if path.parent != REGISTRY.parent or path.stem in ("base", only)}
        frontier.extend(named)
    body = {file: ast.parse(file.read_text(encoding="utf-8")).body for file in reached}
    return {
        file.relative_to(HOME).as_posix()
        for file in reached
        if file.name != "__init__.py" or any(not isinstance(node, ast.Expr) for node in body[file])
    }


def code_deps(stage: str) -> list[str]:
    return [dep for dep in STAGES[stage]["deps"] if dep.startswith(("src/", "stages/"))]


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_dependencies_cover_all_that_a_stage_uses(stage: str) -> None:
    deps = code_deps(stage)
    script = HOME / next(dep for dep in deps if dep.startswith("stages/"))
    assert f"python {script.relative_to(HOME)}" in STAGES[stage]["cmd"]
    missing = [f for f in used_by(script) if not any(f == dep or f.startswith(f"{dep}/") for dep in deps)]
    assert missing == []


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_dependencies_name_nothing_that_a_stage_does_not_use(stage: str) -> None:
    deps = code_deps(stage)
    used = used_by(HOME / deps[0])
    idle = [dep for dep in deps if not any(f == dep or f.startswith(f"{dep}/") for f in used)]
    assert idle == []


def test_dependencies_keep_extraction_apart_from_models() -> None:
    for stage in ("generate", "link", "prepare", "explore", "extract"):
        assert not [dep for dep in code_deps(stage) if "/fusion" in dep or "/models" in dep or "/training" in dep]
        assert "fusion" not in STAGES[stage].get("params", [])


def test_dependencies_keep_twins_apart_from_pictures_and_other_strategies() -> None:
    stage = STAGES["twin"]
    assert {Path(dep).stem for dep in stage["deps"] if "/fusion" in dep} == {"__init__", "base", "text_only"}
    assert "data/features" not in " ".join(stage["deps"])
    assert stage["params"] == ["seeds", "text", "head", "train"]  # decoder and relation by task.json


def test_dependencies_of_twins_are_what_their_names_stand_for() -> None:
    """A finished twin is taken again only if nothing has changed that would have the stage run."""
    code = {file.relative_to(HOME).as_posix() for file in twin_code()}
    assert used_by(HOME / "stages/twin.py") - {"stages/twin.py", "src/tandem/stage.py"} <= code
    assert {Path(file).stem for file in code if "/fusion/" in file} == {"__init__", "base", "text_only"}


@pytest.mark.parametrize("family", TRAINABLE_FAMILIES)
def test_dependencies_of_an_encoder_that_trains_are_hashed_or_deps(family: str) -> None:
    others = {file for other in TRAINABLE_FAMILIES if other != family for file in trained_sources(other)}
    idle = {*others, *(SOURCE / f"tandem/vision/{name}.py" for name in ("pixels", "caption", "raw"))}
    hashed = {file.relative_to(HOME).as_posix() for file in trained_sources(family)}
    used = used_by(*HASHED) - {file.relative_to(HOME).as_posix() for file in idle} | hashed
    for stage in ("train", "evaluate", "transfer"):
        deps = code_deps(stage)
        assert {f for f in used if not any(f == dep or f.startswith(f"{dep}/") for dep in deps)} <= hashed
        assert "data/features" in " ".join(STAGES[stage]["deps"])


def test_dependencies_keep_the_prompted_model_out_of_the_pipeline() -> None:
    """A plain `dvc repro` asks no server, and editing a model asks nothing again."""
    for stage in MAIN:
        assert "prompted" not in json.dumps(MAIN[stage])
        assert not [file for file in used_by(HOME / code_deps(stage)[0]) if "prompted" in file]
    own = code_deps("prompt")
    assert not [dep for dep in own if "/fusion" in dep or "/training" in dep or "/tasks" in dep]
    assert [dep for dep in own if "/models" in dep] == ["src/tandem/models/predictions.py"]
