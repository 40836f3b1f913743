"""The rows of a corpus of either task: how they are read, joined, described and written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from tandem.corpora.schema import SPLITS, Post
from tandem.corpora.source import Source

T = TypeVar("T", bound="Table")
P = TypeVar("P", bound=Post)


class Table(ABC):
    """The rows of a corpus, and what its task needs to know of them besides."""

    rows: Sequence[Post]
    unit: str  # what a row is, for messages
    labels: str  # what `describe` calls the counts of the labels of a split

    @classmethod
    @abstractmethod
    def read(cls: type[T], source: Source) -> T:
        """The rows of a corpus with files of its own. Errors: `CorpusError`."""

    @classmethod
    @abstractmethod
    def join(cls: type[T], parts: Mapping[str, T], rename: Mapping[str, str]) -> T:
        """The rows of several corpora split by split, ids and image ids told apart by the part's name."""

    @abstractmethod
    def sentences(self) -> Sequence[Post]:
        """One row a sentence."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Sizes and labels: a tree for `metrics/data/<corpus>.json`."""

    @abstractmethod
    def duplicates(self) -> dict[str, Any]:
        """How often something stands in the corpus more than once, within a split and across splits."""

    @abstractmethod
    def write(self, path: Path) -> None:
        """Write the prepared table; the same rows give the same bytes."""


def joined(rows: Mapping[str, Sequence[P]]) -> list[P]:
    """The rows of each part, by split and then by part; their ids and image ids tell the part."""
    return [
        replace(row, id=f"{part}:{row.id}", image_id=f"{part}/{row.image_id}" if row.image_id else None)
        for split in SPLITS
        for part, members in rows.items()
        for row in members
        if row.split == split
    ]


def describe_pictures(rows: Sequence[Post]) -> dict[str, dict[str, int]]:
    """Pictures and captions, each image id counted once."""
    pictures = {row.image_id: (row.image_hash, row.caption) for row in rows if row.image_id}
    contents = [digest for digest, _ in pictures.values() if digest]
    return {
        "pictures": {
            "ids": len(pictures),
            "present": len(contents),
            "missing": len(pictures) - len(contents),
            "distinct": len(set(contents)),
        },
        "captions": {
            "present": sum(bool(caption) for _, caption in pictures.values()),
            "missing": sum(not caption for _, caption in pictures.values()),
        },
    }


def count_within(keys: Mapping[str, Sequence[Hashable]]) -> dict[str, int]:
    """How many rows of a split have a key that came before in it."""
    return {f"within_{split}": sum(n - 1 for n in Counter(keys[split]).values()) for split in SPLITS}


def count_across(keys: Mapping[str, Sequence[Hashable]]) -> dict[str, int]:
    """How many keys two splits have in common."""
    sets = {split: set(keys[split]) for split in SPLITS}
    pairs = [(one, other) for i, one in enumerate(SPLITS) for other in SPLITS[i + 1 :]]
    return {f"{one}_{other}": len(sets[one] & sets[other]) for one, other in pairs}
