"""Joint encoders with the other knobs: attention, adapters, a tower that trains, pictures from disk, CLIP as both."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import CLIPImageProcessor

from tandem.inference.corpus import predict_corpus
from tandem.inference.held_out import HeldOut
from tandem.models.build import PictureDims, build_model, load_model, save_description, save_weights
from tandem.tasks import NER, RE
from tandem.training.loop import TrainingData, train
from tandem.training.state import StateStore
from tandem.vision.cache import FeatureCache
from tandem.vision.extract import extract

FAMILIES = ["blip_vqa", "vilt", "blip2_opt", "blip2_t5"]
LABELS = {NER: ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"], RE: ["None", "/per/org/member_of", "/org/per/led_by"]}


@pytest.mark.parametrize(
    ("name", "ahead"), [("blip_vqa", True), ("vilt", True), ("blip2_opt", False), ("blip2_t5", True)]
)
def test_joint_attention_is_that_of_the_text_side(built, joint_params, name, ahead) -> None:
    *_, model, _, data = built(name)
    assert model.text.reads_ahead is ahead
    other = "causal" if ahead else "as_trained"
    dims = PictureDims(data.features.pooled_dim, data.features.region_dim)
    if ahead:
        with pytest.raises(ValueError, match=r"text\.attention causal: .* was trained to read in both directions"):
            build_model(joint_params(name, **{"text.attention": other}), NER, LABELS[NER], dims)
    else:
        # A caption after the text is one that a decoder never sees.
        with pytest.raises(ValueError, match="reads from left to right, and never sees a caption"):
            build_model(joint_params(name, fusion="caption_prefix"), NER, LABELS[NER], dims)
    *_, both, _, data = built(name, **{"text.attention": "bidirectional"})
    assert both.text.reads_ahead
    batch = data.batch(range(12))
    assert torch.allclose(model(batch), both(batch), atol=1e-5) is ahead


@pytest.mark.parametrize("task", [NER, RE], ids=["ner", "re"])
@pytest.mark.parametrize("name", FAMILIES)
def test_joint_adapters_train_beside_a_frozen_encoder(built, name, task, tmp_path) -> None:
    pytest.importorskip("peft")
    params, samples, model, tokenizer, data = built(name, task, **{"text.lora": {"rank": 2, "dropout": 0.0}})
    model.train()
    model.loss(data.batch(range(12))).backward()
    trained = [key for key, parameter in model.text.named_parameters() if parameter.grad is not None]
    assert all("lora_" in key or key.startswith("queries.") or key.endswith(".rows") for key in trained)
    assert any("lora_" in key for key in trained)
    assert any(key.startswith("queries.") for key in trained) is name.startswith("blip2")
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1)
    model.eval()
    dims = PictureDims(data.features.pooled_dim, data.features.region_dim)
    save_description(tmp_path, model, tokenizer, params, task, dims, {})
    save_weights(model, tmp_path / "model.safetensors")
    saved = load_file(tmp_path / "model.safetensors")
    assert not [key for key in saved if key.startswith("text.model.") and "lora_" not in key and ".rows" not in key]
    again = load_model(tmp_path)
    copy = task.dataset(samples, tokenizer=again.tokenizer, features=data.features)
    with torch.no_grad():
        assert torch.equal(model(data.batch(range(12))), again.model(copy.batch(range(12))))


@pytest.fixture
def pictured(tiny_corpus, tmp_path):
    """`pictured(split, rows)`: sentences with their pictures on disk, reddish for one type and bluish for the other."""

    def make(split, rows):
        found = []
        for number, sample in enumerate(tiny_corpus(split, rows)):
            if sample.image_id is None:
                found.append(sample)
                continue
            noise = np.random.default_rng(number).integers(0, 120, (40, 44, 3), dtype=np.uint8)
            noise[..., 0 if "-PER-" in sample.image_id else 2] += 120
            path = tmp_path / f"{sample.image_id}.png"
            Image.fromarray(noise).save(path)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found.append(replace(sample, image_path=str(path), image_hash=digest))
        return found

    return make


def learn(params, splits, root):
    """Extract, train and predict as the stages do: the scores of the three conditions, and the checkpoint."""
    rows = [row for split in splits for row in split if row.image_id]
    columns = ["image_id", "image_path", "image_hash", "caption"]
    table = pd.DataFrame([[getattr(row, column) for column in columns] for row in rows], columns=columns)
    extract(
        table, root / "features", params.vision, root / "store", {row.image_id for row in splits[0] if row.image_id}
    )
    features = FeatureCache.open(root / "features")
    data = TrainingData(
        corpus="tiny", task=NER, labels=LABELS[NER], train=splits[0], valid=splits[1], features=features
    )
    train(params, data, seed=1, out=root / "model", store=StateStore(root / "state"))
    seen = [sample for sample in splits[1] if sample.image_id]
    said, _ = predict_corpus(root / "model", HeldOut("tiny", NER, seen, features), params, seed=1)
    return {key: NER.score(NER.gold(seen), tags)["span"]["f1"] for key, tags in said.items()}


SETTINGS = {"train.epochs": 12, "train.learning_rate": 3e-3, "vision.image_size": 32, "head.kind": "mlp"}


@pytest.mark.parametrize(
    ("name", "vision"),
    [
        ("blip_vqa", {"vision.encoder": "hf"}),
        ("blip2_opt", {"vision.encoder": "hf"}),
        ("vilt", {"vision.encoder": "raw"}),
        ("vilt", {"vision.encoder": "raw", "vision.views": 2}),
        ("blip_vqa", {"vision.encoder": "hf", "vision.train": True, "train.vision_learning_rate": 1e-3}),
    ],
    ids=["blip", "blip2", "vilt", "vilt-views", "blip-trained-tower"],
)
def test_joint_from_pictures_on_disk_to_predictions(joint_params, tiny_joint, pictured, tmp_path, name, vision) -> None:
    encoder = vision["vision.encoder"]
    vision = vision | {"vision.encoder": f"hf/{tiny_joint(name)}" if encoder == "hf" else encoder}
    params = joint_params(name, **SETTINGS, **vision)
    scores = learn(params, [pictured("train", 60), pictured("valid", 30)], tmp_path)
    assert scores["predicted"] > 0.9, scores
    assert scores["shuffled_image"] < scores["predicted"] - 0.15, scores
    trained = load_model(tmp_path / "model")
    assert (trained.model.vision is not None) is params.vision.train
    assert not [key for key, _ in trained.model.text.named_parameters() if "vision_model" in key]


def test_joint_checkpoint_with_a_tower_that_trains_needs_no_original(
    joint_params, tiny_joint, pictured, tmp_path
) -> None:
    vision = {"vision.encoder": f"hf/{tiny_joint('blip_vqa')}", "vision.train": True}
    params = joint_params("blip_vqa", **SETTINGS | {"train.epochs": 1}, **vision)
    learn(params, [pictured("train", 12), pictured("valid", 6)], tmp_path)
    before = load_model(tmp_path / "model").model.state_dict()
    about = tmp_path / "model" / "tandem.json"
    about.write_text(about.read_text().replace(json.dumps(str(tiny_joint("blip_vqa")))[1:-1], "gone/from/here"))
    after = load_model(tmp_path / "model").model.state_dict()
    assert any(key.startswith("vision.") for key in after)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)


@pytest.mark.parametrize("fusion", ["film", "cross_attention"])
def test_clip_serves_as_both_encoders(make_params, tiny_clip, pictured, tmp_path, fusion) -> None:
    CLIPImageProcessor().save_pretrained(tiny_clip)
    text = {"text.encoder": str(tiny_clip), "text.max_length": 32, "text.overlap": 8, "text.dropout": 0.0}
    params = make_params(fusion=fusion, **SETTINGS, **text, **{"vision.encoder": f"hf/{tiny_clip}"})
    scores = learn(params, [pictured("train", 60), pictured("valid", 30)], tmp_path)
    assert scores["predicted"] > 0.9, scores
    assert scores["shuffled_image"] < scores["predicted"] - 0.15, scores
    names = [key for key, _ in load_model(tmp_path / "model").model.named_parameters()]
    assert not [key for key in names if "vision" in key]
