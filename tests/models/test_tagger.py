"""The assembled tagger: missing pictures, decoders, checkpoints."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tandem.corpora.labels import label_set
from tandem.fusion import STRATEGIES, strategy
from tandem.models.build import PictureDims, build_model, load_model, save_description, save_weights
from tandem.models.captions import captions_for
from tandem.models.predict import predict
from tandem.models.runtime import pick_runtime
from tandem.tasks import NER

LABELS = label_set(["LOC", "PER"])
FUSIONS = sorted(name for name in STRATEGIES if not strategy(name).joint)  # joint encoders: tests/models/joint


def build(params, samples, features):
    torch.manual_seed(0)
    model, tokenizer = build_model(params, NER, LABELS, PictureDims(features.pooled_dim, features.region_dim))
    captions = captions_for(model.fusion, samples)
    data = NER.dataset(samples, tokenizer=tokenizer, features=features, labels=LABELS, captions=captions)
    return model.eval(), tokenizer, data


@pytest.mark.parametrize("fusion", FUSIONS)
def test_tagger_missing_pictures_cannot_change_a_prediction(make_params, tiny_corpus, tiny_features, fusion) -> None:
    samples = tiny_corpus("train", 12)
    model, _, data = build(make_params(fusion=fusion), samples, tiny_features(samples))
    batch = data.batch(range(12))
    assert not bool(batch.picture.present.all())
    picture = batch.picture
    noise = torch.full_like(picture.pooled, float("nan"))
    pooled = torch.where(picture.present[:, None], picture.pooled, noise)
    regions = torch.where(picture.present[:, None, None], picture.regions, torch.tensor(float("inf")))
    noisy = replace(batch, picture=replace(picture, pooled=pooled, regions=regions))
    assert torch.equal(model(batch), model(noisy))


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_tagger_tags_every_word(make_params, tiny_corpus, tiny_features, decoder) -> None:
    samples = tiny_corpus("train", 9)
    model, _, data = build(make_params(decoder=decoder), samples, tiny_features(samples))
    runtime = pick_runtime(device="cpu", precision="float32")
    tags = predict(model, data, runtime, batch_size=4, description="test")
    assert [len(row) for row in tags] == [len(sample.words) for sample in samples]
    assert {tag for row in tags for tag in row} <= set(LABELS)


def test_tagger_long_sentences_keep_every_word(make_params, tiny_bert, tiny_corpus, tiny_features) -> None:
    (sample,) = tiny_corpus("train", 1)
    long = replace(sample, words=["abc"] * 300, tags=["O"] * 300)
    params = make_params(**{"text.encoder": str(tiny_bert), "text.max_length": 32, "text.overlap": 8})
    model, _, data = build(params, [long], tiny_features(tiny_corpus("train", 5)))
    runtime = pick_runtime(device="cpu", precision="bfloat16")
    (tags,) = predict(model, data, runtime, batch_size=1, description="test")
    assert len(tags) == 300


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_tagger_every_parameter_gets_a_gradient(make_params, tiny_corpus, tiny_features, decoder) -> None:
    samples = tiny_corpus("train", 12)
    model, _, data = build(make_params(decoder=decoder, fusion="gated"), samples, tiny_features(samples))
    model.train()
    model.loss(data.batch(range(12))).backward()
    silent = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    assert silent == []


def test_tagger_loss_matches_the_mean_cross_entropy(make_params, tiny_corpus, tiny_features) -> None:
    samples = tiny_corpus("train", 6)
    model, _, data = build(make_params(decoder="softmax"), samples, tiny_features(samples))
    batch = data.batch(range(6))
    scores = model(batch)
    rows = [
        -torch.log_softmax(scores[i, t], -1)[LABELS.index(tag)]
        for i, sample in enumerate(samples)
        for t, tag in enumerate(sample.tags)
    ]
    torch.testing.assert_close(model.loss(batch), torch.stack(rows).mean())


@pytest.mark.parametrize("encoder", ["scratch", "tiny_bert"])
def test_build_checkpoint_loads_without_the_pretrained_weights(
    make_params, tiny_corpus, tiny_features, tmp_path, request, encoder
) -> None:
    samples = tiny_corpus("train", 6)
    name = encoder if encoder == "scratch" else str(request.getfixturevalue(encoder))
    params = make_params(**{"text.encoder": name, "text.max_length": 32, "text.overlap": 8})
    features = tiny_features(samples)
    model, tokenizer, data = build(params, samples, features)
    dims = PictureDims(features.pooled_dim, features.region_dim)
    save_description(tmp_path, model, tokenizer, params, NER, dims, {"corpus": "tiny"})
    save_weights(model, tmp_path / "model.safetensors")
    if encoder != "scratch":
        # The description names the original folder, but nothing of it is read.
        text = (tmp_path / "tandem.json").read_text().replace(name, "gone/from/here")
        (tmp_path / "tandem.json").write_text(text)
    again = load_model(tmp_path)
    assert again.about == {"task": "ner", "corpus": "tiny", "format": 2}
    copy = NER.dataset(samples, tokenizer=again.tokenizer, features=features)
    torch.testing.assert_close(model(data.batch(range(6))), again.model(copy.batch(range(6))))


def test_build_names_a_damaged_checkpoint(make_params, tiny_corpus, tiny_features, tmp_path) -> None:
    samples = tiny_corpus("train", 3)
    params = make_params()
    features = tiny_features(samples)
    model, tokenizer, _ = build(params, samples, features)
    with pytest.raises(ValueError, match=r"tandem\.json: not found; train the model"):
        load_model(tmp_path)
    save_description(tmp_path, model, tokenizer, params, NER, PictureDims(6, 6), {})
    with pytest.raises(ValueError, match=r"model\.safetensors: not found"):
        load_model(tmp_path)
    save_weights(model, tmp_path / "model.safetensors")
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"model\.safetensors: truncated or damaged"):
        load_model(tmp_path)
    (tmp_path / "tandem.json").write_text("{")
    with pytest.raises(ValueError, match="not valid JSON"):
        load_model(tmp_path)
