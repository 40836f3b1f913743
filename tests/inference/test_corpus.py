"""A trained model over a corpus, under the controls, and in another corpus."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch

from tandem.evaluation.controls import CONTROLS
from tandem.evaluation.spans import spans
from tandem.inference.corpus import predict_corpus, read_corpus, write_predictions
from tandem.inference.held_out import HeldOut
from tandem.inference.runner import Runner
from tandem.tasks import NER, RE
from tandem.vision.cache import FeatureCache

CONFIDENCES = ["confidence", "confidence_no_image"]


@pytest.fixture
def trained(make_params, tiny_corpus, tiny_features, fit):
    def make(fusion: str):
        training, validation, test = tiny_corpus("train", 60), tiny_corpus("valid", 20), tiny_corpus("test", 25)
        features = tiny_features(training + validation + test)
        params = make_params(fusion=fusion, **{"train.epochs": 6})
        return fit("tiny", training, validation, features, params), HeldOut("tiny", NER, test, features), params

    return make


@pytest.fixture
def related(make_params, tagged_pairs, tiny_features, fit):
    """A relation model, rows for it, and parameters with `relation.types`."""
    training, validation, test = tagged_pairs("train", 60), tagged_pairs("valid", 20), tagged_pairs("test", 15)
    features = tiny_features(training + validation + test)
    folder = fit("pairs", training, validation, features, make_params(fusion="concat", **{"train.epochs": 6}))
    return folder, HeldOut("pairs", RE, test, features), lambda types: make_params(**{"relation.types": types})


def test_corpus_predicts_every_word_under_every_control(trained, tmp_path) -> None:
    folder, held_out, params = trained("concat")
    test = held_out.samples
    predictions, about = predict_corpus(folder, held_out, params, seed=1)
    assert set(predictions) == {"predicted", *CONTROLS}
    for tags in predictions.values():
        assert [len(row) for row in tags] == [len(sample.words) for sample in test]
    assert predictions["predicted"] != predictions["no_image"]
    assert (about["corpus"], about["task"]) == ("tiny", "ner")
    readings = read_corpus(folder, held_out, params, seed=1).readings
    write_predictions(tmp_path / "p.parquet", held_out, readings)
    table = pq.read_table(tmp_path / "p.parquet")
    said = ["gold", "predicted", *CONTROLS]
    assert table.column_names == ["id", "image_id", "words", *said, "spans", "picture_weight", "region_weight"]
    for tags, found in zip(predictions["predicted"], table.column("spans").to_pylist(), strict=True):
        assert [(one["type"], one["start"], one["end"]) for one in found] == spans(tags, "default")
    both = {kind: [one[kind] for row in table.column("spans").to_pylist() for one in row] for kind in CONFIDENCES}
    assert all(0 <= value <= 1 for kind in CONFIDENCES for value in both[kind])
    assert sum(both["confidence"]) > sum(both["confidence_no_image"]) > 0
    assert table.column("picture_weight").null_count == table.column("region_weight").null_count == len(test)
    assert table.column("gold").to_pylist() == [sample.tags for sample in test]


def test_corpus_predicts_a_relation_for_every_pair_under_every_control(related, tmp_path) -> None:
    folder, held_out, params_with = related
    predictions, about = predict_corpus(folder, held_out, params_with("none"), seed=1)
    assert set(predictions) == {"predicted", *CONTROLS}
    right = [said == row.relation for said, row in zip(predictions["predicted"], held_out.samples, strict=True)]
    assert sum(right) > 0.85 * len(right)
    # Without its picture nobody is led by anybody, or everybody is.
    back = predictions["no_image"][1::2]
    assert len(set(back)) == 1
    assert predictions["shuffled_image"] != predictions["predicted"]
    readings = read_corpus(folder, held_out, params_with("none"), seed=1).readings
    write_predictions(tmp_path / "p.parquet", held_out, readings)
    table = pq.read_table(tmp_path / "p.parquet")
    places = ["head_start", "head_end", "tail_start", "tail_end"]
    said = ["gold", "predicted", *CONTROLS]
    weights = ["picture_weight", "region_weight"]
    assert table.column_names == ["id", "image_id", "words", *places, *said, *CONFIDENCES, *weights]
    confidences = table.select(CONFIDENCES).to_pylist()
    for one, with_it, without in zip(confidences, predictions["predicted"], predictions["no_image"], strict=True):
        # The relation that is the best one either way has at least a third of the three; a lost one less than a half.
        assert one["confidence"] > 1 / 3
        assert one["confidence_no_image"] > 1 / 3 if with_it == without else one["confidence_no_image"] < 0.5
    assert table.column("gold").to_pylist() == [row.relation for row in held_out.samples]
    assert table.column("tail_end").to_pylist() == [row.tail_end for row in held_out.samples]
    assert str(table.schema.field("gold").type) == "string"
    assert (about["corpus"], about["task"]) == ("pairs", "re")


def test_corpus_without_a_ner_model_is_not_constrained_by_its_types(related, monkeypatch) -> None:
    folder, held_out, params_with = related
    monkeypatch.setattr("tandem.inference.runner.TypeConstraints", None)
    free, _ = predict_corpus(folder, held_out, params_with("none"), seed=1)
    by_ner, _ = predict_corpus(folder, held_out, params_with("ner"), seed=1)
    assert by_ner == free


def test_corpus_decodes_by_the_types_in_the_names(related, monkeypatch) -> None:
    folder, held_out, params_with = related
    asked = []

    def by_names(self, probabilities):
        asked.append(len(probabilities))
        return ["/org/per/led_by"] * len(probabilities)

    monkeypatch.setattr("tandem.models.constraints.TypeConstraints.by_names", by_names)
    predictions, _ = predict_corpus(folder, held_out, params_with("names"), seed=1)
    assert sum(asked) == 30 * len(predictions)
    assert predictions["no_image"] == ["/org/per/led_by"] * 30


def test_corpus_controls_cannot_move_a_model_without_pictures(trained) -> None:
    folder, held_out, params = trained("text_only")
    predictions, _ = predict_corpus(folder, held_out, params, seed=1)
    assert all(predictions[name] == predictions["predicted"] for name in CONTROLS)


def test_corpus_noise_in_place_of_pictures_tells_nothing(trained) -> None:
    folder, held_out, params = trained("concat")
    predictions, _ = predict_corpus(folder, held_out, params, seed=1)
    assert predictions == predict_corpus(folder, held_out, params, seed=1)[0]
    pictured = [row for row, sample in enumerate(held_out.samples) if sample.image_id]

    def right(name: str) -> float:
        return sum(predictions[name][row] == held_out.samples[row].tags for row in pictured) / len(pictured)

    assert right("predicted") > 0.9
    assert right("noise_image") < 0.8
    bare = [row for row, sample in enumerate(held_out.samples) if not sample.image_id]
    assert all(predictions["noise_image"][row] == predictions["predicted"][row] for row in bare)


def test_corpus_noise_goes_to_the_condition_that_is_asked_for_alone(trained) -> None:
    folder, held_out, params = trained("concat")
    predictions, _ = predict_corpus(folder, held_out, params, seed=1)
    runner, samples = Runner(folder, held_out, params), held_out.samples
    ids = runner.pictures_of(samples)
    assert runner.predict(samples, {"noise_image": ids})["noise_image"] == predictions["noise_image"]
    both = runner.predict(samples, {"noise_image": ids, "predicted": ids})
    assert both == {name: predictions[name] for name in both}


def test_corpus_of_a_twin_is_what_the_model_without_pictures_says(trained) -> None:
    twin, held_out, params = trained("text_only")
    shutil.move(twin, twin := twin.parent / "twin")
    alone = read_corpus(twin, held_out, params, seed=1, twin=Path("nowhere")).predictions
    assert alone["text_only"] == alone["predicted"]  # its own twin: nothing is loaded
    folder, held_out, params = trained("concat")
    read = read_corpus(folder, held_out, params, seed=1, twin=twin)
    predictions = read.predictions
    assert list(predictions) == ["predicted", *CONTROLS, "text_only"]
    assert predictions["text_only"] == alone["predicted"] != predictions["predicted"]
    assert predict_corpus(folder, held_out, params, seed=1)[1] == read.about


def test_corpus_controls_exchange_captions_where_those_are_read(trained, tiny_features) -> None:
    folder, held_out, params = trained("caption_prefix")
    test = held_out.samples
    predictions, _ = predict_corpus(folder, held_out, params, seed=1)
    pictured = [row for row, sample in enumerate(test) if sample.image_id]

    def right(name: str) -> float:
        return sum(predictions[name][row] == test[row].tags for row in pictured) / len(pictured)

    assert right("predicted") > 0.9
    # Without its caption nothing tells a person from a place.
    assert right("shuffled_image") < 0.75
    assert right("no_image") < 0.75
    assert right("noise_image") < 0.8  # 22 posts: their words are drawn anew, and some hit
    # Not one picture has features: captions are read, and exchanged, all the same.
    unseen = replace(held_out, features=tiny_features([replace(test[0], image_id="another")]))
    assert predict_corpus(folder, unseen, params, seed=1)[0] == predictions
    silent = replace(held_out, samples=[replace(sample, caption=None) for sample in test])
    found, _ = predict_corpus(folder, silent, params, seed=1)
    assert all(found[name] == predictions["no_image"] for name in ("predicted", *CONTROLS))


def test_corpus_exchanges_only_captions_that_there_are(trained) -> None:
    folder, held_out, params = trained("caption_prefix")
    first, second, *others = [sample for sample in held_out.samples if sample.image_id]
    rows = [replace(first, caption=None), replace(second, caption=" "), *others]
    runner = Runner(folder, replace(held_out, samples=rows), params)
    assert runner.uses_picture
    assert runner.pictures_of(rows) == [None, None, *(sample.image_id for sample in others)]


def test_corpus_predictions_use_the_names_of_the_target(trained) -> None:
    folder, held_out, params = trained("concat")
    foreign = [replace(sample, tags=["O"] * len(sample.tags)) for sample in held_out.samples]
    predictions, _ = predict_corpus(folder, replace(held_out, samples=foreign), params, seed=1)
    assert {tag[2:] for row in predictions["predicted"] for tag in row} <= {"", "PER", "LOC"}


def test_corpus_rejects_features_of_another_encoder(trained) -> None:
    folder, held_out, params = trained("concat")
    narrow = FeatureCache(
        ids=[],
        pooled=torch.zeros(0, 4),
        rows=torch.zeros(0, dtype=torch.long),
        lengths=torch.zeros(0, dtype=torch.long),
        regions=torch.zeros(0, 1, 6),
    )
    with pytest.raises(ValueError, match=r"features of 4/6 numbers .* trained on 6/6"):
        predict_corpus(folder, replace(held_out, features=narrow), params, seed=1)


def test_corpus_confidences_without_the_picture_are_about_what_is_said_with_it(trained) -> None:
    folder, held_out, params = trained("gated")
    read = read_corpus(folder, held_out, params, seed=1)
    own, without = read.readings["predicted"], read.readings["no_image"]
    assert read.weighs == "gate"
    pictured = [held_out.features.usable(sample.image_id) for sample in held_out.samples]
    assert 0 < sum(pictured) < len(pictured)
    for one, other, seen in zip(own, without, pictured, strict=True):
        assert one.claims == other.claims == spans(one.said, "default")
        assert (one.picture_weight is not None) is seen
        assert other.picture_weight is None
        if not seen:
            assert (one.said, one.confidences) == (other.said, pytest.approx(other.confidences, rel=1e-5))
    assert any(one.said != other.said for one, other in zip(own, without, strict=True))
    assert sum(sum(one.confidences) for one in own) > sum(sum(one.confidences) for one in without)


def test_corpus_confidences_use_the_names_of_the_target(trained) -> None:
    folder, held_out, params = trained("concat")
    foreign = [replace(one, tags=[tag.replace("PER", "MISC") for tag in one.tags]) for one in held_out.samples]
    runner = Runner(folder, replace(held_out, samples=foreign), params)
    runner._model.label_names = [name.replace("PER", "OTHER") for name in runner._model.label_names]
    runner._model._bounds = {kind.replace("PER", "OTHER"): ends for kind, ends in runner._model._bounds.items()}
    found = runner.read(foreign, {"predicted": runner.pictures_of(foreign)})["predicted"]
    assert {span.type for one in found for span in one.claims} == {"LOC", "MISC"}
    assert all(one.claims == spans(one.said, "default") for one in found)
