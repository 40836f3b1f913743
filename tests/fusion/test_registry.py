"""The registry: names, suggestions, and that only the chosen strategy is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import ValidationError

import tandem
from tandem.fusion import STRATEGIES, Fusion, build_fusion, strategy
from tandem.params.fusions import FUSION_PARAMS


def test_registry_has_knobs_for_every_strategy() -> None:
    assert list(STRATEGIES) == list(FUSION_PARAMS)


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_registry_targets_are_fusions_that_take_their_knobs(name: str) -> None:
    module, _, attribute = STRATEGIES[name].partition(":")
    assert strategy(name) is getattr(import_module(module), attribute)
    fusion = build_fusion(name, knobs=FUSION_PARAMS[name](), text_dim=16, pooled_dim=3, region_dim=4, classes=7)
    assert isinstance(fusion, Fusion)
    assert fusion.out_dim >= 1
    assert (fusion.out_dim == 7) is fusion.predicts


def test_registry_suggests_the_nearest_name() -> None:
    with pytest.raises(ValueError, match=r"unknown fusion 'cross_atention'; did you mean 'cross_attention'\?.*film"):
        strategy("cross_atention")


def test_registry_rejects_widths_below_one() -> None:
    with pytest.raises(ValueError, match="pooled width must be at least 1, found 0"):
        build_fusion("film", knobs=FUSION_PARAMS["film"](), text_dim=16, pooled_dim=0, region_dim=4, classes=7)


def test_registry_imports_only_what_is_chosen() -> None:
    code = (
        "import sys; from tandem.fusion import strategy; strategy('film');"
        "print(*[n for n in sys.modules if n.startswith('tandem.fusion.')])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_environment()
    )
    assert loaded.stdout.split() == ["tandem.fusion.base", "tandem.fusion.film"]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(tandem.__file__).parents[1])}


@pytest.mark.parametrize(
    ("name", "knobs"),
    [
        ("film", {"form": "other"}),
        ("film", {"colour": 1}),
        ("bimodal", {"alpha": 1.0}),
        ("attention", {"hidden": 0}),
        ("cross_attention", {"dropout": 1.0}),
        ("text_only", {"dropout": 0.1}),
        ("guided_attention", {"scale": "sometimes"}),
        ("bilinear", {"rank": 0}),
        ("hybrid", {"dim": 0}),
        ("partial_prediction", {"share": 0.0}),
        ("caption_prefix", {"max_words": 0}),
        ("joint", {"dropout": 0.1}),
    ],
)
def test_registry_knobs_reject_what_they_do_not_know(name: str, knobs: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FUSION_PARAMS[name](**knobs)


@pytest.mark.parametrize("name", list(FUSION_PARAMS))
def test_registry_knobs_are_described_and_frozen(name: str) -> None:
    model = FUSION_PARAMS[name]
    assert all(field.description and not field.is_required() for field in model.model_fields.values())
    assert model.model_config["frozen"]
    assert model.model_config["extra"] == "forbid"
