"""A trained tagger over a corpus, under the controls, and in another corpus."""

from __future__ import annotations

from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from tandem.inference.corpus import predict_corpus, write_predictions
from tandem.training.loop import TrainingData, train
from tandem.training.state import StateStore


@pytest.fixture
def trained(make_params, tiny_corpus, tiny_features, tmp_path):
    def make(fusion: str):
        training, validation, test = tiny_corpus("train", 60), tiny_corpus("valid", 20), tiny_corpus("test", 25)
        features = tiny_features(training + validation + test)
        params = make_params(fusion=fusion, **{"train.epochs": 6})
        data = TrainingData("tiny", training, validation, features)
        folder = tmp_path / fusion
        train(params, data, seed=1, out=folder, store=StateStore(tmp_path / "state"))
        return folder, test, features, params

    return make


def test_corpus_predicts_every_word_under_every_control(trained, tmp_path) -> None:
    folder, test, features, params = trained("concat")
    predictions, model = predict_corpus(folder, test, features, params, seed=1)
    assert set(predictions) == {"predicted", "shuffled_image", "no_image"}
    for tags in predictions.values():
        assert [len(row) for row in tags] == [len(sample.words) for sample in test]
    assert predictions["predicted"] != predictions["no_image"]
    assert model.about["corpus"] == "tiny"
    write_predictions(tmp_path / "p.parquet", test, predictions)
    table = pq.read_table(tmp_path / "p.parquet")
    assert table.column_names == ["id", "image_id", "words", "gold", "predicted", "shuffled_image", "no_image"]
    assert table.column("gold").to_pylist() == [sample.tags for sample in test]


def test_corpus_controls_cannot_move_a_model_without_pictures(trained) -> None:
    folder, test, features, params = trained("text_only")
    predictions, _ = predict_corpus(folder, test, features, params, seed=1)
    assert predictions["predicted"] == predictions["shuffled_image"] == predictions["no_image"]


def test_corpus_predictions_use_the_names_of_the_target(trained) -> None:
    folder, test, features, params = trained("concat")
    foreign = [replace(sample, tags=["O"] * len(sample.tags)) for sample in test]
    predictions, _ = predict_corpus(folder, foreign, features, params, seed=1)
    assert {tag[2:] for row in predictions["predicted"] for tag in row} <= {"", "PER", "LOC"}


def test_corpus_rejects_features_of_another_encoder(trained) -> None:
    folder, test, features, params = trained("concat")
    features._pooled = features._pooled[:, :4]
    with pytest.raises(ValueError, match=r"features of 4/6 numbers .* trained on 6/6"):
        predict_corpus(folder, test, features, params, seed=1)
