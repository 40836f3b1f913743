"""The project's own proof that fusion works: on the embedded corpora only the picture tells some types apart."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tandem.corpora.embedded.generate import generate
from tandem.corpora.links import link_corpus
from tandem.corpora.prepare import prepare
from tandem.corpora.schema import read_pictures, write_samples
from tandem.evaluation.summary import score_seed
from tandem.inference.corpus import predict_corpus
from tandem.params import TandemParams, parse_params
from tandem.training.loop import TrainingData, train
from tandem.training.state import StateStore
from tandem.vision.cache import FeatureCache
from tandem.vision.extract import extract

HOME = Path(__file__).resolve().parents[2]
CORPUS = "embedded_social"


def defaults(fusion: str) -> TandemParams:
    """The project's own parameters, with one fusion and one thread."""
    tree = yaml.safe_load((HOME / "params.yaml").read_text(encoding="utf-8"))
    tree |= {"fusion": fusion, "datasets": [CORPUS]}
    tree["train"] |= {"threads": 1, "device": "cpu", "epochs": 8}
    return parse_params(tree)


@pytest.mark.slow
def test_proof_pictures_lift_a_model_over_the_ceiling_of_text(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    params = defaults("film")
    ceilings = generate(Path("data/embedded"), params.embedded)[CORPUS]
    link_corpus(params, CORPUS)
    samples, _ = prepare(params, CORPUS)
    write_samples(Path("prepared.parquet"), samples)
    extract(read_pictures(Path("prepared.parquet")), Path("features"), params.vision, Path("store"))
    features = FeatureCache.open(Path("features"))
    split = {name: [s for s in samples if s.split == name] for name in ("train", "valid", "test")}
    gold = [sample.tags for sample in split["test"]]

    scores = {}
    for fusion in ("film", "text_only"):
        params = defaults(fusion)
        data = TrainingData(CORPUS, split["train"], split["valid"], features)
        train(params, data, seed=1, out=Path(fusion), store=StateStore(Path("state")))
        scores[fusion] = score_seed(gold, predict_corpus(Path(fusion), split["test"], features, params, seed=1)[0])

    ceiling, deviation = ceilings["text_only"]["expected_f1"], ceilings["text_only"]["deviation"]
    assert scores["film"]["span"]["f1"] > ceiling + 0.15
    assert scores["text_only"]["span"]["f1"] < ceiling + 3 * deviation
    assert scores["text_only"]["span"]["f1"] > ceiling - 5 * deviation
    assert scores["film"]["controls"]["shuffled_image"]["f1"] < ceiling + deviation
    assert scores["film"]["controls"]["no_image"]["f1"] < ceiling + deviation
