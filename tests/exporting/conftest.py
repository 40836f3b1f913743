"""Checkpoints whose every weight plays a part, as those of trained models do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tandem.corpora.labels import label_set
from tandem.models.build import PictureDims, build_model, save_description, save_weights
from tandem.tasks import NER

RELATIONS = ["None", "/org/per/led_by", "/per/org/member_of"]
ABOUT = {"corpus": "tiny", "seed": 1, "valid": {"span_f1": 0.5}, "best_epoch": 2, "epochs": 3}


@pytest.fixture
def checkpoint(tmp_path) -> Callable[..., Path]:
    """`checkpoint(params, task=NER, dims=(432, 124))`: a folder models/tiny/1."""

    def make(params: Any, task: Any = NER, dims: tuple[int, int] = (432, 124)) -> Path:
        labels = label_set(["LOC", "PER"]) if task is NER else RELATIONS
        torch.manual_seed(1)
        model, tokenizer = build_model(params, task, labels, PictureDims(*dims))
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.requires_grad:
                    parameter.add_(torch.randn_like(parameter), alpha=0.1)
        folder = tmp_path / "models" / "tiny" / "1"
        save_description(folder, model, tokenizer, params, task, PictureDims(*dims), ABOUT)
        save_weights(model, folder / "model.safetensors")
        return folder

    return make
