"""Reading extracted features. Needs torch and pyarrow alone, so that training never imports an encoder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

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


@dataclass(frozen=True)
class Moments:
    """Mean and spread of each dimension, (d,) float32 each."""

    mean: Tensor
    spread: Tensor


class PictureSource(Protocol):
    """Whatever has features of pictures."""

    def gather(
        self, image_ids: Sequence[str | None], *, with_regions: bool, views: Tensor | None = None
    ) -> PictureFeatures:
        """As of `FeatureCache`."""


@dataclass(frozen=True)
class Views:
    """Augmented views of the pictures of a train split.

    each: n, views a picture. first: (N,), by row of the plain regions the row of its view 1 here, whose others follow,
    or -1. pooled: (m n, d_p). lengths: (m n,). regions: (m n, R, d_r).
    """

    each: int
    first: Tensor
    pooled: Tensor
    lengths: Tensor
    regions: Tensor


class FeatureCache:
    """Features of one corpus by image id. The regions and all of the augmented views stay on disk (mmap); the pooled
    table is in memory.
    """

    def __init__(
        self,
        *,
        ids: Sequence[str],
        pooled: Tensor,
        rows: Tensor,
        lengths: Tensor,
        regions: Tensor,
        views: Views | None = None,
    ) -> None:
        """See `open`. pooled: (n, d_p). rows: (n,), row in `regions` or -1. lengths: (n,). regions: (N, R, d_r)."""
        self._index = {image_id: position for position, image_id in enumerate(ids)}
        self._pooled, self._rows, self._lengths, self._regions = pooled, rows, lengths, regions
        self._views = views

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
        expected = tuple(summary.get(key) for key in ("contents", "max_regions", "region_dim"))
        regions_path = folder / "regions.pt"
        regions = _read_tensor(regions_path, expected)
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
            views=_read_views(folder, summary) if "views" in summary else None,
        )

    @classmethod
    def empty(cls) -> FeatureCache:
        """Features of no picture, one number wide, for models that read none."""
        none = torch.zeros(0, dtype=torch.int64)
        return cls(ids=[], pooled=torch.zeros(0, 1), rows=none, lengths=none, regions=torch.zeros(0, 1, 1))

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

    @property
    def whole_numbers(self) -> bool:
        """Whether the regions are pixels, whole numbers from 0 to 255."""
        return self._regions.dtype == torch.uint8

    @cached_property
    def pooled_moments(self) -> Moments:
        """Of the pooled vectors of all usable pictures; zeros where there is none."""
        return _moments([self._pooled[self._rows >= 0]], self.pooled_dim)

    @cached_property
    def region_moments(self) -> Moments:
        """Of all valid regions of all usable pictures; zeros where there is none."""
        usable = (self._rows >= 0).nonzero().flatten()

        def blocks() -> Iterator[Tensor]:
            for places in usable.split(256):  # the regions of a large corpus do not fit in memory
                mask = torch.arange(self.max_regions) < self._lengths[places, None]
                yield self._regions[self._rows[places]][mask]

        return _moments(blocks(), self.region_dim)

    @property
    def views(self) -> int:
        """Augmented views of each training picture."""
        return 0 if self._views is None else self._views.each

    def __len__(self) -> int:
        """How many image ids there are, with and without a picture."""
        return len(self._index)

    def usable(self, image_id: str | None) -> bool:
        """Whether there are features for an image id."""
        place = self._index.get(image_id, -1) if image_id is not None else -1
        return place >= 0 and int(self._rows[place]) >= 0

    def gather(
        self, image_ids: Sequence[str | None], *, with_regions: bool, views: Tensor | None = None
    ) -> PictureFeatures:
        """Features of a batch. None, an unknown id, and an id without a usable picture are absent.

        Args:
            image_ids: B ids.
            with_regions: read the regions too; without, `regions` is (B, 1, d_r) of zeros, all masked.
            views: (B,) long, the augmented view of each, from 1 to `self.views`; 0, and a picture that has none, is
                the plain picture. None = all plain.
        """
        places = [-1 if image_id is None else self._index.get(image_id, -1) for image_id in image_ids]
        place = torch.tensor(places, dtype=torch.int64)
        known = place >= 0
        row = torch.full_like(place, -1)
        row[known] = self._rows[place[known]]
        present = row >= 0
        pooled = torch.zeros(len(places), self.pooled_dim)
        pooled[present] = self._pooled[place[present]]
        changed, view = self._changed(row, views)  # (B,) bool, (v,) rows among the views
        if self._views is not None:
            pooled[changed] = self._views.pooled[view]
        if not with_regions:
            regions = torch.zeros(len(places), 1, self.region_dim)
            return PictureFeatures(pooled, regions, torch.zeros(len(places), 1, dtype=torch.bool), present)
        lengths = torch.zeros_like(place)
        lengths[present] = self._lengths[place[present]]
        if self._views is not None:
            lengths[changed] = self._views.lengths[view]
        longest = max(1, int(lengths.max())) if places else 1
        regions = torch.zeros(len(places), longest, self.region_dim)
        plain = present & ~changed
        if plain.any():
            regions[plain] = self._regions[row[plain], :longest].float()
        if self._views is not None and changed.any():
            regions[changed] = self._views.regions[view, :longest].float()
        mask = torch.arange(longest) < lengths[:, None]
        return PictureFeatures(pooled, regions, mask, present)

    def _changed(self, row: Tensor, views: Tensor | None) -> tuple[Tensor, Tensor]:
        """Which of B pictures, at (B,) rows of the plain regions or -1, are seen in a view, and those views' rows."""
        changed = torch.zeros_like(row, dtype=torch.bool)
        if views is None or self._views is None:
            return changed, row[changed]
        if len(views) and (int(views.min()) < 0 or int(views.max()) > self.views):
            raise ValueError(f"views {sorted(set(views.tolist()))}: there are 0 to {self.views}")
        first = torch.full_like(row, -1)
        first[row >= 0] = self._views.first[row[row >= 0]]
        changed = (views > 0) & (first >= 0)
        return changed, first[changed] + views[changed] - 1


