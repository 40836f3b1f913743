"""Writing the features of a corpus: `pooled.parquet`, `regions.pt`, `features.json`.

With augmented views besides: `views.parquet` (content, row: the plain picture's in `regions.pt`, view: from 1, regions:
valid ones), and, row for row, `views.pt` (regions) and `views_pooled.pt`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor

from tandem.vision.store import Place, ShardStore, by_shard

POOLED_FILE, REGIONS_FILE, SUMMARY_FILE = "pooled.parquet", "regions.pt", "features.json"
VIEWS_FILE, VIEW_REGIONS_FILE, VIEW_POOLED_FILE = "views.parquet", "views.pt", "views_pooled.pt"
STORAGE = {"float16": torch.float16, "bfloat16": torch.bfloat16, "uint8": torch.uint8}


@dataclass(frozen=True)
class PictureRow:
    """One image id. content: what its features are stored under, None without a picture."""

    image_id: str
    status: str
    width: int
    height: int
    content: str | None
    notes: tuple[str, ...] = ()


def write_features(
    folder: Path,
    *,
    rows: Sequence[PictureRow],
    places: Sequence[Place],
    store: ShardStore,
    pooled_dim: int,
    regions_shape: tuple[int, int],
    storage: str,
) -> None:
    """Write both files into an existing folder, one shard in memory at a time.

    Args:
        folder: where to; must be a folder of its own until all is written.
        rows: one per image id, in the order of the table.
        places: the distinct contents of the rows with status "ok"; their order is that of `regions.pt`.
        store: holds the shards that `places` names.
        pooled_dim: d_p.
        regions_shape: (R, d_r).
        storage: a key of STORAGE.
    """
    row_of = {place.described.content: row for row, place in enumerate(places)}
    pooled = np.zeros((len(places), pooled_dim), dtype=np.float32)
    lengths = np.zeros(len(places), dtype=np.int32)
    with _tensor_file(folder / REGIONS_FILE, (len(places), *regions_shape), STORAGE[storage]) as regions:
        for shard_path, members in by_shard(places):
            shard = store.read(shard_path)
            for place in members:
                row = row_of[place.described.content]
                pooled[row] = shard.pooled[place.row].numpy()
                lengths[row] = int(shard.lengths[place.row])
                regions.write(row, shard.regions[place.row])
    _write_table(folder / POOLED_FILE, rows, row_of, pooled, lengths)


def write_views(
    folder: Path,
    *,
    rows: Sequence[int],
    places: Sequence[Sequence[Place]],
    store: ShardStore,
    pooled_dim: int,
    regions_shape: tuple[int, int],
    storage: str,
) -> None:
    """Write the three files of the views beside the others, one shard in memory at a time.

    Args:
        folder: as of `write_features`.
        rows: of each picture with views, its row in `regions.pt`; ascending.
        places: of each such picture, where its views are, from view 1.
        store, pooled_dim, regions_shape, storage: as of `write_features`.
    """
    flat = [place for own in places for place in own]
    row_of = {place.described.content: row for row, place in enumerate(flat)}
    lengths = np.zeros(len(flat), dtype=np.int32)
    pooled_file = _tensor_file(folder / VIEW_POOLED_FILE, (len(flat), pooled_dim), torch.float32)
    regions_file = _tensor_file(folder / VIEW_REGIONS_FILE, (len(flat), *regions_shape), STORAGE[storage])
    with pooled_file as pooled, regions_file as regions:
        for shard_path, members in by_shard(flat):
            shard = store.read(shard_path)
            for place in members:
                row = row_of[place.described.content]
                lengths[row] = int(shard.lengths[place.row])
                pooled.write(row, shard.pooled[place.row])
                regions.write(row, shard.regions[place.row])
    columns = {
        "content": pa.array([place.described.content for place in flat], pa.string()),
        "row": pa.array([row for row, own in zip(rows, places, strict=True) for _ in own], pa.int32()),
        "view": pa.array([view for own in places for view in range(1, len(own) + 1)], pa.int32()),
        "regions": pa.array(lengths, pa.int32()),
    }
    pq.write_table(pa.table(columns), folder / VIEWS_FILE, compression="zstd")


@dataclass(frozen=True)
class _TensorFile:
    """A tensor in a file, written row by row."""

    stream: BinaryIO
    start: int  # offset of the tensor's bytes
    row_bytes: int

    def write(self, row: int, values: Tensor) -> None:
        self.stream.seek(self.start + row * self.row_bytes)
        self.stream.write(values.contiguous().view(torch.uint8).numpy().data)


@contextmanager
def _tensor_file(path: Path, shape: tuple[int, ...], dtype: torch.dtype) -> Iterator[_TensorFile]:
    start = _empty_tensor_file(path, shape, dtype)
    with path.open("r+b") as stream:
        yield _TensorFile(stream, start, prod(shape[1:]) * dtype.itemsize)


def _empty_tensor_file(path: Path, shape: tuple[int, ...], dtype: torch.dtype) -> int:
    """`torch.save` a tensor of zeros without holding it; gives the offset of its bytes in the file.

    The values are left out when saving (`skip_data`), which makes a sparse file to be filled in place.
    """
    count = prod(shape)
    backing = path.with_suffix(".backing")
    try:
        if count:
            with backing.open("wb") as stream:
                stream.truncate(count * dtype.itemsize)
            tensor = torch.from_file(str(backing), shared=True, size=count, dtype=dtype).view(shape)
        else:
            tensor = torch.empty(shape, dtype=dtype)
        with torch.serialization.skip_data():
            torch.save(tensor, path)
        del tensor
    finally:
        backing.unlink(missing_ok=True)
    with zipfile.ZipFile(path) as archive:
        header = archive.getinfo(f"{path.stem}/data/0").header_offset
    with path.open("rb") as stream:  # a local header: 30 bytes, of which the last four are two lengths that follow it
        stream.seek(header + 26)
        name_and_extra = stream.read(4)
    return header + 30 + int.from_bytes(name_and_extra[:2], "little") + int.from_bytes(name_and_extra[2:], "little")


def _write_table(
    path: Path, rows: Sequence[PictureRow], row_of: dict[str, int], pooled: np.ndarray, lengths: np.ndarray
) -> None:
    where = np.array([row_of[row.content] if row.status == "ok" and row.content else -1 for row in rows], np.int32)
    table = np.zeros((len(rows), pooled.shape[1]), dtype=np.float32)
    valid = np.zeros(len(rows), dtype=np.int32)
    table[where >= 0] = pooled[where[where >= 0]]
    valid[where >= 0] = lengths[where[where >= 0]]
    columns = {
        "image_id": pa.array([row.image_id for row in rows], pa.string()),
        "status": pa.array([row.status for row in rows], pa.string()),
        "width": pa.array([row.width for row in rows], pa.int32()),
        "height": pa.array([row.height for row in rows], pa.int32()),
        "content": pa.array([row.content for row in rows], pa.string()),
        "row": pa.array(where, pa.int32()),
        "regions": pa.array(valid, pa.int32()),
        "pooled": pa.FixedSizeListArray.from_arrays(pa.array(table.reshape(-1), pa.float32()), pooled.shape[1]),
    }
    pq.write_table(pa.table(columns), path, compression="zstd", use_dictionary=["status"])
