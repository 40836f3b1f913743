"""Small trained models of both tasks, and tagged pairs."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from tandem.corpora.labels import entity_types, label_set, rename_tags
from tandem.corpora.schema import Post, RelationSample, Sample
from tandem.models.build import PictureDims, build_model, save_description, save_weights
from tandem.tasks import NER, RE
from tandem.training.loop import TrainingData, train
from tandem.training.state import StateStore
from tandem.vision.cache import FeatureCache
from tandem.vision.extract import extract

RELATIONS = ["None", "/per/org/member_of", "/org/per/led_by"]


@pytest.fixture
def tagged_pairs(tiny_pairs) -> Callable[[str, int], list[RelationSample]]:
    """`tagged_pairs(split, sentences)`: both pairs of each; words tell one relation, the picture alone the other."""

    def make(split: str, sentences: int) -> list[RelationSample]:
        rows = []
        for number, pair in enumerate(tiny_pairs(split, sentences)):
            tags = [*["O"] * (len(pair.words) - 4), "B-PER", "I-PER", "O", "B-OTHER"]
            person, firm = (len(tags) - 4, len(tags) - 2), (len(tags) - 1, len(tags))
            led = "/org/per/led_by" if "-PER-" in (pair.image_id or "") else "None"
            for way, (head, tail, relation) in enumerate(((person, firm, "/per/org/member_of"), (firm, person, led))):
                ends = {"head_start": head[0], "head_end": head[1], "tail_start": tail[0], "tail_end": tail[1]}
                rows.append(replace(pair, id=f"{split}-{2 * number + way}", tags=tags, relation=relation, **ends))
        return rows

    return make


@pytest.fixture
def as_sentences() -> Callable[[list[RelationSample]], list[Sample]]:
    """The sentences of tagged pairs, one a pair, for a NER model to learn from; what is OTHER there is MISC here."""

    def make(rows: list[RelationSample]) -> list[Sample]:
        shared = [{column.name: getattr(row, column.name) for column in fields(Post)} for row in rows]
        tags = [rename_tags(row.tags or [], {"OTHER": "MISC"}) for row in rows]
        return [Sample(**values, tags=own) for values, own in zip(shared, tags, strict=True)]

    return make


@pytest.fixture
def fit(tmp_path) -> Callable[..., Any]:
    """`fit(corpus, training, validation, features, params, seed=1)`: a checkpoint in models/<corpus>/<seed>."""

    def make(corpus: str, training: list[Any], validation: list[Any], features: Any, params: Any, seed: int = 1) -> Any:
        task = RE if isinstance(training[0], RelationSample) else NER
        data = TrainingData(
            corpus=corpus,
            task=task,
            labels=RELATIONS if task is RE else label_set(entity_types(row.tags for row in training)),
            train=training,
            valid=validation,
            features=features,
        )
        folder = tmp_path / "models" / corpus / str(seed)
        train(params, data, seed=seed, out=folder, store=StateStore(tmp_path / "state" / corpus / str(seed)))
        return folder

    return make


@pytest.fixture
def photos(tmp_path) -> Callable[[list[Post]], dict[str, Path]]:
    """`photos(rows)`: a picture file for each image id, reddish for one type and bluish for others."""

    def make(rows: list[Post]) -> dict[str, Path]:
        (tmp_path / "photos").mkdir(exist_ok=True)
        ids = sorted({row.image_id for row in rows if row.image_id})
        paths = {image_id: tmp_path / "photos" / f"{image_id}.png" for image_id in ids}
        for seed, (image_id, path) in enumerate(paths.items()):
            pixels = np.random.default_rng(seed).integers(0, 120, (32, 40, 3), dtype=np.uint8)
            pixels[..., 0 if "-PER-" in image_id else 2] += 120
            Image.fromarray(pixels).save(path)
        return paths

    return make


@pytest.fixture
def extracted(tmp_path) -> Callable[..., FeatureCache]:
    """`extracted(paths, params)`: the features of picture files, as the stage computes them."""

    def make(paths: dict[str, Path], params: Any) -> FeatureCache:
        rows = [
            (image_id, str(path), hashlib.sha256(path.read_bytes()).hexdigest(), None)
            for image_id, path in paths.items()
        ]
        frame = pd.DataFrame(rows, columns=["image_id", "image_path", "image_hash", "caption"], dtype=object)
        extract(frame, tmp_path / "features", params.vision, tmp_path / "store")
        return FeatureCache.open(tmp_path / "features")

    return make


@pytest.fixture
def saved(tmp_path) -> Callable[..., Path]:
    """`saved(params, task=NER, dims=(432, 124), name="saved")`: the folder of a checkpoint that was never trained."""

    def make(params: Any, task: Any = NER, dims: tuple[int, int] = (432, 124), name: str = "saved") -> Path:
        labels = label_set(["LOC", "PER"]) if task is NER else RELATIONS
        torch.manual_seed(1)
        model, tokenizer = build_model(params, task, labels, PictureDims(*dims))
        folder, about = tmp_path / name, {"seed": 1, "valid": {"span_f1": 0.5}}
        save_description(folder, model, tokenizer, params, task, PictureDims(*dims), about)
        save_weights(model, folder / "model.safetensors")
        return folder

    return make


@pytest.fixture
def fake() -> ModuleType:
    """The module with a predictor that needs no model."""
    return import_path("fake_predictor", Path(__file__).with_name("fake_predictor.py"))


def import_path(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
