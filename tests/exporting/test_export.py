"""Exported folders: whole, equal to what they were made of, and at home anywhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torchvision.models import resnet18
from transformers import ViTConfig, ViTImageProcessor, ViTModel

import tandem
from tandem import weights
from tandem.exporting import export as module
from tandem.exporting.export import export
from tandem.inference.prediction import Query
from tandem.tasks import RE
from tandem.vision.extract import encoder_key

SOURCE = Path(tandem.__file__).parents[1]
TEXTS = ["saw Paris today", "dog runs on the beach with Ann Lee", "Paris"]


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "hub_reachable", lambda: False)


@pytest.fixture
def photo(tmp_path) -> Path:
    image = Image.linear_gradient("L").resize((50, 40)).convert("RGB")
    image.save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def queries(photo: Path, pairs: bool = False) -> list[Query]:
    shown = [Query(text, *beside) for text in TEXTS for beside in ((photo, "dog runs"), (None, None))]
    if not pairs:
        return shown
    mentions = (tandem.Mention("", "PER", 0, 2, 1.0), tandem.Mention("", "LOC", 4, 7, 1.0))
    return [Query(one.text, one.image, one.caption, mentions=mentions) for one in shown[:4]]


def read(folder: Path, asked: list[Query]) -> list[dict[str, Any]]:
    return [one.to_dict() for one in tandem.load(folder, device="cpu", precision="float32").stream(asked)]


def same(one: Any, other: Any, tolerance: float) -> bool:
    """Equal trees, but for the last digits of numbers."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= tolerance
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key], tolerance) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(same(*both, tolerance) for both in zip(one, other, strict=True))
    return bool(one == other)


ALONE = """
import json, pathlib, socket, sys
def refuse(*_): raise OSError("no network")
socket.socket.connect = socket.getaddrinfo = refuse
import tandem
asked = [tandem.Query(*one) for one in json.load(open(sys.argv[2]))]
found = tandem.load(sys.argv[1], device="cpu", precision="float32").stream(asked)
print(json.dumps([one.to_dict() for one in found]))
"""


