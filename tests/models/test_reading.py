"""Readings of both tasks: that they say what is decoded, how sure they are, and what has been looked at."""

from __future__ import annotations

import pytest
import torch

from tandem.corpora.labels import label_set
from tandem.evaluation.spans import Span, spans
from tandem.fusion import STRATEGIES, strategy
from tandem.models.build import PictureDims, build_model
from tandem.models.captions import captions_for
from tandem.models.constraints import TypeConstraints
from tandem.models.predict import ask_all, predict
from tandem.models.reading import Choice
from tandem.models.runtime import pick_runtime
from tandem.tasks import NER, RE

TAGS = label_set(["LOC", "PER"])
RELATIONS = ["None", "/per/org/member_of", "/org/per/led_by"]
FUSIONS = sorted(name for name in STRATEGIES if not strategy(name).joint)  # joint encoders: tests/models/joint
WEIGHED = [name for name in FUSIONS if name in ("gated", "attention", "hybrid", "bimodal", "partial_prediction")]


@pytest.fixture
def build(tiny_features):
    """A model with random weights, so that it finds something, and its data."""

    def make(params, task, samples):
        torch.manual_seed(1)
        features = tiny_features(samples)
        labels = TAGS if task is NER else RELATIONS
        model, tokenizer = build_model(params, task, labels, PictureDims(features.pooled_dim, features.region_dim))
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if not name.startswith("text."):
                    parameter.add_(torch.randn(parameter.shape))
        data = task.dataset(
            samples, tokenizer=tokenizer, features=features, captions=captions_for(model.fusion, samples)
        )
        return model.eval(), data

    return make


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
@pytest.mark.parametrize("fusion", FUSIONS)
def test_reading_of_tags_is_what_is_decoded(make_params, tiny_corpus, build, fusion, decoder) -> None:
    samples = tiny_corpus("train", 20)
    model, data = build(make_params(fusion=fusion, decoder=decoder), NER, samples)
    runtime = pick_runtime(device="cpu", precision="float32")
    asked = {"batch_size": 8, "description": "test"}
    found = ask_all(model, data, runtime, lambda batch, _: model.read(batch), **asked)
    assert [one.said for one in found] == predict(model, data, runtime, **asked)
    assert [one.claims for one in found] == [spans(one.said, "default") for one in found]
    confidences = [value for one in found for value in one.confidences]
    assert len(confidences) == sum(len(one.claims) for one in found) > 0
    assert all(0 < value <= 1 for value in confidences)
    for one, sample in zip(found, samples, strict=True):
        seen = data.features.usable(sample.image_id)
        assert (one.picture_weight is not None) is (seen and model.fusion.weighs != "none")
        assert one.picture_weight is None or len(one.picture_weight) == len(sample.words)
        assert (one.region_weight is not None) is (seen and fusion == "cross_attention")
        assert one.region_weight is None or sum(one.region_weight) == pytest.approx(1.0)


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_reading_does_not_depend_on_the_batch(make_params, tiny_corpus, build, decoder) -> None:
    samples = tiny_corpus("train", 12)
    model, data = build(make_params(fusion="gated", decoder=decoder), NER, samples)
    together = model.read(data.batch(range(12)))
    for row, one in enumerate(together):
        (alone,) = model.read(data.batch([row]))
        assert (alone.said, alone.claims) == (one.said, one.claims)
        assert alone.confidences == pytest.approx(one.confidences, rel=1e-4)
        assert (alone.picture_weight or []) == pytest.approx(one.picture_weight or [], rel=1e-4)


def test_reading_confidences_are_those_of_the_decoded_distribution(make_params, tiny_corpus, build) -> None:
    (sample,) = tiny_corpus("train", 1)
    model, data = build(make_params(decoder="crf"), NER, [sample])
    batch = data.batch([0])
    size = len(sample.words)
    asked = [
        Span(kind, start, end) for kind in ("LOC", "PER") for start in range(size) for end in range(start + 1, size + 1)
    ]
    (found,) = model.read(batch, [asked])
    assert found.claims == asked
    posterior = model.crf.posterior(model(batch), batch.word_mask, model.constraints)
    outside = posterior.marginals()[0, :, 0]
    covered = [
        sum(value for span, value in zip(asked, found.confidences, strict=True) if span.start <= t < span.end)
        for t in range(size)
    ]
    assert covered == pytest.approx(1 - outside, abs=1e-9)
    free = model.crf.posterior(model(batch), batch.word_mask).marginals()[0, :, 0]
    assert covered != pytest.approx(1 - free, abs=1e-4)


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("task", [NER, RE], ids=["ner", "re"])
def test_reading_in_bfloat16_stays_close(make_params, tiny_corpus, tiny_pairs, build, fusion, task) -> None:
    samples = tiny_corpus("train", 12) if task is NER else tiny_pairs("train", 12)
    model, data = build(make_params(fusion=fusion), task, samples)
    asked = {"batch_size": 12, "description": "test"}
    exact, rough = (
        ask_all(model, data, runtime, lambda batch, _: model.read(batch), **asked)
        for runtime in (pick_runtime(device="cpu", precision=precision) for precision in ("float32", "bfloat16"))
    )
    for one, other in zip(exact, rough, strict=True):
        assert all(0 <= value <= 1 for value in other.confidences)
        if other.region_weight is not None:
            assert sum(other.region_weight) == pytest.approx(1.0, abs=1e-5)
        if other.picture_weight is not None:
            kept = [pair for pair in zip(one.picture_weight, other.picture_weight, strict=True) if None not in pair]
            assert kept
            assert all(first == pytest.approx(second, abs=0.1) for first, second in kept)


