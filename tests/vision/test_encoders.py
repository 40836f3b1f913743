from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torchvision import models
from transformers import (
    Blip2ForConditionalGeneration,
    BlipForConditionalGeneration,
    BlipForImageTextRetrieval,
    BlipForQuestionAnswering,
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPVisionConfig,
    ConvNextConfig,
    ConvNextModel,
    Dinov2Config,
    Dinov2Model,
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersModel,
    ResNetConfig,
    ResNetModel,
    SiglipConfig,
    SiglipModel,
    SiglipTextConfig,
    SiglipVisionConfig,
    ViTConfig,
    ViTModel,
)

from tandem import weights
from tandem.params.vision import VisionParams
from tandem.vision.encoder import Encoded, Encoder
from tandem.vision.hf_models import TransformersEncoder
from tandem.vision.registry import encoder_identity, load_encoder

PROCESSOR = {
    "image_processor_type": "ViTImageProcessor",
    "image_mean": [0.5] * 3,
    "image_std": [0.5] * 3,
    "resample": 2,
}


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "hub_reachable", lambda: False)


def _picture(seed: int) -> Image.Image:
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize((80, 60), Image.Resampling.NEAREST)


def _encode(encoder: Encoder, seeds: tuple[int, ...] = (0, 1)) -> Encoded:
    with torch.inference_mode():
        return encoder(encoder.collate([encoder.preprocess(_picture(seed)) for seed in seeds]))


def _check(encoder: Encoder) -> Encoded:
    """Shapes as announced, pictures and regions that differ, no gradient, the same again and in any batch."""
    assert not encoder.training
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    encoded = _encode(encoder)
    pooled, regions, lengths = encoded
    assert pooled.shape == (2, encoder.pooled_dim)
    assert regions.shape == (2, encoder.regions, encoder.region_dim)
    assert lengths.tolist() == [encoder.regions] * 2
    assert pooled.dtype == regions.dtype == torch.float32
    assert not torch.allclose(pooled[0], pooled[1])
    assert not torch.allclose(regions[0], regions[1])
    assert encoder.regions == 1 or not torch.allclose(regions[0, 0], regions[0, 1])
    alone = _encode(encoder, (1,))
    torch.testing.assert_close(alone.pooled[0], pooled[1], rtol=1e-3, atol=1e-4)
    return encoded


@pytest.mark.parametrize(
    ("name", "pooled", "regions", "region"),
    [
        ("torchvision/resnet18", 512, 4, 512),
        ("torchvision/mobilenet_v3_small", 576, 4, 576),
        ("timm/test_vit", 64, 16, 64),
        ("timm/resnet10t", 512, 4, 512),
    ],
)
def test_encoders_of_libraries_give_pooled_and_regions(name: str, pooled: int, regions: int, region: int) -> None:
    encoder = load_encoder(VisionParams(encoder=name, weights="none", image_size=64))
    assert (encoder.pooled_dim, encoder.regions, encoder.region_dim) == (pooled, regions, region)
    if name != "torchvision/mobilenet_v3_small":  # without weights its activations vanish
        _check(encoder)


def test_alexnet_gives_fc7_and_its_last_map() -> None:
    encoder = load_encoder(VisionParams(encoder="torchvision/alexnet", weights="none", image_size=96))
    assert (encoder.pooled_dim, encoder.regions, encoder.region_dim) == (4096, 36, 256)


def test_torchvision_vit_gives_class_and_patch_tokens() -> None:
    from tandem.vision.torchvision_models import TorchvisionEncoder  # noqa: PLC0415

    model = models.VisionTransformer(
        image_size=64, patch_size=16, num_layers=1, num_heads=2, hidden_dim=32, mlp_dim=32
    ).eval()
    encoder = TorchvisionEncoder(name="vit_b_16", model=model, image_size=64, max_regions=64)
    _check(encoder)
    assert encoder.regions == 16
    with torch.inference_mode():
        pixels = torch.randn(1, 3, 64, 64)
        torch.testing.assert_close(model.heads(encoder.grid(pixels)[0]), model(pixels))


def test_resnet_pooled_is_what_its_classifier_sees() -> None:
    encoder = load_encoder(VisionParams(encoder="torchvision/resnet18", weights="none", image_size=64))
    with torch.inference_mode():
        pixels = torch.randn(1, 3, 64, 64)
        pooled, grid = encoder.grid(pixels)  # type: ignore[operator]
        torch.testing.assert_close(encoder.model.fc(pooled), encoder.model(pixels))  # type: ignore[union-attr,operator]
    torch.testing.assert_close(grid.mean(dim=(2, 3)), pooled)


