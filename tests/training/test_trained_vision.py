"""Augmented views and image encoders that train, from pictures on disk to predictions."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tandem.corpora.labels import label_set
from tandem.evaluation.controls import CONTROLS
from tandem.inference.corpus import predict_corpus
from tandem.inference.held_out import HeldOut
from tandem.inference.runner import Runner
from tandem.models.build import PictureDims, build_model, load_model
from tandem.tasks import NER, RE
from tandem.training.loop import TrainingData, train
from tandem.training.optimizer import build_optimizer
from tandem.training.state import StateStore
from tandem.vision.cache import FeatureCache
from tandem.vision.extract import extract

SIZES = {"train": 40, "valid": 20, "test": 20}
SMALL = {"vision.encoder": "timm/test_efficientnet", "vision.weights": "none", "vision.image_size": 32}


class Killed(Exception):
    """Stands for SIGKILL between two epochs."""


def draw(kind: str, seed: int) -> Image.Image:
    """Noise, reddish for one type and bluish for the other."""
    pixels = np.random.default_rng(seed).integers(0, 120, (40, 44, 3), dtype=np.uint8)
    pixels[..., 0 if kind == "PER" else 2] += 120
    return Image.fromarray(pixels)


@pytest.fixture
def corpus(tiny_corpus, tmp_path) -> dict[str, list[Any]]:
    """Rows by split, their pictures saved; one file is broken."""
    folder = tmp_path / "images"
    folder.mkdir()
    splits: dict[str, list[Any]] = {}
    for split, size in SIZES.items():
        rows = []
        for number, sample in enumerate(tiny_corpus(split, size)):
            if sample.image_id is None:
                rows.append(sample)
                continue
            path = folder / f"{sample.image_id}.png"
            draw(sample.image_id.split("-")[1], 1000 * len(splits) + number).save(path)
            if (split, number) == ("train", 1):
                path.write_bytes(b"broken")
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            rows.append(replace(sample, image_path=str(path), image_hash=digest))
        splits[split] = rows
    return splits


def extracted(splits: dict[str, list[Any]], params: Any, root: Path, name: str) -> FeatureCache:
    rows = [row for split in splits.values() for row in split if row.image_id]
    columns = ["image_id", "image_path", "image_hash", "caption"]
    table = pd.DataFrame([[getattr(row, column) for column in columns] for row in rows], columns=columns)
    train_ids = {row.image_id for row in splits["train"] if row.image_id}
    counts = extract(table, root / name, params.vision, root / "store", train_ids)["counts"]
    assert counts["broken"] == 1
    return FeatureCache.open(root / name)


def fit(params: Any, splits: dict[str, list[Any]], features: FeatureCache, out: Path, report: Any = None) -> Any:
    labels = label_set(["LOC", "PER"])
    data = TrainingData(
        corpus="tiny", task=NER, labels=labels, train=splits["train"], valid=splits["valid"], features=features
    )
    store = StateStore(out.with_name(f"state-{out.name}"))
    about = train(params, data, seed=1, out=out, store=store, report=report)
    return about, load_file(out / "model.safetensors")


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("settings", [{"vision.train": True}, {"vision.views": 2}])
def test_trained_vision_from_pictures_to_predictions(make_params, corpus, tmp_path, settings) -> None:
    resnet = {"vision.encoder": "torchvision/resnet18", "vision.weights": "none", "vision.image_size": 32}
    params = make_params(fusion="cross_attention", **resnet, **settings, **{"train.epochs": 1})
    features = extracted(corpus, params, tmp_path, "features")
    about, tensors = fit(params, corpus, features, tmp_path / "model")
    assert about["epochs"] == 1
    trained = load_model(tmp_path / "model")
    trains = "vision.train" in settings
    assert ("vision.encoder.model.conv1.weight" in tensors) == trains
    assert (trained.dims.pooled, trained.dims.regions) == (512, 512)
    assert features.region_dim == (96 if trains else 512)
    held_out = HeldOut("tiny", NER, corpus["test"], features)
    predictions, _ = predict_corpus(tmp_path / "model", held_out, params, seed=1)
    assert set(predictions) == {"predicted", *CONTROLS}
    for tags in predictions.values():
        assert [len(row) for row in tags] == [len(sample.words) for sample in corpus["test"]]
    assert predict_corpus(tmp_path / "model", held_out, params, seed=1)[0] == predictions


def test_trained_vision_learns_what_only_pictures_tell(make_params, corpus, tmp_path) -> None:
    settings = {"vision.train": True, "train.epochs": 12, "train.vision_learning_rate": 1e-3}
    params = make_params(fusion="concat", **SMALL, **settings)
    features = extracted(corpus, params, tmp_path, "features")
    about, _ = fit(params, corpus, features, tmp_path / "model")
    assert about["valid"]["span_f1"] > 0.9
    held_out = HeldOut("tiny", NER, corpus["test"], features)
    predictions, _ = predict_corpus(tmp_path / "model", held_out, params, seed=1)
    gold = NER.gold(corpus["test"])
    right = {name: NER.score(gold, tags)["span"]["f1"] for name, tags in predictions.items()}
    assert right["predicted"] > 0.9 > right["shuffled_image"]
    assert right["predicted"] > right["no_image"]


@pytest.mark.parametrize("settings", [{"vision.train": True}, {"vision.views": 3}])
def test_trained_vision_goes_on_after_a_kill_to_the_same_weights(make_params, corpus, tmp_path, settings) -> None:
    params = make_params(fusion="film", **SMALL, **settings, **{"train.epochs": 3})
    features = extracted(corpus, params, tmp_path, "features")
    rows: list[Any] = []
    about, whole = fit(params, corpus, features, tmp_path / "whole", rows.append)

    def die(row: dict[str, float]) -> None:
        raise Killed

    with pytest.raises(Killed):
        fit(params, corpus, features, tmp_path / "torn", die)
    again: list[Any] = []
    resumed, torn = fit(params, corpus, features, tmp_path / "torn", again.append)
    assert same(whole, torn)
    assert (again, resumed) == (rows, about)


def test_trained_vision_views_change_training_and_nothing_else(make_params, corpus, tmp_path, monkeypatch) -> None:
    asked: list[tuple[bool, Any]] = []
    gather = FeatureCache.gather

    def spy(self: FeatureCache, image_ids: Any, *, with_regions: bool, views: Any = None) -> Any:
        split = next((image_id for image_id in image_ids if image_id), "train").split("-")[0]
        asked.append((split == "train", views))
        return gather(self, image_ids, with_regions=with_regions, views=views)

    monkeypatch.setattr(FeatureCache, "gather", spy)
    weights = {}
    for views in (0, 3):
        params = make_params(fusion="concat", **{"vision.views": views})
        features = extracted(corpus, params, tmp_path, f"features-{views}")
        asked.clear()
        _, weights[views] = fit(params, corpus, features, tmp_path / f"model-{views}")
        drawn = [views for training, views in asked if training]
        assert drawn
        assert all(views is None for training, views in asked if not training)
        if views:
            assert {int(view) for batch in drawn for view in batch} == {0, 1, 2, 3}  # the plain one is among them
        else:
            assert all(batch is None for batch in drawn)
    assert not same(weights[0], weights[3])
    text = make_params(fusion="text_only")
    plain, viewed = (FeatureCache.open(tmp_path / f"features-{views}") for views in (0, 3))
    assert same(
        fit(text, corpus, plain, tmp_path / "text-plain")[1], fit(text, corpus, viewed, tmp_path / "text-viewed")[1]
    )


def test_trained_vision_of_relations(make_params, tiny_pairs, tiny_pictures, tmp_path) -> None:
    training, validation = tiny_pairs("train", 24), tiny_pairs("valid", 10)
    features = tiny_pictures(training + validation)
    labels = ["None", "/org/per/led_by", "/per/org/member_of"]
    data = TrainingData(corpus="tiny", task=RE, labels=labels, train=training, valid=validation, features=features)
    params = make_params(fusion="partial_prediction", **SMALL, **{"vision.train": True, "train.epochs": 1})
    train(params, data, seed=1, out=tmp_path / "model", store=StateStore(tmp_path / "state"))
    runner = Runner(tmp_path / "model", HeldOut("tiny", RE, validation, features), params)
    said = runner.predict(validation, {"predicted": runner.pictures_of(validation)})["predicted"]
    assert set(said) <= set(labels)


def test_trained_vision_refuses_pictures_of_another_size(make_params, tiny_corpus, tiny_pictures, tmp_path) -> None:
    samples = tiny_corpus("train", 8)
    params = make_params(fusion="film", **SMALL, **{"vision.train": True, "train.epochs": 1})
    splits = {"train": samples, "valid": samples}
    fit(params, splits, tiny_pictures(samples), tmp_path / "model")
    held_out = HeldOut("tiny", NER, samples, tiny_pictures(samples, 48))
    with pytest.raises(ValueError, match=r"features of 3/144 numbers .* trained on 3/96; .*vision.image_size"):
        Runner(tmp_path / "model", held_out, params)


def test_trained_vision_has_a_rate_of_its_own(make_params) -> None:
    params = make_params(fusion="gated", **SMALL, **{"vision.train": True, "train.vision_learning_rate": 3e-4})
    model, _ = build_model(params, NER, label_set(["PER"]), PictureDims(3, 96))
    optimizer, _ = build_optimizer(model, params.train, 1e-4, steps=10)
    rates = {id(p): group["initial_lr"] for group in optimizer.param_groups for p in group["params"]}
    decays = {id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert len(rates) == len(list(model.parameters())) == sum(len(g["params"]) for g in optimizer.param_groups)
    assert {rates[id(p)] for p in model.vision.parameters()} == {3e-4}
    assert 3e-4 not in {rates[id(p)] for part in (model.text, model.fusion, model.head) for p in part.parameters()}
    assert {decays[id(p)] for p in model.vision.parameters() if p.ndim == 1} == {0.0}
