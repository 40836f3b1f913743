"""The text side of a model, from the knobs or from a saved folder."""

from __future__ import annotations

from pathlib import Path

from transformers import AutoModel, AutoTokenizer

from tandem.params import TextParams
from tandem.text.base import TextEncoder, WordTokenizer
from tandem.text.pretrained import PretrainedEncoder, position_limit
from tandem.text.scratch import HashTokenizer, ScratchEncoder
from tandem.text.subwords import SubwordTokenizer
from tandem.weights import load_pretrained


def build_text(params: TextParams) -> tuple[WordTokenizer, TextEncoder]:
    """Tokenizer and encoder with pretrained weights. Errors: `ValueError` naming checkpoint and remedy."""
    if params.encoder == "scratch":
        scratch = params.scratch
        tokenizer = HashTokenizer(buckets=scratch.buckets, normalise=params.normalise)
        return tokenizer, ScratchEncoder(dim=scratch.dim, buckets=scratch.buckets, layers=scratch.layers)
    model = load_pretrained(AutoModel, params.encoder)
    limit = position_limit(model.config)
    if limit is not None and params.max_length > limit:
        raise ValueError(
            f"text.max_length {params.max_length}: {params.encoder} has {limit} positions; set it to {limit} or less "
            "(longer sentences are read in windows)"
        )
    encoder = PretrainedEncoder(model)
    encoder.float()  # checkpoints in half precision are trained in full
    return _subwords(load_pretrained(AutoTokenizer, params.encoder), params), encoder


def load_text(params: TextParams, folder: Path) -> tuple[WordTokenizer, TextEncoder]:
    """Tokenizer and encoder with random weights from a saved folder; the checkpoint brings the weights."""
    if params.encoder == "scratch":
        return HashTokenizer.load(folder), ScratchEncoder.from_config(folder)
    return _subwords(load_pretrained(AutoTokenizer, str(folder)), params), PretrainedEncoder.from_config(folder)


def _subwords(tokenizer: object, params: TextParams) -> SubwordTokenizer:
    return SubwordTokenizer(
        tokenizer,
        max_length=params.max_length,
        overlap=params.overlap,
        pooling=params.pooling,
        normalise=params.normalise,
    )