def test_reading_asks_about_the_claims_of_another_reading(make_params, tiny_corpus, build) -> None:
    samples = tiny_corpus("train", 12)
    model, data = build(make_params(fusion="concat"), NER, samples)
    own = model.read(data.batch(range(12)))
    without = model.read(data.batch(range(12), shown=torch.zeros(12, dtype=torch.bool)), [one.claims for one in own])
    assert [one.claims for one in without] == [one.claims for one in own]
    assert [one.said for one in without] != [one.said for one in own]
    for one, other, sample in zip(own, without, samples, strict=True):
        assert (one.confidences == other.confidences) is (not one.claims or not data.features.usable(sample.image_id))
        assert other.picture_weight is None


def test_reading_looks_at_regions_from_the_words_of_entities(make_params, tiny_corpus, build) -> None:
    samples = [one for one in tiny_corpus("train", 40) if one.image_id is not None][:20]
    model, data = build(make_params(fusion="cross_attention"), NER, samples)
    batch = data.batch(range(20))
    weights = model.fusion.explain(*model.fusion_inputs(batch)).region_weight
    found = model.read(batch)
    assert any(one.claims for one in found)
    for row, one in enumerate(found):
        places = [t for span in one.claims for t in range(span.start, span.end)] or list(range(len(one.said)))
        expected = weights[row, places].mean(0)[batch.picture.region_mask[row]]
        torch.testing.assert_close(torch.tensor(one.region_weight), expected)


@pytest.mark.parametrize("pooling", ["start", "span"])
@pytest.mark.parametrize("fusion", FUSIONS)
def test_reading_of_relations_weighs_head_and_tail(make_params, tiny_pairs, build, fusion, pooling) -> None:
    samples = tiny_pairs("train", 12)
    model, data = build(make_params(fusion=fusion, **{"relation.pooling": pooling}), RE, samples)
    batch = data.batch(range(12))
    found = model.read(batch)
    assert [one.said for one in found] == model.decode(batch)
    probabilities = model(batch).softmax(-1).amax(-1).tolist()
    assert [one.confidences for one in found] == [[pytest.approx(value)] for value in probabilities]
    explained = model.fusion.explain(*model.fusion_inputs(batch))
    for row, (one, sample, marked) in enumerate(zip(found, samples, data.marked, strict=True)):
        if not data.features.usable(sample.image_id):
            assert one.picture_weight is one.region_weight is None
            continue
        assert (one.picture_weight is not None) is (fusion in WEIGHED)
        if one.picture_weight is not None:
            assert len(one.picture_weight) == len(sample.words)
            ends = (
                (sample.head, marked.head_start, marked.head_words),
                (sample.tail, marked.tail_start, marked.tail_words),
            )
            expected: list[float | None] = [None] * len(sample.words)
            for (start, end), marker, places in ends:
                own = explained.picture_weight[row]
                at = (
                    [0] * len(places)
                    if fusion == "partial_prediction"
                    else [marker] * len(places)
                    if pooling == "start"
                    else places
                )
                expected[start:end] = own[at].tolist()
            assert one.picture_weight == [None if value is None else pytest.approx(value) for value in expected]
        if one.region_weight is not None:
            own = explained.region_weight[row]
            halves = [
                own[[start] if pooling == "start" else places].mean(0)
                for start, places in ((marked.head_start, marked.head_words), (marked.tail_start, marked.tail_words))
            ]
            expected = (sum(halves) / 2)[batch.picture.region_mask[row]]
            torch.testing.assert_close(torch.tensor(one.region_weight), expected)


def test_reading_of_relations_takes_the_choice_it_is_given(make_params, tiny_pairs, build) -> None:
    samples = tiny_pairs("train", 6)
    model, data = build(make_params(), RE, samples)
    constraints = TypeConstraints(RELATIONS)
    types = [("ORG", "PER")] * 6
    batch = data.batch(range(6))

    def choose(logs):
        return Choice(constraints.by_types(logs, types), constraints.given(logs, types))

    found = model.read(batch, choose=choose)
    kept = model(batch)[:, [0, 2]].softmax(-1)
    assert [one.said for one in found] == [RELATIONS[2 * number] for number in kept.argmax(-1).tolist()]
    assert [one.confidences[0] for one in found] == pytest.approx(kept.amax(-1).tolist())
    ruled_out = model.read(batch, [["/per/org/member_of"]] * 6, choose)
    assert [one.confidences for one in ruled_out] == [[0.0]] * 6
