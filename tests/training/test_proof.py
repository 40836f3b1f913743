"""The project's own proof that fusion works: on the embedded corpora only the picture decides some cases."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tandem.corpora.embedded.generate import generate
from tandem.corpora.links import link_corpus
from tandem.corpora.prepare import prepare
from tandem.corpora.schema import read_pictures
from tandem.evaluation.summary import score_seed
from tandem.inference.corpus import predict_corpus
from tandem.inference.held_out import HeldOut
from tandem.params import TandemParams, parse_params
from tandem.tasks import task_of
from tandem.training.loop import TrainingData, train
from tandem.training.state import StateStore
from tandem.vision.cache import FeatureCache
from tandem.vision.extract import extract

HOME = Path(__file__).resolve().parents[2]
READERS = ("film", "caption_prefix")  # of the picture itself, and of its caption


def defaults(corpus: str, fusion: str) -> TandemParams:
    """The project's own parameters, with one corpus, one fusion and one thread."""
    tree = yaml.safe_load((HOME / "params.yaml").read_text(encoding="utf-8"))
    tree |= {"fusion": fusion, "datasets": [corpus]}
    tree["train"] |= {"threads": 1, "device": "cpu", "epochs": 8}
    return parse_params(tree)


@pytest.mark.slow
@pytest.mark.parametrize("corpus", ["embedded_social", "embedded_relations"])
def test_proof_pictures_lift_a_model_over_the_ceiling_of_text(tmp_path, monkeypatch, corpus) -> None:
    monkeypatch.chdir(tmp_path)
    params = defaults(corpus, "film")
    ceilings = generate(Path("data/embedded"), params.embedded)[corpus]
    link_corpus(params, corpus)
    prepared = Path("prepared.parquet")
    prepare(params, corpus).table.write(prepared)
    extract(read_pictures(prepared), Path("features"), params.vision, Path("store"))
    features = FeatureCache.open(Path("features"))
    task = task_of(params.corpus(corpus).task)
    rows = {split: task.read(prepared, split) for split in ("train", "valid", "test")}
    data = TrainingData(
        corpus=corpus,
        task=task,
        labels=task.labels(prepared, rows["train"]),
        train=rows["train"],
        valid=rows["valid"],
        features=features,
    )
    held_out = HeldOut(corpus, task, rows["test"], features)
    gold = task.gold(held_out.samples)

    scores = {}
    for fusion in (*READERS, "text_only"):
        params = defaults(corpus, fusion)
        train(params, data, seed=1, out=Path(fusion), store=StateStore(Path("state")))
        scores[fusion] = score_seed(task, gold, predict_corpus(Path(fusion), held_out, params, seed=1)[0])

    ceiling, deviation = ceilings["text_only"]["expected_f1"], ceilings["text_only"]["deviation"]
    without = scores["text_only"][task.headline]["f1"]
    assert without < ceiling + 3 * deviation
    assert without > ceiling - 5 * deviation
    for fusion in READERS:
        with_picture, controls = scores[fusion][task.headline]["f1"], scores[fusion]["controls"]
        print(corpus, fusion, ceiling, deviation, with_picture, without, controls)
        assert with_picture > ceiling + 0.15
        assert controls["shuffled_image"]["f1"] < ceiling + deviation
        assert controls["no_image"]["f1"] < ceiling + deviation
