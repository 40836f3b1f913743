"""A picture encoder inside a model: what reaches it, what it learns from, and how a checkpoint brings it back."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models import VisionTransformer, get_model
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig, ResNetConfig, ResNetModel

from tandem import weights
from tandem.corpora.labels import label_set
from tandem.fusion import STRATEGIES, strategy
from tandem.fusion.base import Picture
from tandem.models import build as module
from tandem.models.build import PictureDims, build_model, load_model, save_description, save_weights
from tandem.models.vision import build_vision
from tandem.params.vision import VisionParams
from tandem.tasks import NER, RE
from tandem.vision.encoder import IMAGENET_MEAN
from tandem.vision.registry import encoder_identity, load_encoder
from tandem.vision.squares import to_rows
from tandem.vision.torchvision_models import TorchvisionEncoder

LABELS = {NER: label_set(["LOC", "PER"]), RE: ["None", "/org/per/led_by", "/per/org/member_of"]}
FUSIONS = sorted(  # joint encoders: tests/models/joint
    name for name in STRATEGIES if strategy(name).uses_picture and not strategy(name).joint
)
SIDE = 32
DIMS = PictureDims(3, 3 * SIDE)
TRAIN = {"vision.encoder": "timm/test_efficientnet", "vision.weights": "none", "vision.image_size": SIDE}
TRAIN |= {"vision.train": True, "text.dropout": 0.0}


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "hub_reachable", lambda: False)


def picture(present: list[bool]) -> Picture:
    squares = torch.randint(256, (len(present), 3, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    rows, kept = to_rows(squares).float(), torch.tensor(present)
    return Picture(rows.mean((1,)).view(len(rows), SIDE, 3).mean(1), rows, kept[:, None].expand(-1, SIDE), kept)


def build(params: Any, task: Any, samples: Any, features: Any) -> Any:
    torch.manual_seed(0)
    model, tokenizer = build_model(params, task, LABELS[task], PictureDims(features.pooled_dim, features.region_dim))
    reading = {"tokenizer": tokenizer, "features": features, "with_regions": model.reads_regions}
    return model, tokenizer, task.dataset(samples, labels=LABELS[task], **reading)


def test_vision_gives_what_the_encoder_gives(make_params) -> None:
    params = make_params(**TRAIN).vision
    vision = build_vision(params).eval()
    encoder = load_encoder(params)
    raw = picture([True, False, True])
    squares = raw.regions[raw.present].byte().view(2, SIDE, SIDE, 3).permute(0, 3, 1, 2)
    with torch.no_grad():
        seen, expected = vision(raw), encoder(squares)
    assert torch.equal(seen.pooled[raw.present], expected.pooled)
    assert torch.equal(seen.regions[raw.present], expected.regions)
    assert not seen.pooled[1].any()
    assert not seen.regions[1].any()
    assert seen.present.tolist() == [True, False, True]
    assert seen.region_mask.all(1).tolist() == [True, False, True]
    assert (vision.pooled_dim, vision.region_dim) == (encoder.pooled_dim, encoder.region_dim)


def test_vision_never_shows_absent_pictures_to_the_encoder(make_params, monkeypatch) -> None:
    vision = build_vision(make_params(**TRAIN).vision)
    seen: list[int] = []
    forward = vision.encoder.forward
    monkeypatch.setattr(vision.encoder, "forward", lambda batch: seen.append(len(batch)) or forward(batch))
    raw = picture([False, True, False])
    noise = torch.where(raw.present[:, None, None], raw.regions, torch.tensor(float("nan")))
    for mode in (True, False):
        found = vision.train(mode)(replace(raw, regions=noise))
        assert torch.isfinite(found.pooled).all()
        assert torch.isfinite(found.regions).all()
    assert seen == [1, 1]
    nothing = vision(
        Picture(torch.zeros(2, 3), torch.zeros(2, 1, 3 * SIDE), torch.zeros(2, 1).bool(), torch.zeros(2).bool())
    )
    assert seen == [1, 1]
    assert nothing.pooled.shape == (2, vision.pooled_dim)


def test_vision_augments_in_training_alone_and_keeps_batch_norms(make_params) -> None:
    vision = build_vision(make_params(**TRAIN).vision)
    raw = picture([True, True])
    norms = [part for part in vision.modules() if isinstance(part, nn.BatchNorm2d)]
    assert norms
    vision.train()
    assert vision.encoder.training
    assert not any(norm.training for norm in norms)
    assert all(parameter.requires_grad for norm in norms for parameter in norm.parameters())
    before = [norm.running_mean.clone() for norm in norms]
    one, two = vision(raw), vision(raw)
    assert not torch.equal(one.pooled, two.pooled)
    assert all(torch.equal(norm.running_mean, mean) for norm, mean in zip(norms, before, strict=True))
    vision.eval()
    state = torch.random.get_rng_state()
    assert torch.equal(vision(raw).pooled, vision(raw).pooled)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("task", [NER, RE])
def test_vision_learns_under_every_strategy(make_params, tiny_corpus, tiny_pairs, tiny_pictures, task, fusion) -> None:
    samples = (tiny_corpus if task is NER else tiny_pairs)("train", 12)
    model, _, data = build(make_params(fusion=fusion, **TRAIN), task, samples, tiny_pictures(samples))
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):  # some strategies start as if there were no picture
        optimizer.zero_grad()
        loss = model.loss(data.batch(range(12)))
        loss.backward()
        optimizer.step()
    moved = [parameter.grad for parameter in model.vision.parameters() if parameter.grad is not None]
    assert sum(float(grad.abs().sum()) for grad in moved) > 0
    first = next(iter(model.vision.encoder.parameters())).grad
    assert first is not None
    assert bool(first.any())


@pytest.mark.parametrize("fusion", ["text_only", "caption_prefix"])
def test_vision_is_not_built_where_no_picture_is_read(
    make_params, tiny_corpus, tiny_pictures, tmp_path, monkeypatch, fusion
) -> None:
    def refuse(*given: Any, **options: Any) -> None:
        raise AssertionError("built")

    monkeypatch.setattr(module, "build_vision", refuse)
    monkeypatch.setattr(module, "load_vision", refuse)
    samples, params = tiny_corpus("train", 4), make_params(fusion=fusion, **TRAIN)
    model, tokenizer, _ = build(params, NER, samples, tiny_pictures(samples))
    assert model.vision is None
    assert not model.reads_regions
    save_description(tmp_path, model, tokenizer, params, NER, DIMS, {})
    save_weights(model, tmp_path / "model.safetensors")
    assert load_model(tmp_path).reads == DIMS
    assert not (tmp_path / "vision").exists()


def test_vision_needs_the_pictures_themselves(make_params, tiny_corpus, tiny_features, tiny_pictures) -> None:
    samples = tiny_corpus("train", 4)
    with pytest.raises(ValueError, match=r"needs the pictures themselves at vision.image_size 32, found .* 6/6 .*run"):
        build(make_params(**TRAIN), NER, samples, tiny_features(samples))
    with pytest.raises(ValueError, match=r"found features of 3/144 numbers"):
        build(make_params(**TRAIN), NER, samples, tiny_pictures(samples, 48))


def clip_tag(folder: Path) -> dict[str, Any]:
    """A tiny open_clip architecture."""
    config = folder / "tiny-trained.json"
    vision = {"width": 32, "patch_size": 16, "image_size": SIDE, "layers": 1, "head_width": 16}
    text = {"context_length": 8, "vocab_size": 50, "width": 16, "heads": 2, "layers": 1}
    config.write_text(json.dumps({"embed_dim": 24, "vision_cfg": vision, "text_cfg": text}))
    open_clip.add_model_config(config)
    return {"vision.encoder": "open_clip/tiny-trained", "vision.weights": "none"}


def timm_file(folder: Path) -> dict[str, Any]:
    """Weights in a file."""
    blank: Any = load_encoder(VisionParams(encoder="timm/test_efficientnet", weights="none", image_size=SIDE))
    save_file(blank.model.state_dict(), folder / "w.safetensors")
    return {"vision.encoder": "timm/test_efficientnet", "vision.weights": str(folder / "w.safetensors")}


def hf(model: nn.Module, folder: Path) -> dict[str, Any]:
    model.save_pretrained(folder / "hf")  # type: ignore[operator]
    processor = {"image_processor_type": "ViTImageProcessor", "image_mean": [0.3] * 3, "image_std": [0.4] * 3}
    (folder / "hf/preprocessor_config.json").write_text(json.dumps(processor))
    return {"vision.encoder": f"hf/{folder / 'hf'}", "vision.weights": None}


def hf_resnet(folder: Path) -> dict[str, Any]:
    return hf(ResNetModel(ResNetConfig(embedding_size=8, hidden_sizes=[8, 8, 16, 24], depths=[1, 1, 1, 1])), folder)


def hf_clip(folder: Path) -> dict[str, Any]:
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    text, vision = CLIPTextConfig(**size), CLIPVisionConfig(image_size=64, patch_size=16, **size)
    return hf(
        CLIPModel(CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=12)), folder
    )


def torchvision_net(folder: Path) -> dict[str, Any]:
    return {"vision.encoder": "torchvision/mobilenet_v3_small", "vision.weights": "none"}


@pytest.mark.parametrize("make", [clip_tag, timm_file, hf_resnet, hf_clip, torchvision_net])
def test_vision_comes_back_from_the_checkpoint_alone(make_params, tiny_corpus, tiny_pictures, tmp_path, make) -> None:
    (tmp_path / "pretrained").mkdir()
    params = make_params(fusion="cross_attention", **{**TRAIN, **make(tmp_path / "pretrained")})
    samples = tiny_corpus("train", 6)
    model, tokenizer, data = build(params, NER, samples, tiny_pictures(samples))
    with torch.no_grad():
        for parameter in model.vision.parameters():
            parameter.mul_(0.9)
    folder = tmp_path / "model"
    save_description(folder, model, tokenizer, params, NER, DIMS, {})
    save_weights(model, folder / "model.safetensors")
    shutil.rmtree(tmp_path / "pretrained")
    trained = load_model(folder)
    assert (trained.dims.pooled, trained.dims.regions) == (model.vision.pooled_dim, model.vision.region_dim)
    assert trained.reads == DIMS
    batch = data.batch(range(6))
    with torch.no_grad():
        assert torch.equal(trained.model(batch), model.eval()(batch))
    assert torch.equal(trained.model.vision.encoder.mean, model.vision.encoder.mean)


@pytest.mark.parametrize("name", ["resnet18", "alexnet", "mobilenet_v3_small", "vit_b_16"])
def test_vision_drops_the_classifier(name: str) -> None:
    side = 96 if name == "alexnet" else SIDE
    if name == "vit_b_16":
        widths = {"patch_size": 16, "num_layers": 1, "num_heads": 2, "hidden_dim": 32, "mlp_dim": 32}
        model: nn.Module = VisionTransformer(image_size=side, **widths)
    else:
        model = get_model(name, weights=None)
    encoder = TorchvisionEncoder(name=name, model=model, image_size=side, max_regions=64)
    pixels = torch.randint(256, (1, 3, side, side), dtype=torch.uint8)
    frozen = encoder(pixels)
    encoder.unfreeze()
    found = encoder(pixels)
    torch.testing.assert_close(found.pooled, frozen.pooled)
    (found.pooled.sum() + found.regions.sum()).backward()
    assert [name for name, parameter in encoder.named_parameters() if parameter.grad is None] == []


def test_vision_of_a_tag_has_its_activation_and_spread_without_its_weights() -> None:
    clip = {"encoder": "open_clip/ViT-B-32", "image_size": SIDE}
    encoder: Any = load_encoder(VisionParams(**clip, weights="openai"), pretrained=False)
    assert type(encoder.visual.transformer.resblocks[0].mlp.gelu).__name__ == "QuickGELU"
    assert encoder_identity(VisionParams(**clip, weights="openai"))["activation"] == "quick_gelu"
    quick = {**clip, "encoder": "open_clip/ViT-B-32-quickgelu"}  # has it anyhow
    for settings in ({**clip, "weights": "laion2b_s34b_b79k"}, {**clip, "weights": "none"}, quick):
        assert "activation" not in encoder_identity(VisionParams(**settings))
    timm = {"encoder": "timm/mobilenetv3_large_100", "image_size": SIDE}
    means = {}
    for tag in ("miil_in21k_ft_in1k", "ra_in1k"):
        found: Any = load_encoder(VisionParams(**timm, weights=tag), pretrained=False)
        means[tag] = found.mean.flatten().tolist()
    assert means["miil_in21k_ft_in1k"] == [0.0] * 3
    assert means["ra_in1k"] == pytest.approx([255 * value for value in IMAGENET_MEAN])
