"""Finished features on disk, addressed by content, shared by corpora and kept across killed runs."""

from __future__ import annotations

import hashlib
import json
import logging
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from tandem.files import atomic_path

_log = logging.getLogger(__name__)
_METADATA = "tandem"
_TENSORS = ("pooled", "regions", "lengths", "sizes")

DAMAGE = (SafetensorError, OSError, ValueError, KeyError, TypeError)
"""What reading a damaged shard may raise."""


@dataclass(frozen=True)
class Described:
    """What is known of one content besides its features. width, height: pixels as shown."""

    content: str
    width: int
    height: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shard:
    """Features of a run of contents.

    described: n entries. pooled: (n, d_p) float32. regions: (n, R, d_r) in the storage format. lengths: (n,) int32.
    """

    described: Sequence[Described]
    pooled: Tensor
    regions: Tensor
    lengths: Tensor


@dataclass(frozen=True)
class Place:
    """Where a content's features are: row `row` of the shard at `path`."""

    path: Path
    row: int
    described: Described


class ShardStore:
    """One folder of shards for one encoder key. A shard is written under a temporary name and renamed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.corrupt: list[Path] = []

    def find(self, wanted: set[str]) -> dict[str, Place]:
        """Where each wanted content is, for those that a sound shard holds.

        Every shard that holds a wanted content is read once and its checksum compared; a damaged one is named in the
        log, listed in `corrupt`, and removed, so that its contents are computed again.
        """
        found: dict[str, Place] = {}
        for path in sorted(self.folder.glob("shard-*.safetensors")):
            try:
                described = describe_shard(path)
                rows = [(row, one) for row, one in enumerate(described) if one.content in wanted]
                if any(one.content not in found for _, one in rows):
                    check_shard(path)
            except DAMAGE as error:
                _log.warning("%s is damaged (%s); removed, its pictures are computed again", path, error)
                self.corrupt.append(path)
                path.unlink(missing_ok=True)
                continue
            for row, one in rows:
                found.setdefault(one.content, Place(path, row, one))
        return found

    def write(self, shard: Shard) -> Path:
        """Write a shard under a name that its contents decide."""
        tensors = {
            "pooled": shard.pooled.contiguous(),
            "regions": shard.regions.contiguous(),
            "lengths": shard.lengths.to(torch.int32).contiguous(),
            "sizes": torch.tensor([[one.width, one.height] for one in shard.described], dtype=torch.int32),
        }
        contents = [one.content for one in shard.described]
        metadata = {
            "contents": contents,
            "notes": [list(one.notes) for one in shard.described],
            "crc32": _checksum(tensors),
        }
        name = hashlib.sha256("\n".join(contents).encode()).hexdigest()[:16]
        path = self.folder / f"shard-{name}.safetensors"
        with atomic_path(path) as temporary:
            save_file(tensors, temporary, metadata={_METADATA: json.dumps(metadata)})
        return path

    def read(self, path: Path) -> Shard:
        """A whole shard."""
        with safe_open(path, framework="pt") as stored:
            return Shard(
                describe_shard(path),
                stored.get_tensor("pooled"),
                stored.get_tensor("regions"),
                stored.get_tensor("lengths"),
            )


def by_shard(places: Sequence[Place]) -> Iterator[tuple[Path, list[Place]]]:
    """Group places by shard, in the order of the shards' names."""
    groups: dict[Path, list[Place]] = {}
    for place in places:
        groups.setdefault(place.path, []).append(place)
    yield from sorted(groups.items())


def describe_shard(path: Path) -> list[Described]:
    """The contents of a shard, by row. Errors: as `check_shard`."""
    with safe_open(path, framework="pt") as stored:
        metadata = json.loads((stored.metadata() or {})[_METADATA])
        sizes = stored.get_tensor("sizes").tolist()
    contents, notes = metadata["contents"], metadata["notes"]
    if not len(contents) == len(notes) == len(sizes):
        raise ValueError("its description and its tensors differ in length")
    return [
        Described(content, width, height, tuple(noted))
        for content, noted, (width, height) in zip(contents, notes, sizes, strict=True)
    ]


def check_shard(path: Path) -> None:
    """That a shard is as it was written. Errors: one of DAMAGE."""
    with safe_open(path, framework="pt") as stored:
        expected = json.loads((stored.metadata() or {})[_METADATA])["crc32"]
        found = _checksum({name: stored.get_tensor(name) for name in _TENSORS})
    if found != expected:
        raise ValueError(f"checksum {found} where {expected} was written")


def _checksum(tensors: dict[str, Tensor]) -> int:
    value = 0
    for name in _TENSORS:
        value = zlib.crc32(tensors[name].contiguous().flatten().view(torch.uint8).numpy().data, value)
    return value
