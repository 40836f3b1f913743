"""A model from the knobs, or from the folder of a checkpoint."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_model as load_tensors
from safetensors.torch import save_model

from tandem.files import atomic_path, write_json
from tandem.fusion import build_fusion, strategy
from tandem.models.base import FusedModel
from tandem.models.joint.build import build_joint, check_joint, load_joint
from tandem.models.vision import TrainedVision, build_vision, load_vision
from tandem.params import ParamsError, TandemParams
from tandem.params.root import parse_params
from tandem.tasks import Task, task_of
from tandem.text.base import TextEncoder, WordTokenizer
from tandem.text.build import build_text, load_text
from tandem.vision.squares import CHANNELS
from tandem.weights import fingerprint

FORMAT = 2  # raised when what a checkpoint says of itself changes
MODEL_KEYS = ("fusion", "fusions", "text", "head", "vision")


@dataclass(frozen=True)
class PictureDims:
    """Widths of the picture features that a model fuses; with an encoder that trains, those which that gives."""

    pooled: int
    regions: int


@dataclass(frozen=True)
class Trained:
    """A model with all that is needed to use it."""

    model: FusedModel
    tokenizer: WordTokenizer
    dims: PictureDims
    params: TandemParams
    task: Task
    about: dict[str, Any]  # corpus, seed, validation scores

    @property
    def reads(self) -> PictureDims:
        """Widths of the features that its batches must bring."""
        return self.dims if self.model.vision is None else pixel_dims(self.params)


def pixel_dims(params: TandemParams) -> PictureDims:
    """Widths of the features of pictures themselves."""
    return PictureDims(CHANNELS, CHANNELS * params.vision.image_size)


def trains_vision(params: TandemParams) -> bool:
    """Whether a picture encoder is part of the model; a strategy that reads no picture has none."""
    return params.vision.train and strategy(params.fusion).uses_picture


def _assemble(
    params: TandemParams,
    task: Task,
    encoder: TextEncoder,
    labels: list[str],
    dims: PictureDims,
    vision: TrainedVision | None,
) -> FusedModel:
    if strategy(params.fusion).joint:
        check_joint(encoder, params.text.encoder, dims.pooled, dims.regions)
    fusion = build_fusion(
        params.fusion,
        knobs=params.fusion_knobs,
        text_dim=task.text_dim(encoder.out_dim, strategy(params.fusion)),
        pooled_dim=dims.pooled,
        region_dim=dims.regions,
        classes=len(labels),
    )
    model = task.model(params, encoder=encoder, fusion=fusion, labels=labels)
    model.vision = vision
    return model


def build_model(
    params: TandemParams, task: Task, labels: list[str], dims: PictureDims
) -> tuple[FusedModel, WordTokenizer]:
    """A fresh model: pretrained text and picture encoders, everything else from the current random state.

    `dims`: widths of the features that its batches will bring.

    Errors: `ValueError` if a picture encoder is to train and these are not the pictures themselves.
    """
    vision = None
    if trains_vision(params):
        if dims != pixel_dims(params):
            raise ValueError(
                f"vision.train: needs the pictures themselves at vision.image_size {params.vision.image_size}, found "
                f"features of {dims.pooled}/{dims.regions} numbers (pooled/regions); run `dvc repro extract`"
            )
        vision = build_vision(params.vision)
    reading: dict[str, Any] = {"markers": task.markers, "context": strategy(params.fusion).reads_caption}
    tokenizer, encoder = build_joint(params.text, **reading) or build_text(params.text, **reading)
    return _assemble(params, task, encoder, labels, _fused(dims, vision), vision), tokenizer


def _fused(dims: PictureDims, vision: TrainedVision | None) -> PictureDims:
    """Widths that a strategy gets, of features of `dims`."""
    return dims if vision is None else PictureDims(vision.pooled_dim, vision.region_dim)


def save_weights(model: FusedModel, target: Path) -> None:
    """Write the weights of a model, atomically; tensors that are shared are written once."""
    with atomic_path(target) as temporary:
        save_model(model, str(temporary))


def save_description(
    folder: Path,
    model: FusedModel,
    tokenizer: WordTokenizer,
    params: TandemParams,
    task: Task,
    dims: PictureDims,
    about: dict[str, Any],
) -> None:
    """Write all that a checkpoint needs beside `model.safetensors`: `tandem.json`, `text/`, and `vision/` if it trains.

    `dims`: as of `build_model`.
    """
    (folder / "text").mkdir(parents=True, exist_ok=True)
    tokenizer.save(folder / "text")
    model.text.save_config(folder / "text")
    if model.vision is not None:
        model.vision.save_config(folder / "vision")
    tree = params.model_dump(mode="json")
    # Of an adapted encoder only the adapters are saved: they fit one base checkpoint alone.
    base = {"base": fingerprint(params.text.encoder)} if params.text.lora.rank else {}
    write_json(
        folder / "tandem.json",
        {
            "format": FORMAT,
            "task": task.name,
            "labels": model.label_names,
            "picture_dims": asdict(_fused(dims, model.vision)),
            "params": {key: tree[key] for key in MODEL_KEYS} | task.knobs(params),
            **base,
            **about,
        },
    )


def load_model(folder: Path) -> Trained:
    """Load a checkpoint. Errors: `ValueError` naming file and remedy.

    Nothing but the folder is needed, except with adapters: then the checkpoint that they adapt as well.
    """
    path = folder / "tandem.json"
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path}: not found; train the model with `dvc repro train`") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ValueError(f"{path}: not valid JSON; train the model again") from None
    if about.get("format") != FORMAT:
        raise ValueError(f"{path}: checkpoint format {about.get('format')!r}, expected {FORMAT}; train the model again")
    values = {**about.pop("params"), "datasets": ["none"], "seeds": [0], "corpora": {"none": {"format": "twitter"}}}
    try:
        params = parse_params(values, str(path))
    except ParamsError as error:
        raise ValueError(f"{error}; train the model again") from None
    if (base := about.pop("base", None)) is not None:
        _check_base(path, params.text.encoder, base)
    dims = PictureDims(**about.pop("picture_dims"))
    task = task_of(about["task"])
    saved: dict[str, Any] = {"folder": folder / "text", "markers": task.markers}
    tokenizer, encoder = load_joint(params.text, **saved) or load_text(params.text, **saved)
    vision = load_vision(params.vision, folder / "vision") if trains_vision(params) else None
    model = _assemble(params, task, encoder, about.pop("labels"), dims, vision)
    load_weights(model, folder / "model.safetensors")
    return Trained(model.eval(), tokenizer, dims, params, task, about)


def _check_base(path: Path, checkpoint: str, expected: str) -> None:
    found = fingerprint(checkpoint)
    if found != expected:
        raise ValueError(
            f"{path}: adapters of the base checkpoint {checkpoint!r} as it was in training ({expected[:23]}), "
            f"but found {'none there' if found == checkpoint else found[:23]}; put it back, or train the model again"
        )


def load_weights(model: FusedModel, path: Path) -> None:
    """Put weights into a model. Errors: `ValueError` for a missing or truncated file, or for other weights."""
    if not path.is_file():
        raise ValueError(f"{path}: not found; train the model again with `dvc repro train`")
    try:
        load_tensors(model, path)
    except SafetensorError as error:
        raise ValueError(f"{path}: truncated or damaged ({error}); train it again with `dvc repro train`") from None
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{path}: weights of another model: {reason}; train the model again") from None
