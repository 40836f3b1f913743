"""Every recipe trains, and its model is loaded and predicts, with a small stand-in for each of its weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.corpora.links import link_corpus
from tandem.corpora.prepare import prepare
from tandem.corpora.schema import read_pictures
from tandem.evaluation.controls import CONTROLS
from tandem.inference.corpus import predict_corpus
from tandem.inference.held_out import HeldOut
from tandem.params import TandemParams, load_tree, parse_params
from tandem.recipes import load_recipe, recipe_names
from tandem.tasks import task_of
from tandem.training.loop import TrainingData, train
from tandem.training.state import StateStore
from tandem.trees import merge
from tandem.vision.cache import FeatureCache
from tandem.vision.extract import extract

HOME = Path(__file__).resolve().parents[2]
BASE = load_tree(HOME / "params.yaml")
EMBEDDED = {"ner": "embedded_social", "re": "embedded_relations"}
# Positions of the real text encoders; a recipe's windows must fit them.
POSITIONS = {
    "FacebookAI/roberta-large": 512,
    "google-bert/bert-base-uncased": 512,
    "vinai/bertweet-base": 128,
    "meta-llama/Llama-3.1-8B": 131072,
    "openai/clip-vit-large-patch14": 77,
    "Salesforce/blip-itm-base-coco": 512,
    "Salesforce/blip2-opt-2.7b": 2048,
    "dandelin/vilt-b32-mlm": 40,
}
NAMES = recipe_names(HOME / "recipes")


def recipe_params(name: str) -> TandemParams:
    return load_recipe(name, BASE, HOME / "recipes").params


def fit(params: TandemParams, corpus: str) -> tuple[dict, HeldOut]:
    """The stages of the pipeline, one after the other, in the present folder."""
    link_corpus(params, corpus)
    prepared = Path("prepared.parquet")
    prepare(params, corpus).table.write(prepared)
    extract(read_pictures(prepared), Path("features"), params.vision, Path("store"))
    task, features = task_of(params.corpus(corpus).task), FeatureCache.open(Path("features"))
    rows = {split: task.read(prepared, split) for split in ("train", "valid", "test")}
    labels = task.labels(prepared, rows["train"])
    data = TrainingData(
        corpus=corpus, task=task, labels=labels, train=rows["train"], valid=rows["valid"], features=features
    )
    about = train(params, data, seed=1, out=Path("model"), store=StateStore(Path("state"), enabled=False))
    return about, HeldOut(corpus, task, rows["test"], features)


@pytest.mark.parametrize("name", NAMES)
def test_training_of_every_recipe(name: str, small, posts, tmp_path, monkeypatch) -> None:
    recipe = recipe_params(name)
    tree = recipe.model_dump(mode="json")
    for task in sorted({recipe.corpora[corpus].task for corpus in recipe.datasets}):
        params = parse_params(merge(tree, small(tree, EMBEDDED[task])))
        folder = tmp_path / task
        folder.mkdir()
        monkeypatch.chdir(folder)
        Path("data").symlink_to(posts / "data", target_is_directory=True)
        about, held_out = fit(params, EMBEDDED[task])
        assert about["epochs"] == 1
        predictions, _ = predict_corpus(Path("model"), held_out, params, seed=1)
        assert set(predictions) == {"predicted", *CONTROLS}
        assert all(len(answers) == len(held_out.samples) for answers in predictions.values())


@pytest.mark.parametrize("name", NAMES)
def test_training_windows_fit_the_real_encoder(name: str) -> None:
    text = recipe_params(name).text
    assert text.max_length <= POSITIONS[text.encoder]