def test_export_reads_the_same_elsewhere_without_a_network(
    checkpoint, make_params, tiny_bert, photo, tmp_path, monkeypatch
) -> None:
    vit = tmp_path / "vit"
    config = ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    config.image_size, config.patch_size = 32, 16
    ViTModel(config).save_pretrained(vit)
    ViTImageProcessor(image_mean=[0.2, 0.3, 0.4]).save_pretrained(vit)
    text = {"text.encoder": str(tiny_bert), "text.max_length": 32, "text.overlap": 8}
    params = make_params(fusion="cross_attention", vision={"encoder": f"hf/{vit}", "image_size": 32}, **text)
    folder = checkpoint(params, dims=(16, 16))
    expected = read(folder, queries(photo))
    assert expected[0]["mentions"] != expected[1]["mentions"]  # the picture has a say
    export(folder, tmp_path / "out")
    far = tmp_path / "another" / "place"
    shutil.copytree(tmp_path / "out", far)
    for gone in (vit, folder, tmp_path / "out"):
        shutil.rmtree(gone)
    asked = [[one.text, one.image and str(one.image)] for one in queries(photo)]
    (tmp_path / "asked.json").write_text(json.dumps(asked))
    command = [sys.executable, "-c", ALONE, "another/place", str(tmp_path / "asked.json")]
    environment = {"PYTHONPATH": str(SOURCE), "PATH": "", "HF_HOME": str(tmp_path / "empty"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert same(json.loads(done.stdout), json.loads(json.dumps(expected)), 1e-6)
    for path in far.rglob("*"):
        assert path.is_dir() or str(tmp_path).encode() not in path.read_bytes()


FAMILIES = {
    "pixels": ({"encoder": "pixels"}, (432, 124)),
    "torchvision": ({"encoder": "torchvision/resnet18", "weights": "none", "image_size": 32}, (512, 512)),
    "timm": ({"encoder": "timm/test_vit", "weights": "none", "image_size": 160}, (64, 64)),
    "trained": (
        {"encoder": "torchvision/resnet18", "weights": "none", "image_size": 32, "train": True},
        (3, 96),
    ),
    "caption": ({"encoder": "caption", "caption_encoder": "tiny_bert"}, (32, 32)),
    "open_clip": ({"encoder": "open_clip/tiny-exported", "weights": "none", "image_size": 32}, (24, 64)),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_export_brings_the_picture_encoder_of_every_family(
    request, checkpoint, make_params, photo, tmp_path, monkeypatch, family
) -> None:
    vision, dims = FAMILIES[family]
    if family == "caption":
        base = tmp_path / "base"
        shutil.copytree(request.getfixturevalue("tiny_bert"), base)
        vision = {**vision, "caption_encoder": str(base)}
    if family == "open_clip":
        tower = {"width": 64, "patch_size": 16, "image_size": 32, "layers": 1, "head_width": 32}
        text = {"context_length": 8, "vocab_size": 50, "width": 32, "heads": 2, "layers": 1}
        config = tmp_path / "tiny-exported.json"
        config.write_text(json.dumps({"embed_dim": 24, "vision_cfg": tower, "text_cfg": text}))
        open_clip.add_model_config(config)
    fusion = "cross_attention" if family != "timm" else "concat"
    folder = checkpoint(make_params(fusion=fusion, vision=vision), dims=dims)
    expected = read(folder, queries(photo))
    assert expected[0]["mentions"] != expected[1]["mentions"]
    export(folder, tmp_path / "out")
    shutil.rmtree(tmp_path / "base", ignore_errors=True)
    # What names weights elsewhere is not followed any more; random ones would come out alike.
    about = json.loads((tmp_path / "out/tandem.json").read_text())
    assert ("frozen_encoder" in about) == (family not in ("pixels", "trained"))
    monkeypatch.setattr(torch, "manual_seed", lambda seed: None)
    torch.random.default_generator.manual_seed(12345)
    assert same(read(tmp_path / "out", queries(photo)), expected, 0.0)
    assert str(tmp_path) not in (tmp_path / "out/tandem.json").read_text()


def test_export_of_a_local_file_of_weights_keeps_its_features_key(checkpoint, make_params, photo, tmp_path) -> None:
    file = tmp_path / "resnet.safetensors"
    torch.manual_seed(3)
    save_file(resnet18().state_dict(), file)
    vision = {"encoder": "torchvision/resnet18", "weights": str(file), "image_size": 32}
    params = make_params(fusion="concat", vision=vision)
    folder = checkpoint(params, dims=(512, 512))
    expected, key = read(folder, queries(photo)), encoder_key(params.vision)
    export(folder, tmp_path / "out")
    file.unlink()
    assert same(read(tmp_path / "out", queries(photo)), expected, 0.0)
    kept = tandem.load(tmp_path / "out", cache=tmp_path / "shelf")
    list(kept.stream(queries(photo)))
    assert [path.name for path in (tmp_path / "shelf").iterdir()] == [key]  # what extraction keeps is found again


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("encoder", ["tiny_bert", "tiny_llama"])
def test_export_merges_adapters(request, checkpoint, make_params, photo, tmp_path, encoder, pairs) -> None:
    base = tmp_path / "base"
    shutil.copytree(request.getfixturevalue(encoder), base)
    text = {"text.encoder": str(base), "text.max_length": 32, "text.overlap": 8}
    params = make_params(fusion="film", **text, **{"text.lora": {"rank": 4, "alpha": 32}})
    folder = checkpoint(params, RE) if pairs else checkpoint(params)
    assert any("lora_" in name for name in load_file(folder / "model.safetensors"))
    expected = read(folder, queries(photo, pairs))
    export(folder, tmp_path / "out")
    shutil.rmtree(base)
    names = load_file(tmp_path / "out/model.safetensors")
    assert not any("lora_" in name or "base_layer" in name for name in names)
    assert same(read(tmp_path / "out", queries(photo, pairs)), expected, 1e-4)
    about = json.loads((tmp_path / "out/tandem.json").read_text())
    assert "base" not in about
    assert about["params"]["text"]["lora"]["rank"] == 0
    assert "Adapters of rank 4 were trained" in (tmp_path / "out/README.md").read_text()


def test_export_joint_encoders_bring_their_tower(checkpoint, make_params, photo, tmp_path, tiny_joint) -> None:
    original = tmp_path / "blip"
    shutil.copytree(tiny_joint("blip_itm"), original)
    text = {"text.encoder": str(original), "text.max_length": 32, "text.overlap": 8}
    params = make_params(fusion="joint", vision={"encoder": f"hf/{original}", "image_size": 32}, **text)
    folder = checkpoint(params, dims=(16, 16))
    expected = read(folder, queries(photo))
    assert expected[2]["mentions"] != expected[3]["mentions"]
    export(folder, tmp_path / "out")
    shutil.rmtree(original)
    assert same(read(tmp_path / "out", queries(photo)), expected, 0.0)


def test_export_takes_the_best_seed_and_relations_load_behind_it(checkpoint, make_params, photo, tmp_path) -> None:
    params = make_params(fusion="text_only")
    folder = checkpoint(params)
    export(folder.parent, tmp_path / "ner")
    assert json.loads((tmp_path / "ner/tandem.json").read_text())["seed"] == 1
    assert not (tmp_path / "ner/encoder").exists()
    export(checkpoint(params, RE), tmp_path / "re")
    predictor = tandem.load(tmp_path / "ner", relations=tmp_path / "re")
    assert predictor("Ann Lee saw Paris").words


def test_export_is_all_or_nothing(checkpoint, make_params, tmp_path, monkeypatch) -> None:
    folder, out = checkpoint(make_params(fusion="concat")), tmp_path / "out"
    export(folder, out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=r"out: exists; name another folder, or replace it with --overwrite$"):
        export(folder, out)
    with pytest.raises(ValueError, match=r"models: exists, and is no exported model; name another folder$"):
        export(folder, tmp_path / "models", overwrite=True)
    with pytest.raises(ValueError, match="out: an exported model already; copy the folder"):
        export(out, tmp_path / "again")

    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("disk full")

    monkeypatch.setattr(module, "model_card", fail)
    for target in (out, tmp_path / "fresh"):
        with pytest.raises(ValueError, match="disk full"):
            export(folder, target, overwrite=True)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models", "out"]
    monkeypatch.undo()
    export(folder, out, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models", "out"]


def test_export_says_where_weights_cannot_be_had(checkpoint, make_params, tmp_path) -> None:
    vision = {"encoder": "hf/nowhere/model", "image_size": 32}
    folder = checkpoint(make_params(fusion="concat", vision=vision), dims=(16, 16))
    with pytest.raises(ValueError, match=r"^checkpoint 'nowhere/model': no such local folder .* hub cannot be reached"):
        export(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()