def _moments(blocks: Iterable[Tensor], dim: int) -> Moments:
    """Of all rows of (n, dim) blocks."""
    count, total, squares = 0, torch.zeros(dim, dtype=torch.float64), torch.zeros(dim, dtype=torch.float64)
    for block in blocks:
        exact = block.double()
        count, total, squares = count + len(exact), total + exact.sum(0), squares + exact.square().sum(0)
    mean = total / max(count, 1)
    return Moments(mean.float(), (squares / max(count, 1) - mean.square()).clamp(min=0).sqrt().float())


def _read_tensor(path: Path, expected: tuple[Any, ...]) -> Tensor:
    found = _read(path, lambda path: torch.load(path, weights_only=True, mmap=True))
    if not isinstance(found, Tensor) or tuple(found.shape) != expected:
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise FeatureCacheError(f"{path}: holds {shape} where features.json says {expected}; {_REMEDY}")
    return found


def _read_views(folder: Path, summary: dict[str, Any]) -> Views:
    each, contents = summary["views"]["each"], summary["views"]["contents"]
    count = each * contents
    path = folder / "views.parquet"
    table = _read(path, lambda path: pq.read_table(path, columns=["row", "view", "regions"]).combine_chunks())
    row, view, lengths = (_numpy(table, column) for column in ("row", "view", "regions"))
    if len(row) != count or not np.array_equal(view, np.tile(np.arange(1, each + 1), contents)):
        raise FeatureCacheError(f"{path}: holds {len(row)} rows where features.json says {count}; {_REMEDY}")
    if count and (row.max() >= summary["contents"] or lengths.max() > summary["max_regions"]):
        raise FeatureCacheError(f"{path}: points past the end of regions.pt; {_REMEDY}")
    first = torch.full((summary["contents"],), -1, dtype=torch.int64)
    first[torch.from_numpy(row[::each].astype(np.int64))] = torch.arange(0, count, each)
    return Views(
        each=each,
        first=first,
        pooled=_read_tensor(folder / "views_pooled.pt", (count, summary["pooled_dim"])),
        lengths=torch.from_numpy(lengths.astype(np.int64)),
        regions=_read_tensor(folder / "views.pt", (count, summary["max_regions"], summary["region_dim"])),
    )


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
