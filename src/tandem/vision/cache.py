"""Reading extracted features. Needs torch and pyarrow alone, so that training never imports an encoder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from torch import Tensor

_REMEDY = "run `dvc repro extract` again"


class FeatureCacheError(ValueError):
    """Features that cannot be used; the message names the file and the remedy."""


@dataclass(frozen=True)
class PictureFeatures:
    """Pictures of a batch.

    pooled: (B, d_p) float32, zeros where absent.
    regions: (B, R, d_r) float32, R the longest of the batch and at least 1, zeros where masked.
    region_mask: (B, R) bool, True on valid regions.
    present: (B,) bool, True where there is a picture.
    """

    pooled: Tensor
    regions: Tensor
    region_mask: Tensor
    present: Tensor

    def to(self, device: torch.device | str) -> PictureFeatures:
        """The same on another device."""
        return PictureFeatures(
            self.pooled.to(device, non_blocking=True),
            self.regions.to(device, non_blocking=True),
            self.region_mask.to(device, non_blocking=True),
            self.present.to(device, non_blocking=True),
        )


class FeatureCache:
    """Features of one corpus by image id. The regions stay on disk (mmap); the pooled table is in memory."""

    def __init__(self, *, ids: Sequence[str], pooled: Tensor, rows: Tensor, lengths: Tensor, regions: Tensor) -> None:
        """See `open`. pooled: (n, d_p). rows: (n,), row in `regions` or -1. lengths: (n,). regions: (N, R, d_r)."""
        self._index = {image_id: position for position, image_id in enumerate(ids)}
        self._pooled, self._rows, self._lengths, self._regions = pooled, rows, lengths, regions

    @classmethod
    def open(cls, folder: Path) -> FeatureCache:
        """Open a folder written by `tandem.vision.extract.extract`.

        Raises:
            FeatureCacheError: a file is absent, truncated, or does not belong to the others.
        """
        summary = _read(folder / "features.json", lambda path: json.loads(path.read_text(encoding="utf-8")))
        columns = ["image_id", "row", "regions", "pooled"]
        table_path = folder / "pooled.parquet"
        table = _read(table_path, lambda path: pq.read_table(path, columns=columns).combine_chunks())
        regions_path = folder / "regions.pt"
        regions = _read(regions_path, lambda path: torch.load(path, weights_only=True, mmap=True))
        expected = tuple(summary.get(key) for key in ("contents", "max_regions", "region_dim"))
        if not isinstance(regions, Tensor) or tuple(regions.shape) != expected:
            shape = tuple(regions.shape) if isinstance(regions, Tensor) else type(regions).__name__
            raise FeatureCacheError(f"{regions_path}: holds {shape} where features.json says {expected}; {_REMEDY}")
        pooled_dim = table.schema.field("pooled").type.list_size
        if table.num_rows != summary.get("rows") or pooled_dim != summary.get("pooled_dim"):
            raise FeatureCacheError(
                f"{table_path}: holds {table.num_rows} rows of {pooled_dim} where features.json says "
                f"{summary.get('rows')} of {summary.get('pooled_dim')}; {_REMEDY}"
            )
        flat = _numpy(table, "pooled", flatten=True).reshape(table.num_rows, pooled_dim)
        rows, lengths = _numpy(table, "row"), _numpy(table, "regions")
        if len(rows) and (rows.max() >= regions.shape[0] or lengths.max() > regions.shape[1]):
            raise FeatureCacheError(f"{table_path}: points past the end of {regions_path.name}; {_REMEDY}")
        return cls(
            ids=table.column("image_id").to_pylist(),
            pooled=torch.from_numpy(flat),
            rows=torch.from_numpy(rows.astype(np.int64)),
            lengths=torch.from_numpy(lengths.astype(np.int64)),
            regions=regions,
        )

    @property
    def pooled_dim(self) -> int:
        """d_p."""
        return int(self._pooled.shape[1])

    @property
    def region_dim(self) -> int:
        """d_r."""
        return int(self._regions.shape[2])

    @property
    def max_regions(self) -> int:
        """Most regions a picture can have."""
        return int(self._regions.shape[1])

    def __len__(self) -> int:
        """How many image ids there are, with and without a picture."""
        return len(self._index)

    def usable(self, image_id: str | None) -> bool:
        """Whether there are features for an image id."""
        place = self._index.get(image_id, -1) if image_id is not None else -1
        return place >= 0 and int(self._rows[place]) >= 0

    def gather(self, image_ids: Sequence[str | None], *, with_regions: bool) -> PictureFeatures:
        """Features of a batch. None, an unknown id, and an id without a usable picture are absent.

        Args:
            image_ids: B ids.
            with_regions: read the regions too; without, `regions` is (B, 1, d_r) of zeros, all masked.
        """
        places = [-1 if image_id is None else self._index.get(image_id, -1) for image_id in image_ids]
        place = torch.tensor(places, dtype=torch.int64)
        known = place >= 0
        row = torch.full_like(place, -1)
        row[known] = self._rows[place[known]]
        present = row >= 0
        pooled = torch.zeros(len(places), self.pooled_dim)
        pooled[present] = self._pooled[place[present]]
        if not with_regions:
            regions = torch.zeros(len(places), 1, self.region_dim)
            return PictureFeatures(pooled, regions, torch.zeros(len(places), 1, dtype=torch.bool), present)
        lengths = torch.zeros_like(place)
        lengths[present] = self._lengths[place[present]]
        longest = max(1, int(lengths.max())) if places else 1
        regions = torch.zeros(len(places), longest, self.region_dim)
        if present.any():
            regions[present] = self._regions[row[present], :longest].float()
        mask = torch.arange(longest) < lengths[:, None]
        return PictureFeatures(pooled, regions, mask, present)


def _read(path: Path, reader: Any) -> Any:
    if not path.is_file():
        raise FeatureCacheError(f"{path}: not found; {_REMEDY}")
    try:
        return reader(path)
    except Exception as error:  # each format has errors of its own
        cause = " ".join(str(error).split())[:200]
        raise FeatureCacheError(f"{path}: truncated or of another kind ({cause}); {_REMEDY}") from error


def _numpy(table: Any, column: str, *, flatten: bool = False) -> np.ndarray:
    chunks = table.column(column).chunks
    arrays = [(chunk.flatten() if flatten else chunk).to_numpy(zero_copy_only=False) for chunk in chunks]
    kind = np.float32 if flatten else np.int32
    return np.concatenate(arrays) if arrays else np.zeros(0, kind)
