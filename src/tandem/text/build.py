"""The text side of a model, from the knobs or from a saved folder.

What reads checkpoints is imported only where there is one: to import transformers takes longer than to train the
`scratch` encoder for an epoch.
"""

from __future__ import annotations

from pathlib import Path

from tandem.params import TextParams
from tandem.text.base import TextEncoder, WordTokenizer
from tandem.text.markers import Marker
from tandem.text.scratch import HashTokenizer, ScratchEncoder


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
    from tandem.text.checkpoint import build_pretrained  # noqa: PLC0415

    return build_pretrained(params, markers=markers, context=context)


def load_text(params: TextParams, folder: Path, *, markers: bool = False) -> tuple[WordTokenizer, TextEncoder]:
    """Tokenizer and encoder with random weights from a saved folder; the checkpoint brings the weights.

    With adapters it brings only these: the rest comes from the checkpoint that was adapted.
    """
    if params.encoder == "scratch":
        return HashTokenizer.load(folder), ScratchEncoder.from_config(folder)
    from tandem.text.checkpoint import load_saved  # noqa: PLC0415

    return load_saved(params, folder, markers=markers)