@pytest.mark.parametrize("kind", ["vit", "resnet"])
def test_open_clip_gives_projection_and_tokens(tmp_path: Path, kind: str) -> None:
    vision = {"width": 64, "patch_size": 16, "image_size": 64, "layers": [1, 1, 1, 1] if kind == "resnet" else 1}
    text = {"context_length": 8, "vocab_size": 50, "width": 32, "heads": 2, "layers": 1}
    config = tmp_path / f"tiny-{kind}.json"
    config.write_text(json.dumps({"embed_dim": 24, "vision_cfg": {**vision, "head_width": 32}, "text_cfg": text}))
    open_clip.add_model_config(config)
    encoder = load_encoder(VisionParams(encoder=f"open_clip/tiny-{kind}", weights="none", image_size=64))
    _check(encoder)
    assert encoder.pooled_dim == 24
    assert encoder.region_dim == (2048 if kind == "resnet" else 64)
    assert encoder.regions == (4 if kind == "resnet" else 16)


def _save_hf(model: object, folder: Path) -> VisionParams:
    model.save_pretrained(folder)  # type: ignore[attr-defined]
    (folder / "preprocessor_config.json").write_text(json.dumps(PROCESSOR))
    return VisionParams(encoder=f"hf/{folder}", image_size=64)


def test_hf_resnet_gives_its_map(tmp_path: Path) -> None:
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 8, 16, 24], depths=[1, 1, 1, 1])
    encoder = load_encoder(_save_hf(ResNetModel(config), tmp_path))
    pooled, regions, _ = _check(encoder)
    assert (encoder.regions, encoder.region_dim) == (4, 24)
    torch.testing.assert_close(regions.mean(dim=1), pooled)
    assert encoder.std.flatten().tolist() == [127.5] * 3  # type: ignore[union-attr,operator]


VIT = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16, "patch_size": 16}


@pytest.mark.parametrize("trained", [64, 32])
def test_hf_vit_gives_class_and_patch_tokens_at_any_size(tmp_path: Path, trained: int) -> None:
    encoder = load_encoder(_save_hf(ViTModel(ViTConfig(image_size=trained, **VIT)), tmp_path))
    _check(encoder)
    assert (encoder.pooled_dim, encoder.regions, encoder.region_dim) == (16, 16, 16)


def test_hf_clip_gives_its_projection(tmp_path: Path) -> None:
    text = CLIPTextConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2)
    config = CLIPConfig(
        text_config=text.to_dict(), vision_config=CLIPVisionConfig(image_size=64, **VIT).to_dict(), projection_dim=12
    )
    encoder = load_encoder(_save_hf(CLIPModel(config), tmp_path))
    _check(encoder)
    assert (encoder.pooled_dim, encoder.regions, encoder.region_dim) == (12, 16, 16)


def test_hf_models_that_take_any_size_do_so_without_being_told(tmp_path: Path) -> None:
    dino = {**VIT, "patch_size": 8}
    for name, model, size, regions in [
        ("dino", Dinov2Model(Dinov2Config(image_size=32, **dino)), 64, 64),
        ("registers", Dinov2WithRegistersModel(Dinov2WithRegistersConfig(image_size=32, **dino)), 64, 64),
        ("convnext", ConvNextModel(ConvNextConfig(hidden_sizes=[8] * 4, depths=[1] * 4, image_size=224)), 64, 4),
    ]:
        encoder = load_encoder(_save_hf(model, tmp_path / name))
        assert encoder.side == size
        assert encoder.regions == regions
        if name != "convnext":
            assert encoder.options == {}


def test_hf_names_the_size_of_a_model_that_takes_no_other(tmp_path: Path) -> None:
    class Stubborn(torch.nn.Module):
        config = ViTConfig(image_size=32)

        def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
            raise ValueError("no such size")

    with pytest.raises(ValueError, match=r"vision.image_size 64: Stubborn cannot read it \(no such size\); set 32"):
        TransformersEncoder(
            model=Stubborn(), image_size=64, mean=(0.5,) * 3, std=(0.5,) * 3, max_regions=64, bicubic=True, configs=()
        )


def test_hf_siglip_gives_patches_and_their_mean(tmp_path: Path) -> None:
    vision = SiglipVisionConfig(image_size=64, **VIT)
    text = SiglipTextConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2)
    config = SiglipConfig(text_config=text.to_dict(), vision_config=vision.to_dict())
    encoder = load_encoder(_save_hf(SiglipModel(config), tmp_path))
    pooled, regions, _ = _check(encoder)
    assert (encoder.pooled_dim, encoder.regions) == (16, 16)
    torch.testing.assert_close(pooled, regions.mean(dim=1))


