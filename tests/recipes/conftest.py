"""Small stand-ins for the weights that recipes name, and a corpus of a few posts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tandem.corpora.embedded.generate import generate
from tandem.params.embedded import EmbeddedParams

# For every checkpoint that a recipe names, the fixture that makes a small one of the same kind, and its argument.
STAND_INS: dict[str, tuple[str, str | None]] = {
    "FacebookAI/roberta-large": ("tiny_roberta", None),
    "google-bert/bert-base-uncased": ("tiny_bert", None),
    "vinai/bertweet-base": ("tiny_bertweet", None),
    "meta-llama/Llama-3.1-8B": ("tiny_llama", None),
    "openai/clip-vit-large-patch14": ("tiny_clip", None),
    "openai/clip-vit-base-patch32": ("tiny_clip", None),
    "Salesforce/blip-itm-base-coco": ("tiny_joint", "blip_itm"),
    "Salesforce/blip2-opt-2.7b": ("tiny_joint", "blip2_opt"),
    "dandelin/vilt-b32-mlm": ("tiny_joint", "vilt"),
    "google/vit-base-patch16-224": ("tiny_vit", None),
}
# Of torchvision's, the smallest of the family, with random weights.
TORCHVISION = {"torchvision/resnet50": "torchvision/resnet18", "torchvision/alexnet": "torchvision/alexnet"}
PREPROCESSOR = {"image_processor_type": "ViTImageProcessor", "image_mean": [0.5] * 3, "image_std": [0.5] * 3}


@pytest.fixture(scope="session")
def tiny_vit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ViT of one thin layer."""
    from transformers import ViTConfig, ViTModel  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("tiny-vit")
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    ViTModel(ViTConfig(**sizes, image_size=32, patch_size=16)).save_pretrained(folder)
    return folder


@pytest.fixture
def stand_in(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """`stand_in(name)`: the folder of a small checkpoint for one that a recipe names."""

    def make(name: str) -> str:
        if name not in STAND_INS:
            pytest.fail(f"no small checkpoint stands in for {name!r}: add one to STAND_INS in {__file__}")
        fixture, argument = STAND_INS[name]
        made = request.getfixturevalue(fixture)
        folder = tmp_path / name.replace("/", "-")
        if not folder.exists():
            shutil.copytree(made if argument is None else made(argument), folder)
        if not (folder / "preprocessor_config.json").exists():
            (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR), encoding="utf-8")
        return str(folder)

    return make


@pytest.fixture
def small(stand_in: Callable[[str], str]) -> Callable[[dict[str, Any], str], dict[str, Any]]:
    """`small(params, corpus)`: an overlay that makes the knobs of a recipe into those of a run of two steps."""

    def make(tree: dict[str, Any], corpus: str) -> dict[str, Any]:
        family, _, name = tree["vision"]["encoder"].partition("/")
        vision = {"image_size": 64, "workers": 1, "precision": "float32"}
        if family == "torchvision":
            encoder = tree["vision"]["encoder"]
            if encoder not in TORCHVISION:
                pytest.fail(f"no small encoder stands in for {encoder!r}: add one to TORCHVISION in {__file__}")
            vision |= {"encoder": TORCHVISION[encoder], "weights": "none"}
        elif family == "hf":
            vision |= {"encoder": f"hf/{stand_in(name)}", "image_size": 32}
        elif family not in ("raw", "pixels"):
            pytest.fail(f"no small encoder stands in for {tree['vision']['encoder']!r}: add the family in {__file__}")
        return {
            "datasets": [corpus],
            "seeds": [1],
            "text": {"encoder": stand_in(tree["text"]["encoder"]), "max_length": 32, "overlap": 8},
            "vision": vision,
            "train": {
                **{"epochs": 1, "batch_size": 8, "eval_batch_size": 8, "threads": 1},
                **{"device": "cpu", "precision": "float32", "resume": False},
            },
        }

    return make


@pytest.fixture(scope="session")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data/embedded: 16 posts (or pairs) to train on, that is two batches, and 4 for each other split."""
    folder = tmp_path_factory.mktemp("posts")
    generate(folder / "data/embedded", EmbeddedParams(train=16, valid=4, test=4))
    return folder
