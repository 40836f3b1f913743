"""What to say of a corpus without pictures."""

from __future__ import annotations

from collections.abc import Mapping

from tandem.params import MergedCorpusParams, TandemParams


def no_pictures(params: TandemParams, corpus: str, counts: Mapping[str, int]) -> str:
    """The warning of a corpus that gives the encoder nothing, with what to set."""
    entry = params.corpus(corpus)
    parts = entry.parts if isinstance(entry, MergedCorpusParams) else [corpus]
    reads, key = ("captions", "captions") if params.vision.family == "caption" else ("pictures", "images")
    remedy = " and ".join(f"corpora.{part}.{key}" for part in parts)
    return (
        f"warning: {corpus}: no usable {reads} for vision.encoder {params.vision.encoder!r} ({counts['image_ids']} "
        f"image ids: {counts['missing']} missing, {counts['broken']} broken, {counts['too_large']} too large), so all "
        f"is trained and scored without pictures; set {remedy}"
    )