@pytest.mark.parametrize("name", ["blip_vqa", "blip_itm", "blip_captioning", "blip2_opt"])
def test_hf_of_a_joint_model_gives_what_its_text_side_attends_to(tiny_joint: Callable[[str], Path], name: str) -> None:
    folder = tiny_joint(name)
    encoder = load_encoder(VisionParams(encoder=f"hf/{folder}", image_size=32))
    _check(encoder)
    assert (encoder.pooled_dim, encoder.regions, encoder.region_dim) == (16, 4, 16)
    parameters = {key for key, _ in encoder.named_parameters()}
    assert not [key for key in parameters if "text" in key or "qformer" in key or "language" in key]
    full = {
        "blip_vqa": BlipForQuestionAnswering,
        "blip_itm": BlipForImageTextRetrieval,
        "blip_captioning": BlipForConditionalGeneration,
        "blip2_opt": Blip2ForConditionalGeneration,
    }[name].from_pretrained(folder)
    with torch.inference_mode():
        pixels = torch.randn(2, 3, 32, 32)
        pooled, grid = encoder.grid(pixels)  # type: ignore[operator]
        states = full.eval().vision_model(pixels).last_hidden_state
    torch.testing.assert_close(torch.cat([pooled[:, None], grid.flatten(2).transpose(1, 2)], dim=1), states)


def test_hf_tower_of_a_joint_model_takes_other_sizes_and_coarser_grids(tiny_joint: Callable[[str], Path]) -> None:
    encoder = load_encoder(VisionParams(encoder=f"hf/{tiny_joint('blip_vqa')}", image_size=64, max_regions=9))
    _check(encoder)
    assert encoder.regions == 9


def test_hf_without_preprocessor_names_the_folder(tmp_path: Path) -> None:
    params = _save_hf(ViTModel(ViTConfig(image_size=64, **VIT)), tmp_path)
    (tmp_path / "preprocessor_config.json").unlink()
    with pytest.raises(ValueError, match=str(tmp_path.name)):
        load_encoder(params)


def test_encoders_average_a_grid_finer_than_max_regions() -> None:
    params = {"encoder": "timm/test_vit", "weights": "none", "image_size": 64}
    fine = _encode(load_encoder(VisionParams(**params)))
    coarse = _encode(load_encoder(VisionParams(**params, max_regions=5)))
    assert coarse.regions.shape == (2, 4, 64)
    torch.testing.assert_close(coarse.regions.mean(dim=1), fine.regions.mean(dim=1))


def test_encoders_with_random_weights_are_the_same_each_time() -> None:
    params = VisionParams(encoder="timm/resnet10t", weights="none", image_size=64)
    before = torch.random.get_rng_state()
    assert torch.equal(_encode(load_encoder(params)).pooled, _encode(load_encoder(params)).pooled)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("name", ["torchvision/resnet18", "timm/resnet10t"])
def test_encoders_read_local_weights(tmp_path: Path, name: str) -> None:
    blank = VisionParams(encoder=name, weights="none", image_size=64)
    state = load_encoder(blank).model.state_dict()  # type: ignore[union-attr,operator]
    file = tmp_path / "w.safetensors"
    save_file({key: value + 1 for key, value in state.items()}, file)
    local = VisionParams(encoder=name, weights=str(file), image_size=64)
    read = load_encoder(local).model.state_dict()  # type: ignore[union-attr,operator]
    torch.testing.assert_close(read, {key: value + 1 for key, value in state.items()})
    assert encoder_identity(local)["weights"] != encoder_identity(blank)["weights"]
    save_file({"x": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match=r"x\.safetensors"):
        load_encoder(VisionParams(encoder=name, weights=str(tmp_path / "x.safetensors"), image_size=64))


@pytest.mark.parametrize("name", ["torchvision/resnet18", "timm/resnet10t", "open_clip/ViT-B-32"])
def test_encoders_of_a_queued_experiment_find_weights_in_its_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "w.safetensors").write_bytes(b"weights")
    workspace = tmp_path / ".dvc/tmp/exps/tmp123"
    workspace.mkdir(parents=True)
    params = VisionParams(encoder=name, weights="w.safetensors", image_size=64)
    monkeypatch.chdir(tmp_path)
    inside = encoder_identity(params)
    monkeypatch.chdir(workspace)
    assert encoder_identity(params) == inside
    assert str(inside["weights"]).startswith("sha256:")


@pytest.mark.parametrize(
    ("name", "near"),
    [("torchvision/resnet5", "resnet50"), ("timm/resnet5", "resnet50"), ("open_clip/ViT-B32", "ViT-B-32")],
)
def test_encoders_suggest_the_nearest_architecture(name: str, near: str) -> None:
    with pytest.raises(ValueError, match=f"unknown .* did you mean '{near}'"):
        load_encoder(VisionParams(encoder=name, weights="none"))


