"""params.yaml of a study: what it may say, and which parameters a system gets."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tandem.params import HeadParams, ParamsError, TandemParams, parse_params
from tandem.studies.spec import Study, complete, model_tree, project_tree, read_study

HOME = Path(__file__).resolve().parents[2]
STUDIES = sorted(
    path.parent for path in HOME.glob("studies/*/dvc.yaml") if path.parent.name not in ("corpora", "prompted")
)
SMALL = {
    "title": "Two",
    "corpora": ["twitter2015"],
    "seeds": [1, 2],
    "systems": ["plain", "tuned"],
    "baseline": "plain",
    "weights": "small",
    "overlays": {"published": {}, "small": {"text": {"dropout": 0.2}, "train": {"epochs": 2}}},
    "settings": {
        "plain": {"set": {"fusion": "text_only", "text": {"dropout": 0.5}}},
        "tuned": {"set": {"fusion": "film"}, "weights": {"small": {"train": {"epochs": 3}}}},
    },
}


def test_spec_lays_overlays_over_the_project_in_order() -> None:
    study = Study.model_validate(SMALL)
    plain, tuned = (study.parameters(name, HOME) for name in study.systems)
    assert (plain.fusion, plain.text.dropout, plain.train.epochs) == ("text_only", 0.2, 2)
    assert (tuned.fusion, tuned.train.epochs) == ("film", 3)
    assert tuned.train.batch_size == parse_params(project_tree(HOME)).train.batch_size
    assert (tuned.datasets, tuned.seeds) == (["twitter2015"], [1, 2])
    assert (tuned.decoder, tuned.head) == (TandemParams.model_fields["decoder"].default, HeadParams())
    published = Study.model_validate(SMALL | {"weights": "published"}).parameters("plain", HOME)
    assert published.text.dropout == 0.5


def test_spec_does_not_depend_on_what_another_run_left_in_the_project(tmp_path) -> None:
    study = Study.model_validate(SMALL)
    tree = project_tree(HOME)
    left = {"text": {**tree["text"], "normalise": "bertweet"}, "vision": {**tree["vision"], "encoder": "raw"}}
    fusions = {**tree["fusions"], "film": {"form": "plain"}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(tree | left | {"fusions": fusions, "fusion": "gated"}))
    assert model_tree(study.parameters("tuned", tmp_path)) == model_tree(study.parameters("tuned", HOME))


def test_spec_a_system_without_recipe_and_fusion_is_refused() -> None:
    study = Study.model_validate(SMALL | {"settings": {**SMALL["settings"], "tuned": {}}})
    with pytest.raises(ParamsError, match="system tuned: names neither a recipe nor a fusion"):
        study.parameters("tuned", HOME)


def test_spec_model_tree_holds_what_decides_a_model_and_nothing_of_machine_or_corpora() -> None:
    study = Study.model_validate(SMALL)
    tree = model_tree(study.parameters("tuned", HOME))
    assert set(tree["fusions"]) == {"film"}
    assert not {"threads", "device", "resume"} & set(tree["train"])
    assert "workers" not in tree["vision"]
    assert not {"corpora", "datasets", "seeds", "embedded"} & set(tree)
    more = Study.model_validate(SMALL | {"seeds": [1, 2, 3], "corpora": ["twitter2015", "twitter2017"]})
    assert model_tree(more.parameters("tuned", HOME)) == tree
    whole = parse_params(complete(tree, more, HOME))
    assert (whole.seeds, whole.datasets) == ([1, 2, 3], ["twitter2015", "twitter2017"])
    assert model_tree(whole) == tree


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weights": "smal"}, "weights 'smal' is not under overlays; did you mean 'small'"),
        ({"systems": ["tunned"]}, "system 'tunned' has no entry under settings; did you mean 'tuned'"),
        ({"baseline": "none"}, "system 'none' has no entry"),
        ({"systems": ["plain", "plain"]}, "systems: 'plain' stands there twice"),
        ({"seeds": [1, 1]}, "seeds: 1 stands there twice"),
        ({"settings": {"plain": {}, "FiLM (ours)": {}}, "systems": ["plain"]}, "'FiLM (ours)' cannot name a system"),
        ({"settings": {"plain": {}, "prompted": {}}, "systems": ["plain"]}, "'prompted' cannot name a system"),
        ({"seed": [1]}, "seed: unknown key"),
        ({"corpora": []}, "corpora"),
        ({"settings": {**SMALL["settings"], "tuned": {"weights": {"big": {}}}}}, "settings.tuned.weights: 'big'"),
    ],
)
def test_spec_errors_are_one_line_that_names_file_and_key(tmp_path, change, said) -> None:
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(SMALL | change))
    with pytest.raises(ParamsError) as caught:
        read_study(tmp_path)
    assert said in str(caught.value)
    assert str(tmp_path / "params.yaml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_spec_bad_parameters_of_a_system_name_it() -> None:
    study = Study.model_validate(SMALL | {"settings": {**SMALL["settings"], "tuned": {"set": {"fusion": "flim"}}}})
    with pytest.raises(ParamsError, match=r"system tuned: fusion: unknown fusion 'flim'; did you mean 'film'"):
        study.parameters("tuned", HOME)
    with pytest.raises(ParamsError, match="unknown system 'plane'; did you mean 'plain'"):
        study.parameters("plane", HOME)


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_spec_of_every_study_holds_for_all_systems_and_weights(folder) -> None:
    study = read_study(folder)
    for weights in study.overlays:
        chosen = study.model_copy(update={"weights": weights})
        trees = {name: model_tree(chosen.parameters(name, HOME)) for name in study.settings}
        assert all(tree["train"]["epochs"] >= 1 for tree in trees.values())
    names = yaml.safe_load((HOME / "studies/corpora/params.yaml").read_text())["names"]
    assert set(study.corpora) <= set(names)


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_spec_pipelines_of_all_studies_are_the_same_but_for_transfers(folder) -> None:
    """DVC has no includes: what is written once for each study is held together here."""
    first, own = (
        yaml.safe_load((place / "dvc.yaml").read_text())["stages"] for place in (HOME / "studies/fusion", folder)
    )
    transfer = own.pop("transfer", None)
    if transfer is not None:
        own["table"]["deps"].remove("transfer")
    assert own == first
    assert (transfer is not None) == (folder.name == "transfer")
