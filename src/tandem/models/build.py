"""A tagger from the knobs, or from the folder of a checkpoint."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_model, save_model

from tandem.files import atomic_path, write_json
from tandem.fusion import build_fusion
from tandem.models.heads import build_head
from tandem.models.tagger import Tagger
from tandem.params import ParamsError, TandemParams
from tandem.params.root import parse_params
from tandem.text.base import TextEncoder, WordTokenizer
from tandem.text.build import build_text, load_text

FORMAT = 1
MODEL_KEYS = ("fusion", "fusions", "decoder", "text", "head", "vision")


@dataclass(frozen=True)
class PictureDims:
    """Widths of the picture features that a model was built for."""

    pooled: int
    regions: int


@dataclass(frozen=True)
class TrainedTagger:
    """A model with all that is needed to use it."""

    model: Tagger
    tokenizer: WordTokenizer
    dims: PictureDims
    params: TandemParams
    about: dict[str, Any]  # corpus, seed, validation scores


def _assemble(params: TandemParams, encoder: TextEncoder, labels: list[str], dims: PictureDims) -> Tagger:
    fusion = build_fusion(
        params.fusion,
        knobs=params.fusion_knobs,
        text_dim=encoder.out_dim,
        pooled_dim=dims.pooled,
        region_dim=dims.regions,
    )
    head = params.head
    return Tagger(
        text=encoder,
        fusion=fusion,
        head=build_head(head.kind, fusion.out_dim, len(labels), hidden=head.hidden, dropout=head.dropout),
        labels=labels,
        decoder=params.decoder,
        dropout=params.text.dropout,
    )


def build_tagger(params: TandemParams, labels: list[str], dims: PictureDims) -> tuple[Tagger, WordTokenizer]:
    """A fresh model: pretrained text encoder, everything else from the current random state."""
    tokenizer, encoder = build_text(params.text)
    return _assemble(params, encoder, labels, dims), tokenizer


def save_weights(model: Tagger, target: Path) -> None:
    """Write the weights of a model, atomically; tensors that are shared are written once."""
    with atomic_path(target) as temporary:
        save_model(model, str(temporary))


def save_description(
    folder: Path,
    model: Tagger,
    tokenizer: WordTokenizer,
    params: TandemParams,
    dims: PictureDims,
    about: dict[str, Any],
) -> None:
    """Write everything that a checkpoint needs beside `model.safetensors`: `tandem.json` and `text/`."""
    (folder / "text").mkdir(parents=True, exist_ok=True)
    tokenizer.save(folder / "text")
    model.text.save_config(folder / "text")
    tree = params.model_dump(mode="json")
    write_json(
        folder / "tandem.json",
        {
            "format": FORMAT,
            "task": "ner",
            "labels": model.label_names,
            "picture_dims": asdict(dims),
            "params": {key: tree[key] for key in MODEL_KEYS},
            **about,
        },
    )


def load_tagger(folder: Path) -> TrainedTagger:
    """Load a checkpoint; nothing but the folder is needed. Errors: `ValueError` naming file and remedy."""
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
    dims = PictureDims(**about.pop("picture_dims"))
    tokenizer, encoder = load_text(params.text, folder / "text")
    model = _assemble(params, encoder, about.pop("labels"), dims)
    load_weights(model, folder / "model.safetensors")
    return TrainedTagger(model.eval(), tokenizer, dims, params, about)


def load_weights(model: Tagger, path: Path) -> None:
    """Put weights into a model. Errors: `ValueError` for a missing or truncated file, or for other weights."""
    if not path.is_file():
        raise ValueError(f"{path}: not found; train the model again with `dvc repro train`")
    try:
        load_model(model, path)
    except SafetensorError as error:
        raise ValueError(f"{path}: truncated or damaged ({error}); train it again with `dvc repro train`") from None
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{path}: weights of another model: {reason}; train the model again") from None