@pytest.mark.parametrize("name", ["torchvision/resnet18", "timm/resnet18", "open_clip/ViT-B-32"])
def test_encoders_refuse_unknown_weights(name: str) -> None:
    with pytest.raises(ValueError, match="neither a file nor a tag"):
        load_encoder(VisionParams(encoder=name, weights="no_such_tag"))


@pytest.mark.parametrize("name", ["timm/resnet18", "open_clip/ViT-B-32", "hf/nobody/nothing"])
def test_encoders_fail_fast_without_a_hub(name: str) -> None:
    with pytest.raises(ValueError, match="hub cannot be reached"):
        load_encoder(VisionParams(encoder=name))


def test_torchvision_names_the_image_size_that_its_weights_need() -> None:
    with pytest.raises(ValueError, match=r"image_size 64 does not fit .*set it to 224"):
        load_encoder(VisionParams(encoder="torchvision/vit_b_16", image_size=64))


def test_pixels_are_the_thumbnail_and_its_cells() -> None:
    encoder = load_encoder(VisionParams())
    _check(encoder)
    assert (encoder.pooled_dim, encoder.regions, encoder.region_dim) == (432, 16, 124)
    image = Image.new("RGB", (48, 48), "white")
    image.paste((0, 0, 0), (36, 12, 48, 24))  # the cell in row 1, column 3
    with torch.inference_mode():
        pooled, regions, _ = encoder(encoder.collate([encoder.preprocess(image)]))
    dark = (regions[0, :, :108] < 0).all(dim=1)
    assert dark.tolist() == [cell == 7 for cell in range(16)]
    assert torch.equal(regions[0, :, 108:], torch.eye(16))
    assert (pooled.view(3, 12, 12)[:, 3:6, 9:12] < 0).all()
    assert (pooled < 0).sum() == 27


def test_pixels_need_all_their_cells() -> None:
    with pytest.raises(ValueError, match="needs 16"):
        load_encoder(VisionParams(max_regions=15))


def test_caption_gives_the_states_of_its_words(tiny_bert: Path) -> None:
    encoder = load_encoder(VisionParams(encoder="caption", caption_encoder=str(tiny_bert), max_regions=4))
    texts = ["a dog", "a dog runs on the beach", "the §"]
    batch = encoder.collate([encoder.preprocess(text) for text in texts])
    with torch.inference_mode():
        pooled, regions, lengths = encoder(batch)
        states = encoder.model(input_ids=batch[:1, 0, :4]).last_hidden_state  # type: ignore[union-attr,operator]
    assert lengths.tolist() == [2, 4, 2]
    assert regions.shape == (3, 4, 32)
    torch.testing.assert_close(regions[0, :2], states[0, 1:3])
    assert (regions[0, 2:] == 0).all()
    torch.testing.assert_close(pooled[0], regions[0, :2].mean(dim=0))


def test_caption_is_cut_to_the_positions_of_roberta(tiny_roberta: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unbounded"
    shutil.copytree(tiny_roberta, folder)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config.pop("model_max_length", None)
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    encoder = load_encoder(VisionParams(encoder="caption", caption_encoder=str(folder), max_regions=4096))
    with torch.inference_mode():
        _, _, lengths = encoder(encoder.collate([encoder.preprocess("a dog " * 600)]))
    positions = encoder.model.config.max_position_embeddings  # type: ignore[union-attr]
    assert lengths.tolist() == [encoder.regions] == [positions - encoder.model.config.pad_token_id - 1 - 2]  # type: ignore[union-attr]


def test_caption_layer_chooses_the_states(tiny_bert: Path) -> None:
    def pooled(layer: int) -> torch.Tensor:
        params = VisionParams(encoder="caption", caption_encoder=str(tiny_bert), caption_layer=layer)
        encoder = load_encoder(params)
        with torch.inference_mode():
            return encoder(encoder.collate([encoder.preprocess("a dog")])).pooled

    assert torch.equal(pooled(-1), pooled(2))
    assert not torch.allclose(pooled(0), pooled(2))
    with pytest.raises(ValueError, match=r"caption_layer 3: this encoder has -3 to 2"):
        pooled(3)


def test_caption_without_words_gives_no_tokens(tiny_bert: Path) -> None:
    encoder = load_encoder(VisionParams(encoder="caption", caption_encoder=str(tiny_bert)))
    assert encoder.preprocess(" \u200b ").shape[-1] == 0


def test_registry_imports_the_chosen_family_alone() -> None:
    code = (
        "import sys; from tandem.params.vision import VisionParams; from tandem.vision.registry import load_encoder; "
        "load_encoder(VisionParams()); "
        "print([name for name in ('timm', 'open_clip', 'transformers', 'torchvision') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "[]"
