"""Twins: what decides them, what trains them anew, and that they are what text_only is."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tandem.corpora.schema import write_relations, write_samples
from tandem.files import sha256_of
from tandem.training import twin
from tandem.training.loop import TrainingData, train
from tandem.training.state import StateStore
from tandem.training.twin import train_twins, twin_params

STAGES = Path(__file__).resolve().parents[2] / "stages"
OUT = Path("data/twins/tiny")


class Killed(Exception):
    """Stands for SIGKILL between two trainings."""


@pytest.fixture
def rows(tmp_path, monkeypatch, tiny_corpus) -> list[Any]:
    """The working folder has a prepared corpus `tiny`: these rows."""
    monkeypatch.chdir(tmp_path)
    made = [*tiny_corpus("train", 24), *tiny_corpus("valid", 12), *tiny_corpus("test", 12)]
    write_samples(Path("data/prepared/tiny.parquet"), made)
    return made


@pytest.fixture
def fast(make_params) -> Callable[..., Any]:
    def make(**changes: Any) -> Any:
        return make_params(**{"train.epochs": 1, "seeds": [1, 2], **changes})

    return make


def weights(seed: int) -> dict[str, torch.Tensor]:
    return load_file(OUT / str(seed) / "model.safetensors")


def test_twin_of_a_further_seed_is_trained_alone(rows, fast) -> None:
    first = train_twins(fast(), "tiny", OUT)
    assert (sorted(first.trained), first.kept) == ([1, 2], [])
    before = weights(1)
    more = train_twins(fast(seeds=[3, 1]), "tiny", OUT)
    assert (sorted(more.trained), more.kept) == ([3], [1])
    assert sorted(path.name for path in OUT.iterdir()) == ["1", "3"]
    assert all(torch.equal(before[name], value) for name, value in weights(1).items())
    back = train_twins(fast(), "tiny", OUT)
    assert (back.trained, back.kept) == ({}, [1, 2])


@pytest.mark.parametrize(
    "changes",
    [
        {"fusion": "gated"},
        {"fusion": "text_only"},
        {"fusions.film.form": "plain"},
        {"vision.encoder": "caption"},
        {"relation.pooling": "span"},  # of no matter to entities
    ],
    ids=str,
)
def test_twin_depends_on_no_strategy_and_no_picture(rows, fast, changes) -> None:
    train_twins(fast(), "tiny", OUT)
    assert train_twins(fast(**changes), "tiny", OUT).kept == [1, 2]


@pytest.mark.parametrize(
    "changes",
    [{"train.epochs": 2}, {"text.dropout": 0.1}, {"head.kind": "mlp"}, {"decoder": "softmax"}],
    ids=str,
)
def test_twin_of_other_knobs_is_another(rows, fast, changes) -> None:
    train_twins(fast(), "tiny", OUT)
    assert sorted(train_twins(fast(**changes), "tiny", OUT).trained) == [1, 2]
    assert train_twins(fast(), "tiny", OUT).trained == {}


def test_twin_of_other_data_or_code_is_another(rows, fast, monkeypatch, tmp_path) -> None:
    train_twins(fast(), "tiny", OUT)
    write_samples(Path("data/prepared/tiny.parquet"), rows[1:])
    assert sorted(train_twins(fast(), "tiny", OUT).trained) == [1, 2]
    (tmp_path / "loop.py").write_text("changed = 1\n")
    monkeypatch.setattr(twin, "twin_code", lambda: [tmp_path / "loop.py"])
    assert sorted(train_twins(fast(), "tiny", OUT).trained) == [1, 2]


def test_twin_is_text_only_as_the_pipeline_trains_it(rows, fast, tiny_features, tmp_path) -> None:
    train_twins(fast(**{"fusion": "film", "train.epochs": 2}), "tiny", OUT)
    params = fast(**{"fusion": "text_only", "train.epochs": 2})
    data = TrainingData.open("tiny", params, tiny_features(rows))
    train(params, data, seed=2, out=tmp_path / "own", store=StateStore(tmp_path / "state"))
    own = load_file(tmp_path / "own/model.safetensors")
    assert own.keys() == weights(2).keys()
    assert all(torch.equal(own[name], value) for name, value in weights(2).items())


def test_twin_of_a_relation_model_is_one(fast, tiny_pairs, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    pairs = [*tiny_pairs("train", 24), *tiny_pairs("valid", 12)]
    write_relations(Path("data/prepared/tiny.parquet"), pairs, ["None", "/per/org/member_of", "/org/per/led_by"])
    corpora = {"tiny": {"format": "mnre", "task": "re"}}
    assert sorted(train_twins(fast(corpora=corpora), "tiny", OUT).trained) == [1, 2]
    assert train_twins(fast(corpora=corpora, decoder="softmax"), "tiny", OUT).trained == {}
    assert sorted(train_twins(fast(corpora=corpora, **{"relation.pooling": "span"}), "tiny", OUT).trained) == [1, 2]


def test_twin_goes_on_after_a_kill(rows, fast, monkeypatch) -> None:
    whole = train_twins(fast(**{"text.dropout": 0.2}), "tiny", Path("whole"))
    assert sorted(whole.trained) == [1, 2]
    expected = load_file("whole/2/model.safetensors")
    again = fast(**{"text.dropout": 0.2, "train.patience": 9})  # another key, the same training
    saves = []
    save = StateStore.save

    def die(store: StateStore, progress: Any, parts: Any) -> None:
        save(store, progress, parts)
        saves.append(store.folder)
        if len(saves) == 2:
            raise Killed

    monkeypatch.setattr(StateStore, "save", die)
    with pytest.raises(Killed):
        train_twins(again, "tiny", OUT)
    assert not OUT.exists()
    assert list(saves[1].iterdir())
    resumed = train_twins(again, "tiny", OUT)
    assert (sorted(resumed.trained), resumed.kept) == ([2], [1])
    assert len(saves) == 2  # its one epoch had been saved
    assert not saves[1].exists()
    assert all(torch.equal(expected[name], value) for name, value in weights(2).items())


def test_twin_params_are_those_of_the_run_but_for_pictures(fast) -> None:
    params = fast(**{"fusion": "gated", "vision.encoder": "caption", "text.dropout": 0.2, "fusions.film.form": "plain"})
    own = twin_params(params)
    assert (own.fusion, own.fusions, own.vision.encoder) == ("text_only", {}, "pixels")
    assert (own.text, own.head, own.train, own.seeds) == (params.text, params.head, params.train, params.seeds)


def test_twin_stage_feeds_evaluate(rows, fast, tiny_corpus, capsys) -> None:
    """From pictures to scores by the stages themselves: film learns what the colour of a picture tells."""

    def pictured(row: Any) -> Any:
        if row.image_id is None:
            return row
        path = Path(f"pictures/{row.image_id}.png")
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (32, 32), (220, 20, 20) if "-PER-" in row.image_id else (20, 20, 220)).save(path)
        return replace(row, image_path=str(path), image_hash=sha256_of(path))

    def stage(name: str, *arguments: Any) -> None:
        runpy.run_path(str(STAGES / f"{name}.py"))["main"](params, "tiny", *arguments)

    more = [*tiny_corpus("train", 60), *rows[24:]]
    write_samples(Path("data/prepared/tiny.parquet"), [pictured(row) for row in more])
    params = fast(**{"fusion": "concat", "train.epochs": 8, "vision.workers": 1})
    stage("extract")
    for seed in params.seeds:
        stage("train", seed)
    stage("evaluate")
    path = Path("metrics/evaluate/tiny.json")
    without = json.loads(path.read_text())
    assert "twin" not in without  # as in a study, which has no such stage
    assert "picture" in without
    stage("twin")
    assert "tiny seed 2 without pictures: validation span F1" in capsys.readouterr().out
    stage("evaluate")
    found = json.loads(path.read_text())
    assert set(found["twin"]) == {"f1", "delta", "low", "high", "p"}
    assert set(found["picture"]) == {"delta", "low", "high", "p", "changed", "helped", "harmed"}
    assert set(found["controls"]["noise_image"]) == {"f1", "delta"}
    assert found["twin"]["delta"] == pytest.approx(found["span"]["f1"] - found["twin"]["f1"])
    assert found["picture"]["delta"] == pytest.approx(found["controls"]["shuffled_image"]["delta"])
    assert set(found["std"]["twin"]) == {"f1", "delta"}
    assert found["span"]["f1"] > 0.8 > found["twin"]["f1"]
    assert {key: found[key] for key in without if key != "std"} == {
        key: without[key] for key in without if key != "std"
    }
    table = pq.read_table("data/predictions/tiny/1.parquet")
    assert table.schema.field("text_only").type == table.schema.field("predicted").type
    assert table.schema.field("noise_image").type == table.schema.field("predicted").type
    stage("twin")
    assert "tiny seed 2 without pictures: trained before" in capsys.readouterr().out
