"""Finished features on disk for one content at a time, where extraction keeps its own."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import torch
from safetensors import safe_open
from torch import Tensor

from tandem.vision.store import DAMAGE, Described, Shard, ShardStore, check_shard, describe_shard

_log = logging.getLogger(__name__)
BYTES = 64 << 20  # of regions that wait to be written


class Shelf:
    """A folder of shards (see `tandem.vision.store`) that answers for single contents and grows as they come.

    What a shard holds is known once the shelf is made; what others write meanwhile is not. `get` is for any thread.
    """

    def __init__(self, folder: Path, *, max_pixels: int) -> None:
        """max_pixels: most width x height of the pictures that are answered for."""
        self._max_pixels = max_pixels
        self._store = ShardStore(folder)
        self._places: dict[str, tuple[Path, int]] = {}
        self._sound: set[Path] = set()
        self._checking = Lock()
        self._waiting: list[Shard] = []
        self._fresh: dict[str, tuple[Tensor, Tensor]] = {}
        for path in sorted(folder.glob("shard-*.safetensors")):
            try:
                self._add(path, describe_shard(path))
            except DAMAGE as error:
                _log.warning("%s is damaged (%s); not read", path, error)

    def get(self, content: str) -> tuple[Tensor, Tensor] | None:
        """Pooled (d_p,) and valid regions (R, d_r) in the storage format of a content, None if it is not there."""
        if (fresh := self._fresh.get(content)) is not None:
            return fresh
        path, row = self._places.get(content, (None, 0))
        if path is None:
            return None
        try:
            with self._checking:
                if path not in self._sound:
                    check_shard(path)
                    self._sound.add(path)
            with safe_open(path, framework="pt") as stored:
                length = int(stored.get_slice("lengths")[row : row + 1])
                pooled = stored.get_slice("pooled")[row : row + 1]
                regions = stored.get_slice("regions")[row : row + 1]
        except DAMAGE as error:
            _log.warning("%s is damaged (%s); not read", path, error)
            self._places = {known: place for known, place in self._places.items() if place[0] != path}
            return None
        return pooled[0].clone(), regions[0, :length].clone()

    def put(self, shard: Shard) -> None:
        """Keep the features of some contents; written once there are enough of them, or by `flush`."""
        self._waiting.append(shard)
        for row, one in enumerate(shard.described):
            self._fresh[one.content] = (shard.pooled[row], shard.regions[row, : int(shard.lengths[row])])
        if sum(waiting.regions.nbytes for waiting in self._waiting) >= BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits, as one shard."""
        if not self._waiting:
            return
        described = [one for shard in self._waiting for one in shard.described]
        pooled, regions, lengths = (
            torch.cat([getattr(shard, name) for shard in self._waiting]) for name in ("pooled", "regions", "lengths")
        )
        path = self._store.write(Shard(described, pooled, regions, lengths))
        self._add(path, described)
        self._sound.add(path)
        self._waiting, self._fresh = [], {}

    def _add(self, path: Path, described: Sequence[Described]) -> None:
        allowed = (row for row, one in enumerate(described) if one.width * one.height <= self._max_pixels)
        self._places.update((described[row].content, (path, row)) for row in allowed)
