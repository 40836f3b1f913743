"""A checkpoint as a folder that loads on any machine, without a network and without the project."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tandem.exporting.adapters import merge_adapters
from tandem.exporting.card import find_results, model_card
from tandem.exporting.frozen import FOLDER, save_frozen
from tandem.exporting.graph import graph_inputs, write_graph
from tandem.exporting.manifest import CARD, MANIFEST, write_manifest
from tandem.files import atomic_path, write_text
from tandem.inference.predictor import checkpoint
from tandem.models.build import Trained, load_model, save_description, save_weights
from tandem.params import TandemParams


@dataclass(frozen=True)
class Exported:
    """What was written. files: how many. size: bytes. difference: of the graph's scores, None without a graph."""

    files: int
    size: int
    difference: float | None
    notes: tuple[str, ...]


def export(source: Path, out: Path, *, onnx: bool = False, overwrite: bool = False) -> Exported:
    """Write a checkpoint (or the best of `models/<corpus>`) to the folder `out`, all of it or nothing.

    Picture encoder, tokenizer and labels go with it, adapters are merged, and `README.md` is its model card. onnx: with
    an ONNX graph beside it. overwrite: replace an earlier export.

    Errors: `ValueError` if `out` exists, if weights cannot be had, or if the model cannot be an ONNX graph.
    """
    folder = checkpoint(source)
    if (folder / MANIFEST).is_file():
        raise ValueError(f"{folder}: an exported model already; copy the folder, or export its checkpoint again")
    _check_free(out, overwrite)
    trained = load_model(folder)
    inputs = graph_inputs(trained) if onnx else None
    results = find_results(folder, trained.about)
    merged = trained.params.text.lora.rank
    with atomic_path(out) as temporary:
        temporary.mkdir()
        trained = _write_model(trained, temporary)
        difference = None if inputs is None else write_graph(trained, temporary)
        graph = None if inputs is None or difference is None else (inputs, difference)
        name = "-".join(str(part) for part in (trained.about.get("corpus", folder.name), trained.params.fusion))
        write_text(temporary / CARD, model_card(trained, results, name, merged=merged, graph=graph))
        files = write_manifest(temporary)
        for path in temporary.rglob("*.safetensors"):
            path.chmod((temporary / CARD).stat().st_mode)  # safetensors writes for the owner alone
        size = sum(path.stat().st_size for path in temporary.rglob("*") if path.is_file())
        if out.exists():
            shutil.rmtree(out)
    return Exported(len(files) + 2, size, difference, results.notes)


def _check_free(out: Path, overwrite: bool) -> None:
    if not (out.exists() or out.is_symlink()):
        return
    if not (out / MANIFEST).is_file():
        raise ValueError(f"{out}: exists, and is no exported model; name another folder")
    if not overwrite:
        raise ValueError(f"{out}: exists; name another folder, or replace it with --overwrite")


def _write_model(trained: Trained, folder: Path) -> Trained:
    """Write the checkpoint with its picture encoder; the model without adapters, under names that fit any machine."""
    with tempfile.TemporaryDirectory(prefix="tandem-export-") as scratch:
        trained = merge_adapters(trained, Path(scratch) / "text")
    about: dict[str, Any] = dict(trained.about)
    if trained.model.fusion.uses_picture:
        frozen = save_frozen(trained.params.vision.extracted, folder / FOLDER)
        about |= {} if frozen is None else {"frozen_encoder": frozen}
    trained = replace(trained, params=portable(trained.params))
    save_description(folder, trained.model, trained.tokenizer, trained.params, trained.task, trained.reads, about)
    save_weights(trained.model, folder / "model.safetensors")
    return trained


def portable(params: TandemParams) -> TandemParams:
    """With the last part alone of the folders and files of this machine, which an exported model does not read."""
    text, vision = params.text, params.vision
    updates: dict[str, Any] = {
        "encoder": vision.encoder,
        "weights": None if vision.weights is None else _short(vision.weights),
        "caption_encoder": _short(vision.caption_encoder),
    }
    if vision.family == "hf":
        updates["encoder"] = f"hf/{_short(vision.architecture)}"
    short = {"text": text.model_copy(update={"encoder": _short(text.encoder)})}
    return params.model_copy(update={**short, "vision": vision.model_copy(update=updates)})


def _short(name: str) -> str:
    path = Path(name).expanduser()
    return f"local/{path.name}" if path.is_absolute() else name
