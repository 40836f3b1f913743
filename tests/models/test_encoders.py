"""Models around every architecture of text encoder: checkpoints, adapters, kills."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from safetensors import safe_open

from tandem.corpora.labels import label_set
from tandem.models.build import PictureDims, build_model, load_model, save_description, save_weights
from tandem.tasks import NER, RE
from tandem.training.loop import TrainingData, train
from tandem.training.state import StateStore

ENCODERS = [
    *("tiny_bert", "tiny_roberta", "tiny_bertweet", "tiny_xlmr", "tiny_deberta", "tiny_deberta_v3", "tiny_mpnet"),
    *("tiny_llama", "tiny_mistral", "tiny_qwen2", "tiny_clip"),
]
RELATIONS = ["None", "/org/per/led_by", "/per/org/member_of"]
LORA = {"rank": 4, "dropout": 0.1}


@pytest.fixture(params=["ner", "re"])
def data(request, tiny_corpus, tiny_pairs, tiny_features) -> TrainingData:
    make, task, labels = (
        (tiny_corpus, NER, label_set(["LOC", "PER"])) if request.param == "ner" else (tiny_pairs, RE, RELATIONS)
    )
    training, validation = make("train", 16), make("valid", 8)
    features = tiny_features(training + validation)
    return TrainingData(corpus="tiny", task=task, labels=labels, train=training, valid=validation, features=features)


def settings(folder, **more) -> dict:
    return {"text.encoder": str(folder), "text.max_length": 32, "text.overlap": 8, "train.learning_rate": 1e-2, **more}


def outputs(trained, data) -> torch.Tensor:
    rows = trained.task.dataset(data.valid, tokenizer=trained.tokenizer, features=data.features)
    with torch.no_grad():
        return trained.model(rows.batch(range(len(data.valid))))


@pytest.mark.parametrize("lora", [{}, LORA])
@pytest.mark.parametrize("attention", ["as_trained", "bidirectional"])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_encoders_survive_saving(request, make_params, data, tmp_path, encoder, attention, lora) -> None:
    folder = request.getfixturevalue(encoder)
    params = make_params(**settings(folder, **{"text.attention": attention, "text.lora": lora}))
    dims = PictureDims(data.features.pooled_dim, data.features.region_dim)
    model, tokenizer = build_model(params, data.task, data.labels, dims)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter), alpha=0.1)
    save_description(tmp_path, model, tokenizer, params, data.task, dims, {})
    save_weights(model, tmp_path / "model.safetensors")
    again = load_model(tmp_path)
    assert "base" not in again.about
    rows = data.task.dataset(data.valid, tokenizer=tokenizer, features=data.features)
    with torch.no_grad():
        expected = model.eval()(rows.batch(range(len(data.valid))))
    assert torch.equal(outputs(again, data), expected)


@pytest.mark.parametrize("encoder", ["tiny_bert", "tiny_llama"])
def test_encoders_adapted_checkpoints_hold_what_was_trained(request, make_params, data, tmp_path, encoder) -> None:
    folder = request.getfixturevalue(encoder)
    store = StateStore(tmp_path / "state")
    params = make_params(fusion="text_only", **settings(folder, **{"text.lora": LORA}))
    train(params, data, seed=1, out=tmp_path / "model", store=store)
    with safe_open(tmp_path / "model/model.safetensors", "pt") as file:
        names = set(file.keys())
    text = {name for name in names if name.startswith("text.")}
    assert {name.rpartition(".")[2] for name in text} == {"weight"} | ({"rows"} if data.task is RE else set())
    assert all("lora_" in name or name.endswith(".rows") for name in text)
    assert any(name.startswith("head.") for name in names)
    whole = make_params(fusion="text_only", **settings(folder))
    train(whole, data, seed=1, out=tmp_path / "whole", store=store)
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("model", "whole")]
    assert sizes[0] < 0.5 * sizes[1]
    about = json.loads((tmp_path / "model/tandem.json").read_text())
    assert about["base"].startswith("sha256:")
    assert "base" not in json.loads((tmp_path / "whole/tandem.json").read_text())


class Killed(Exception):
    """Stands for SIGKILL between two epochs."""


def test_encoders_adapted_training_goes_on_after_a_kill(make_params, tiny_llama, data, tmp_path) -> None:
    params = make_params(**settings(tiny_llama, **{"text.lora": LORA, "train.epochs": 3}))

    def die(row: dict[str, float]) -> None:
        raise Killed

    about = train(params, data, seed=1, out=tmp_path / "whole", store=StateStore(tmp_path / "a"))
    with pytest.raises(Killed):
        train(params, data, seed=1, out=tmp_path / "torn", store=StateStore(tmp_path / "b"), report=die)
    state = torch.load(tmp_path / "b/state.pt", weights_only=True)["parts"]["model"]
    assert not [name for name in state if "base_layer" in name]
    assert train(params, data, seed=1, out=tmp_path / "torn", store=StateStore(tmp_path / "b")) == about
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "torn")]
    assert files[0] == files[1]


def test_encoders_adapters_refuse_another_base(make_params, tiny_llama, data, tmp_path) -> None:
    base = tmp_path / "base"
    shutil.copytree(tiny_llama, base)
    params = make_params(**settings(base, **{"text.lora": LORA, "train.epochs": 1}))
    train(params, data, seed=1, out=tmp_path / "model", store=StateStore(tmp_path / "state"))
    load_model(tmp_path / "model")
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"rms_norm_eps": 0.5}))
    with pytest.raises(
        ValueError, match=r"tandem\.json: adapters of the base checkpoint .* but found sha256:"
    ) as found:
        load_model(tmp_path / "model")
    assert "\n" not in str(found.value)
    shutil.rmtree(base)
    with pytest.raises(ValueError, match="but found none there; put it back, or train the model again"):
        load_model(tmp_path / "model")


def test_encoders_a_bidirectional_decoder_learns_what_a_later_word_says(
    make_params, tiny_llama, tiny_corpus, tiny_features, tmp_path
) -> None:
    """The type of `Paris` stands two words later: hidden from a causal model."""
    from dataclasses import replace  # noqa: PLC0415

    def told(split: str, number: int) -> list:
        rows = tiny_corpus(split, number)
        return [
            replace(row, words=[*row.words[:2], "a" if row.tags[1] == "B-PER" else "b", *row.words[3:]]) for row in rows
        ]

    training, validation = told("train", 60), told("valid", 30)
    data = TrainingData(
        corpus="tiny",
        task=NER,
        labels=label_set(["LOC", "PER"]),
        train=training,
        valid=validation,
        features=tiny_features(training + validation),
    )
    found = {}
    for attention in ("as_trained", "bidirectional"):
        more = {"text.attention": attention, "train.epochs": 12, "train.learning_rate": 3e-3, "decoder": "softmax"}
        params = make_params(fusion="text_only", **settings(tiny_llama, **more))
        about = train(params, data, seed=1, out=tmp_path / attention, store=StateStore(tmp_path / f"s-{attention}"))
        found[attention] = about["valid"]["span_f1"]
    assert found["bidirectional"] > 0.9
    assert found["as_trained"] < 0.8
