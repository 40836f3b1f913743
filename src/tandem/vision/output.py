"""Writing the features of a corpus: `pooled.parquet`, `regions.pt`, `features.json`."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from tandem.vision.store import Place, ShardStore, by_shard

POOLED_FILE, REGIONS_FILE, SUMMARY_FILE = "pooled.parquet", "regions.pt", "features.json"
STORAGE = {"float16": torch.float16, "bfloat16": torch.bfloat16}
_BYTES = 2  # of a number in either format


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
        storage: "float16" or "bfloat16".
    """
    row_of = {place.described.content: row for row, place in enumerate(places)}
    pooled = np.zeros((len(places), pooled_dim), dtype=np.float32)
    lengths = np.zeros(len(places), dtype=np.int32)
    path = folder / REGIONS_FILE
    start = _empty_tensor_file(path, (len(places), *regions_shape), STORAGE[storage])
    row_bytes = regions_shape[0] * regions_shape[1] * _BYTES
    with path.open("r+b") as stream:
        for shard_path, members in by_shard(places):
            shard = store.read(shard_path)
            for place in members:
                row = row_of[place.described.content]
                pooled[row] = shard.pooled[place.row].numpy()
                lengths[row] = int(shard.lengths[place.row])
                stream.seek(start + row * row_bytes)
                stream.write(shard.regions[place.row].contiguous().view(torch.uint8).numpy().data)
    _write_table(folder / POOLED_FILE, rows, row_of, pooled, lengths)


def _empty_tensor_file(path: Path, shape: tuple[int, int, int], dtype: torch.dtype) -> int:
    """`torch.save` a tensor of zeros without holding it; gives the offset of its bytes in the file.

    The values are left out when saving (`skip_data`), which makes a sparse file to be filled in place.
    """
    count = shape[0] * shape[1] * shape[2]
    backing = path.with_suffix(".backing")
    try:
        if count:
            with backing.open("wb") as stream:
                stream.truncate(count * _BYTES)
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
