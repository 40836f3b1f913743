"""params.yaml: every knob known, ranged, and refused with one line that helps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tandem.fusion import STRATEGIES
from tandem.params import ParamsError, load_params, parse_params
from tandem.params.fusions import FUSION_PARAMS

HOME = Path(__file__).resolve().parents[2]


def tree(**changes: Any) -> dict[str, Any]:
    return yaml.safe_load((HOME / "params.yaml").read_text(encoding="utf-8")) | changes


def corpora(*names: str) -> dict[str, Any]:
    return {"corpora": {name: {"format": "twitter"} for name in names}, "datasets": list(names)}


def leaves(value: Any, prefix: str = "") -> dict[str, Any]:
    """Every leaf of a tree by its dotted path; corpora are free-form and stay out."""
    if not isinstance(value, dict) or not value:
        return {prefix: value}
    found = {}
    for key, inner in value.items():
        if prefix or key != "corpora":
            found |= leaves(inner, f"{prefix}.{key}" if prefix else str(key))
    return found


def test_params_file_spells_out_every_knob() -> None:
    params = load_params(HOME / "params.yaml")
    known = leaves(params.model_dump(mode="json", exclude={"fusions"}))
    for name, model in FUSION_PARAMS.items():
        known |= leaves(model().model_dump(mode="json"), f"fusions.{name}")
    assert set(leaves(tree())) == set(known)


def test_params_defaults_are_those_of_the_file() -> None:
    """A knob left out means what the file says, so that a shorter params.yaml changes nothing."""
    needed = {key: tree()[key] for key in ("fusion", "datasets", "seeds", "corpora")}
    assert parse_params(needed).model_dump(exclude={"fusions"}) == parse_params(tree()).model_dump(exclude={"fusions"})
    for name in STRATEGIES:
        assert parse_params(tree(fusion=name)).fusion_knobs == FUSION_PARAMS[name]()


def test_params_every_strategy_has_knobs() -> None:
    assert set(FUSION_PARAMS) == set(STRATEGIES)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fusion": "flim"}, "fusion: unknown fusion 'flim'; did you mean 'film'?"),
        ({"fusions": {"gatd": {}}}, "unknown fusion 'gatd'; did you mean 'gated'?"),
        ({"datasets": ["twiter2015"]}, "'twiter2015' has no entry under corpora; did you mean 'twitter2015'?"),
        ({"datasets": []}, "datasets"),
        ({"seeds": [1, 1]}, "seeds: values must be distinct"),
        ({"seeds": [-1]}, "seeds must lie between 0 and"),
        ({"decoder": "crff"}, "decoder: Input should be 'crf' or 'softmax' (found 'crff')"),
        ({"train": {"learning_rat": 1}}, "train.learning_rat: unknown key"),
        ({"train": {"epochs": 0}}, "train.epochs: Input should be greater than or equal to 1 (found 0)"),
        ({"text": {"max_length": 16, "overlap": 9}}, "text.overlap 9 must be at most half of text.max_length 16"),
        ({"vision": {"encoder": "pixel"}}, "did you mean 'pixels'?"),
        ({"fusions": {"film": {"form": "x"}}}, "film.form: Input should be 'residual' or 'plain' (found 'x')"),
        (
            {"prompted": {"endpoint": "localhost:8000"}},
            "prompted.endpoint: must be an address like http://127.0.0.1:8000",
        ),
        ({"prompted": {"endpoint": "http:///v1"}}, "prompted.endpoint: must be an address like"),
        ({"prompted": {"endpoint": "http://a:b@c/v1"}}, "a key goes into TANDEM_API_KEY"),
        ({"prompted": {"endpoint": "http://c/v1?key=b"}}, "must have no user, password, query or fragment"),
        ({"prompted": {"endpoint": "http://c:99999/v1"}}, "prompted.endpoint: Port out of range 0-65535"),
        ({"prompted": {"structure": "xml"}}, "prompted.structure: Input should be 'json_schema', 'json_object' or"),
        ({"prompted": {"max_cost": 1}}, "prompted: max_cost needs price_in or price_out"),
        ({"prompted": {"api_key": "x"}}, "prompted.api_key: unknown key"),
        ({"colour": 1}, "colour: unknown key"),
        (corpora("a b"), "corpora: 'a b' must be letters, digits, '_', '-' or '.'"),
        (corpora("a/b"), "corpora: 'a/b' must be letters, digits"),
        (corpora(""), "corpora: '' must be letters, digits"),
        (corpora(".a"), "corpora: '.a' must be letters, digits"),
        (corpora(".."), "corpora: '..' must be letters, digits"),
        (corpora("-a"), "corpora: '-a' must be letters, digits"),
        (corpora("a.images"), "corpora: 'a.images' must not end in .images, .captions, .json"),
        (corpora("a.captions"), "corpora: 'a.captions' must not end in"),
        (corpora("a.json"), "corpora: 'a.json' must not end in"),
        (
            corpora("a", "a-b", "b-c", "c"),
            "datasets: the transfers 'a' to 'b-c' and 'a-b' to 'c' would both be named 'a-b-c'; rename one",
        ),
        (corpora("a", "a-a"), "would both be named 'a-a-a'"),
        ({"corpora": {"a": {"format": "conll"}}, "datasets": ["a"]}, "corpora.a"),
        (
            {"corpora": {"m": {"format": "merged", "parts": ["x", "y"]}}, "datasets": ["m"]},
            "corpora.m.parts: 'x' is not a corpus with files of its own",
        ),
    ],
)
def test_params_refuse_with_the_key_and_a_remedy(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError) as caught:
        parse_params(tree(**changes))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "names", [["a-b"], ["wnut-17", "twitter-2015", "v1.0_x"], ["a", "a-b", "b-c"], ["a_b", "b.imagesets", "2"]]
)
def test_params_accept_names_whose_files_stay_apart(names: list[str]) -> None:
    assert parse_params(tree(**corpora(*names))).datasets == names


def test_params_compare_only_the_transfers_of_datasets() -> None:
    """Entries that no run uses may have any names."""
    changes = corpora("a", "a-b", "b-c", "c") | {"datasets": ["a", "a-b", "b-c"]}
    assert parse_params(tree(**changes)).datasets == ["a", "a-b", "b-c"]


def test_params_refuse_broken_files(tmp_path) -> None:
    with pytest.raises(ParamsError, match="not found; run from the project's root"):
        load_params(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("a: [1\n")
    with pytest.raises(ParamsError, match="not valid YAML"):
        load_params(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("- 1\n")
    with pytest.raises(ParamsError, match="expected keys and values, found list"):
        load_params(tmp_path / "params.yaml")


def test_params_corpus_names_the_nearest() -> None:
    with pytest.raises(ParamsError, match="unknown corpus 'twitter2016'; did you mean 'twitter201"):
        load_params(HOME / "params.yaml").corpus("twitter2016")


def test_params_merged_corpora_have_the_task_of_their_parts() -> None:
    def merged(**parts: dict) -> str:
        corpora = {**parts, "both": {"format": "merged", "parts": list(parts)}}
        values = {"fusion": "film", "datasets": ["both"], "seeds": [1], "corpora": corpora}
        return parse_params(values).corpus("both").task

    assert merged(a={"format": "mnre"}, b={"format": "mnre"}) == "re"
    assert merged(a={"format": "twitter"}, b={"format": "twitter"}) == "ner"
    with pytest.raises(ParamsError, match="task re, but its part 'b' is of task ner"):
        merged(a={"format": "mnre"}, b={"format": "twitter"})
