"""The relation classifier: what it reads, what it learns, and its checkpoints."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from tandem.fusion import STRATEGIES, strategy
from tandem.models.build import PictureDims, build_model, load_model, save_description, save_weights
from tandem.models.captions import captions_for
from tandem.models.predict import ask_all, predict
from tandem.models.runtime import pick_runtime
from tandem.tasks import RE
from tandem.text.markers import Marker
from tandem.training.optimizer import build_optimizer

LABELS = ["None", "/per/org/member_of", "/org/per/led_by"]
POOLINGS = ["start", "span"]
FUSIONS = sorted(name for name in STRATEGIES if not strategy(name).joint)  # joint encoders: tests/models/joint


def build(params, samples, features):
    torch.manual_seed(0)
    model, tokenizer = build_model(params, RE, LABELS, PictureDims(features.pooled_dim, features.region_dim))
    captions = captions_for(model.fusion, samples)
    data = RE.dataset(samples, tokenizer=tokenizer, features=features, labels=LABELS, captions=captions)
    return model.eval(), tokenizer, data


def encoder_of(request, name: str) -> dict[str, object]:
    """Knobs of a text encoder: `scratch`, or a tiny checkpoint."""
    if name == "scratch":
        return {"text.scratch.layers": 3}  # so that a start marker sees as far as the end marker
    return {"text.encoder": str(request.getfixturevalue(name)), "text.max_length": 32, "text.overlap": 8}


def test_relation_batch_points_at_markers_and_words(make_params, tiny_pairs, tiny_features) -> None:
    samples = tiny_pairs("train", 8)
    _, _, data = build(make_params(), samples, tiny_features(samples))
    batch = data.batch([3, 0, 7])
    assert batch.labels.tolist() == [LABELS.index(samples[row].relation) for row in (3, 0, 7)]
    assert batch.pairs.words.shape == (3, 2, max(len(samples[row].words) + 4 for row in (3, 0, 7)))
    for place, row in enumerate((3, 0, 7)):
        words = data.marked[row].words
        starts = batch.pairs.starts[place].tolist()
        assert [words[start] for start in starts] == [Marker.HEAD_START, Marker.TAIL_START]
        for mask, span in zip(batch.pairs.words[place], (samples[row].head, samples[row].tail), strict=True):
            inside = [words[at] for at in mask.nonzero().flatten().tolist()]
            assert inside == samples[row].words[slice(*span)]


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("fusion", ["film", "cross_attention", "gated"])
def test_relation_scores_are_the_head_of_both_entities(make_params, tiny_pairs, tiny_features, fusion, pooling) -> None:
    samples = tiny_pairs("train", 6)
    params = make_params(fusion=fusion, **{"relation.pooling": pooling})
    model, _, data = build(params, samples, tiny_features(samples))
    batch = data.batch(range(6))
    with torch.no_grad():
        fused = model.fuse(batch)
        for row, marked in enumerate(data.marked):
            if pooling == "start":
                pair = [fused[row, marked.head_start], fused[row, marked.tail_start]]
            else:
                pair = [fused[row, places].mean(0) for places in (marked.head_words, marked.tail_words)]
            torch.testing.assert_close(model(batch)[row], model.head(torch.cat(pair)))


@pytest.mark.parametrize("pooling", POOLINGS)
def test_relation_strategy_that_predicts_gets_the_pair(make_params, tiny_pairs, tiny_features, pooling) -> None:
    samples = tiny_pairs("train", 12)
    params = make_params(fusion="partial_prediction", **{"relation.pooling": pooling})
    model, _, data = build(params, samples, tiny_features(samples))
    absent = [row for row, sample in enumerate(samples) if sample.image_id is None]
    batch = data.batch(absent)
    with torch.no_grad():
        words = model.text(batch.text)
        for place, row in enumerate(absent):
            marked = data.marked[row]
            if pooling == "start":
                pair = [words[place, marked.head_start], words[place, marked.tail_start]]
            else:
                pair = [words[place, places].mean(0) for places in (marked.head_words, marked.tail_words)]
            # Without a picture the strategy is the text's own prediction.
            torch.testing.assert_close(model(batch)[place], model.fusion.text(torch.cat(pair)))


@pytest.mark.parametrize("fusion", FUSIONS)
def test_relation_missing_pictures_cannot_change_a_score(make_params, tiny_pairs, tiny_features, fusion) -> None:
    samples = tiny_pairs("train", 12)
    model, _, data = build(make_params(fusion=fusion), samples, tiny_features(samples))
    batch = data.batch(range(12))
    picture = batch.picture
    assert not bool(picture.present.all())
    noise = torch.full_like(picture.pooled, float("nan"))
    pooled = torch.where(picture.present[:, None], picture.pooled, noise)
    regions = torch.where(picture.present[:, None, None], picture.regions, torch.tensor(float("inf")))
    noisy = replace(batch, picture=replace(picture, pooled=pooled, regions=regions))
    assert torch.equal(model(batch), model(noisy))


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("fusion", FUSIONS)
def test_relation_padding_does_not_change_a_score(make_params, tiny_pairs, tiny_features, fusion, pooling) -> None:
    samples = tiny_pairs("train", 12)
    params = make_params(fusion=fusion, **{"relation.pooling": pooling})
    model, _, data = build(params, samples, tiny_features(samples))
    assert len({len(sample.words) for sample in samples}) > 1
    with torch.no_grad():
        together = model(data.batch(range(12)))
        alone = torch.cat([model(data.batch([row])) for row in range(12)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_relation_loss_is_the_mean_cross_entropy_of_a_pair(make_params, tiny_pairs, tiny_features) -> None:
    samples = tiny_pairs("train", 6)
    model, _, data = build(make_params(), samples, tiny_features(samples))
    batch = data.batch(range(6))
    scores = model(batch).detach()
    rows = [-torch.log_softmax(scores[i], -1)[LABELS.index(sample.relation)] for i, sample in enumerate(samples)]
    torch.testing.assert_close(model.loss(batch), torch.stack(rows).mean())
    assert model.loss_items(batch) == 6


@pytest.mark.parametrize("encoder", ["scratch", "tiny_bert"])
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("fusion", FUSIONS)
def test_relation_every_parameter_changes_in_training(
    make_params, tiny_pairs, tiny_features, request, fusion, pooling, encoder
) -> None:
    samples = tiny_pairs("train", 12)
    settings = {"head.kind": "mlp", "train.weight_decay": 0.0, **encoder_of(request, encoder)}
    params = make_params(fusion=fusion, **{"relation.pooling": pooling}, **settings)
    model, _, data = build(params, samples, tiny_features(samples))
    optimizer, _ = build_optimizer(model.train(), params.train, 1e-3, steps=10)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for _ in range(3):  # what starts at zero holds back its neighbours for a step
        optimizer.zero_grad()
        model.loss(data.batch(range(12))).backward()
        optimizer.step()
    after = dict(model.named_parameters())
    still = {name for name in before if torch.equal(before[name], after[name])}
    assert still == set()
    (table,) = [name for name in before if name.endswith(("text.table.weight", "word_embeddings.weight"))]
    assert bool((before[table][-4:] != after[table][-4:]).any(1).all())  # the markers' rows


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("encoder", ["scratch", "tiny_bert", "tiny_roberta", "tiny_bertweet"])
def test_relation_checkpoint_gives_the_same_scores(
    make_params, tiny_pairs, tiny_features, tmp_path, request, encoder, pooling
) -> None:
    samples = tiny_pairs("train", 6)
    settings = encoder_of(request, encoder)
    params = make_params(**settings, **{"relation.pooling": pooling, "relation.types": "names"})
    features = tiny_features(samples)
    model, tokenizer, data = build(params, samples, features)
    dims = PictureDims(features.pooled_dim, features.region_dim)
    save_description(tmp_path, model, tokenizer, params, RE, dims, {"corpus": "tiny"})
    save_weights(model, tmp_path / "model.safetensors")
    about = (tmp_path / "tandem.json").read_text()
    # How types are decided belongs to decoding: the model is the same whatever it was.
    assert json.loads(about)["params"]["relation"] == {"pooling": pooling}
    if encoder != "scratch":
        (tmp_path / "tandem.json").write_text(about.replace(str(settings["text.encoder"]), "gone/from/here"))
    again = load_model(tmp_path)
    assert again.task is RE
    assert again.model.label_names == LABELS
    copy = RE.dataset(samples, tokenizer=again.tokenizer, features=features)
    assert torch.equal(model(data.batch(range(6))), again.model(copy.batch(range(6))))


@pytest.mark.parametrize("pooling", POOLINGS)
def test_relation_reads_entities_that_no_window_holds_together(
    make_params, tiny_bert, tiny_pairs, tiny_features, pooling
) -> None:
    (sample,) = tiny_pairs("train", 1)
    far = {"head_start": 0, "head_end": 1, "tail_start": 299, "tail_end": 300}
    long = replace(sample, words=["abc"] * 300, **far)
    settings = {"text.encoder": str(tiny_bert), "text.max_length": 32, "text.overlap": 8, "relation.pooling": pooling}
    features = tiny_features(tiny_pairs("train", 5))
    model, tokenizer, data = build(make_params(**settings), [long], features)
    assert data.batch([0]).text["input_ids"].shape[0] > 20  # windows
    elsewhere = replace(long, tail_start=150, tail_end=151)
    nearer = RE.dataset([elsewhere], tokenizer=tokenizer, features=features)
    with torch.no_grad():
        assert bool(model(data.batch([0])).isfinite().all())
        assert not torch.equal(model(data.batch([0])), model(nearer.batch([0])))


def test_relation_exchanging_head_and_tail_changes_the_scores(make_params, tiny_pairs, tiny_features) -> None:
    (sample,) = tiny_pairs("train", 1)
    ends = {"head_start": 0, "head_end": 2, "tail_start": 1, "tail_end": 3}
    turned = {"head_start": 1, "head_end": 3, "tail_start": 0, "tail_end": 2}
    samples = [replace(sample, words=["a", "b", "c"], **ends), replace(sample, words=["a", "b", "c"], **turned)]
    model, _, data = build(make_params(), samples, tiny_features(tiny_pairs("train", 5)))
    with torch.no_grad():
        one, other = model(data.batch([0, 1]))
    assert not torch.allclose(one, other)


def test_predict_relations_in_the_order_of_the_data(make_params, tiny_pairs, tiny_features) -> None:
    samples = tiny_pairs("train", 11)
    model, _, data = build(make_params(), samples, tiny_features(samples))
    runtime = pick_runtime(device="cpu", precision="float32")
    with torch.no_grad():
        expected = torch.log_softmax(torch.cat([model(data.batch([row])) for row in range(11)]), -1)
    found = ask_all(model, data, runtime, lambda batch, _: model.read(batch), batch_size=4, description="test")
    confidences = torch.tensor([one.confidences[0] for one in found])
    torch.testing.assert_close(confidences, expected.exp().amax(-1), rtol=1e-4, atol=1e-5)
    relations = predict(model, data, runtime, batch_size=4, description="test")
    assert relations == [LABELS[number] for number in expected.argmax(-1)] == [one.said for one in found]
    nothing = RE.dataset([], tokenizer=data.tokenizer, features=data.features)
    assert predict(model, nothing, runtime, batch_size=4, description="test") == []
    assert ask_all(model, nothing, runtime, lambda batch, _: model.read(batch), batch_size=4, description="test") == []


def test_relation_needs_labels_and_pairs(make_params, tiny_pairs, tiny_features) -> None:
    samples = tiny_pairs("train", 3)
    model, _, data = build(make_params(), samples, tiny_features(samples))
    batch = data.batch([0])
    with pytest.raises(ValueError, match="a batch without labels has no loss"):
        model.loss(replace(batch, labels=None))
    with pytest.raises(ValueError, match="a batch without pairs"):
        model(replace(batch, pairs=None))
