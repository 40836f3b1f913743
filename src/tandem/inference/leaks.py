"""Which rows of a test split a model has seen in training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tandem.corpora.leakage import count, standings
from tandem.corpora.schema import Post, RelationSample
from tandem.params import TandemParams
from tandem.tasks import task_of


@dataclass(frozen=True)
class Leaks:
    """Which rows stand in train or valid of the corpora that a model comes from; `facts`: how many sentences do."""

    rows: list[bool]
    facts: dict[str, dict[str, int]]


def find_leaks(rows: Sequence[Post], sources: Sequence[str], params: TandemParams) -> Leaks:
    """Look for the texts of rows, exactly and nearly, in train and valid of the corpora `sources`.

    `facts` are `leaks.{sentences,exact,near}`; pairs with the same words stand in one sentence, as in
    `tandem.inference.held_out`. Errors: `ValueError` naming a prepared table that cannot be read.
    """
    known = [
        row.words
        for source in dict.fromkeys(sources)
        for split in ("train", "valid")
        for row in task_of(params.corpus(source).task).read(Path(f"data/prepared/{source}.parquet"), split)
    ]
    found = standings([row.words for row in rows], known)
    names = (row.text_hash if isinstance(row, RelationSample) else row.id for row in rows)
    sentences = dict(zip(names, found, strict=True))
    return Leaks([one is not None for one in found], {"leaks": count(sentences.values())})
