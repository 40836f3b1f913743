"""A pretrained text encoder and its tokenizer, from the knobs or from a saved folder."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

from tandem.params import TextParams
from tandem.text.lora import add_adapters, leave_out_of_state
from tandem.text.markers import Marker
from tandem.text.pretrained import PretrainedEncoder
from tandem.text.subwords import SubwordTokenizer
from tandem.weights import load_pretrained


def build_pretrained(params: TextParams, *, markers: bool, context: bool) -> tuple[SubwordTokenizer, PretrainedEncoder]:
    """As `tandem.text.build.build_text`."""
    encoder = _load(params)
    return fit(params, encoder, markers=markers, context=context), encoder


def load_saved(params: TextParams, folder: Path, *, markers: bool) -> tuple[SubwordTokenizer, PretrainedEncoder]:
    """As `tandem.text.build.load_text`."""
    encoder = _load(params) if params.lora.rank else PretrainedEncoder.from_config(folder, attention=params.attention)
    return fit_saved(params, folder, encoder, markers=markers), encoder


def fit(params: TextParams, encoder: PretrainedEncoder, *, markers: bool, context: bool) -> SubwordTokenizer:
    """Make a freshly loaded encoder ready to be trained, with rows for `markers`; its tokenizer.

    Errors: `ValueError` for windows that are longer than the encoder's positions, for a `context` that it cannot see.
    """
    limit = encoder.positions
    if limit is not None and params.max_length > limit:
        raise ValueError(
            f"text.max_length {params.max_length}: {params.encoder} has {limit} positions; set it to {limit} or less "
            "(longer sentences are read in windows)"
        )
    if context and not encoder.reads_ahead:
        raise ValueError(
            f"text.encoder {params.encoder}: it reads from left to right, and never sees a caption after the text; "
            "set text.attention to bidirectional, or choose another fusion"
        )
    _adapt(params, encoder, markers)
    return _subwords(params, load_pretrained(AutoTokenizer, params.encoder), encoder, markers)


def fit_saved(params: TextParams, folder: Path, encoder: PretrainedEncoder, *, markers: bool) -> SubwordTokenizer:
    """The tokenizer, from a saved folder, of an encoder that was built from it.

    With adapters the encoder comes from the checkpoint that they adapt, and is made as it was in training.
    """
    if params.lora.rank:
        _adapt(params, encoder, markers)
    return _subwords(params, load_pretrained(AutoTokenizer, str(folder)), encoder, markers)


def _load(params: TextParams) -> PretrainedEncoder:
    # Checkpoints in half precision are trained in full.
    model = load_pretrained(AutoModel, params.encoder, dtype=torch.float32)
    return PretrainedEncoder(model, attention=params.attention)


def _adapt(params: TextParams, encoder: PretrainedEncoder, markers: bool) -> None:
    """Rows for markers, and adapters, where asked for."""
    if markers:
        encoder.grow(len(Marker), apart=params.lora.rank > 0)
    if params.lora.rank:
        add_adapters(encoder.model, params.lora)
        leave_out_of_state(encoder)


def _subwords(params: TextParams, tokenizer: object, encoder: PretrainedEncoder, markers: bool) -> SubwordTokenizer:
    first = encoder.vocabulary - len(Marker)  # the markers have the last rows
    return SubwordTokenizer(
        tokenizer,
        max_length=params.max_length,
        overlap=params.overlap,
        pooling=params.pooling,
        normalise=params.normalise,
        markers={marker: first + number for number, marker in enumerate(Marker)} if markers else None,
    )
