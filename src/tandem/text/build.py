"""The text side of a model, from the knobs or from a saved folder."""

from __future__ import annotations

from pathlib import Path

from transformers import AutoModel, AutoTokenizer

from tandem.params import TextParams
from tandem.text.base import TextEncoder, WordTokenizer
from tandem.text.markers import Marker
from tandem.text.pretrained import PretrainedEncoder, position_limit
from tandem.text.scratch import HashTokenizer, ScratchEncoder
from tandem.text.subwords import SubwordTokenizer
from tandem.weights import load_pretrained


def build_text(
    params: TextParams, *, markers: bool = False, context: bool = False
) -> tuple[WordTokenizer, TextEncoder]:
    """Tokenizer and encoder with pretrained weights.

    With `markers`, for sentences with entity markers; with `context`, for sentences that come with a context.

    Errors: `ValueError` naming checkpoint and remedy.
    """
    if params.encoder == "scratch":
        scratch = params.scratch
        tokenizer = HashTokenizer(buckets=scratch.buckets, normalise=params.normalise)
        rows = scratch.buckets + (len(Marker) if markers else 0)
        return tokenizer, ScratchEncoder(dim=scratch.dim, buckets=rows, layers=scratch.layers, context=context)
    model = load_pretrained(AutoModel, params.encoder)
    limit = position_limit(model.config)
    if limit is not None and params.max_length > limit:
        raise ValueError(
            f"text.max_length {params.max_length}: {params.encoder} has {limit} positions; set it to {limit} or less "
            "(longer sentences are read in windows)"
        )
    encoder = PretrainedEncoder(model)
    encoder.float()  # checkpoints in half precision are trained in full
    if markers:
        encoder.grow(len(Marker))
    return _subwords(params, load_pretrained(AutoTokenizer, params.encoder), encoder, markers), encoder


def load_text(params: TextParams, folder: Path, *, markers: bool = False) -> tuple[WordTokenizer, TextEncoder]:
    """Tokenizer and encoder with random weights from a saved folder; the checkpoint brings the weights."""
    if params.encoder == "scratch":
        return HashTokenizer.load(folder), ScratchEncoder.from_config(folder)
    encoder = PretrainedEncoder.from_config(folder)
    return _subwords(params, load_pretrained(AutoTokenizer, str(folder)), encoder, markers), encoder


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
