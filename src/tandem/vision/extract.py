"""Every distinct picture of a corpus through a frozen encoder once, into the files that training reads.

With `vision.views: n`, the pictures of the train split go through it n times more, each time changed by chance. With
`vision.train` the pictures themselves are kept, and the encoder is part of the model.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from tandem.files import atomic_path, sha256_of, write_json
from tandem.hardware import has_bf16_units
from tandem.params.vision import VisionParams
from tandem.progress import bar
from tandem.vision.encoder import Encoder
from tandem.vision.output import STORAGE, SUMMARY_FILE, PictureRow, write_features, write_views
from tandem.vision.pictures import NOTES, STATUSES, Picture, open_picture, read_picture
from tandem.vision.registry import encoder_identity, load_encoder, trained_identity
from tandem.vision.store import Described, Place, Shard, ShardStore

FORMAT = 1  # raised when the same encoder would give other numbers, so that old shards are left alone
_VIEWS_FORMAT = 1  # likewise, when the same knobs would give other views
_SHARD_BYTES = 64 << 20  # of regions; what a kill loses at most, and what is held before writing
_COLUMNS = ("image_id", "image_path", "image_hash", "caption")
_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(frozen=True)
class Item:
    """One distinct content. `source` is the picture's path, or the caption's text. `view`: 0 = plain."""

    content: str
    source: str
    view: int = 0

    @property
    def name(self) -> str:
        """What its features are stored under."""
        return f"{self.content}-view-{self.view}" if self.view else self.content

    @property
    def seed(self) -> int:
        """Of the chance in a view: the same in every corpus and run."""
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:7], "big")


@dataclass
class Run:
    """What a run did. failed: contents that gave no features, with why. corrupt: damaged shards."""

    failed: dict[str, Picture] = field(default_factory=dict)
    computed: int = 0
    from_store: int = 0
    corrupt: int = 0
    encode_seconds: float = 0.0


def extract(
    pictures: pd.DataFrame, out: Path, params: VisionParams, store: Path, train_ids: Collection[str] = ()
) -> dict[str, Any]:
    """Compute the features of a corpus and write them to `out`.

    Args:
        pictures: one row per image id with the columns image_id, image_path, image_hash (SHA-256 of the file's bytes)
            and caption; the last three may be null.
        out: folder to write (replaced as a whole): `pooled.parquet`, `regions.pt`, `features.json`, and with views
            `views.parquet`, `views.pt`, `views_pooled.pt`.
        params: the encoder and how its features are kept.
        store: folder of finished shards, shared by corpora and runs; what it holds is not computed again.
        train_ids: the image ids whose pictures get augmented views, those of the train split.

    Returns:
        counts: image ids by status and by peculiarity, and the distinct contents, the same for the same input.
        run: what this run did: computed, from_store, corrupt_shards, seconds, per_second (over the encoding).

    Raises:
        ValueError: columns are missing, image ids repeat, a picture differs from the hash it was prepared with, or
            the encoder cannot be had.
    """
    started = time.perf_counter()
    _check_table(pictures)
    stored = params.extracted
    reads_captions = stored.family == "caption"
    rows, items = _caption_items(pictures) if reads_captions else _picture_items(pictures)
    loaded = cache(lambda: load_encoder(stored))
    key = encoder_key(stored)
    run, shards = Run(), ShardStore(store / key)
    found = _complete(items, loaded, stored, shards, run)
    rows = [_finished(row, found, run.failed, stored.max_pixels) for row in rows]
    usable = {row.content for row in rows if row.status == "ok"}
    items = [item for item in items if item.content in usable]
    places = [found[item.content] for item in items]
    pooled_dim, regions_shape = _dimensions(loaded, shards, places or list(found.values()))
    summary = {
        "encoder": stored.encoder,
        "key": key,
        "rows": len(rows),
        "contents": len(places),
        "pooled_dim": pooled_dim,
        "max_regions": regions_shape[0],
        "region_dim": regions_shape[1],
        "storage": storage_of(stored),
        "counts": _count(rows, len(places)),
    }
    shape: dict[str, Any] = {"pooled_dim": pooled_dim, "regions_shape": regions_shape, "storage": summary["storage"]}
    if params.train:
        summary["trains"] = trained_identity(params)
    views: dict[str, Any] = {}
    if stored.views:
        kept = set(train_ids)
        trained = {row.content for row in rows if row.image_id in kept}
        seen = [row for row, item in enumerate(items) if item.content in trained]
        asked = [[replace(items[row], view=view) for view in range(1, stored.views + 1)] for row in seen]
        view_shards = ShardStore(store / encoder_key(stored, views=True))
        have = _complete([view for own in asked for view in own], loaded, stored, view_shards, run)
        views = {"rows": seen, "places": [[have[view.name] for view in own] for own in asked], "store": view_shards}
        summary["views"] = {"each": stored.views, "contents": len(seen), "key": view_shards.folder.name}
    _remove_leftovers(out)
    with atomic_path(out) as temporary:
        temporary.mkdir(parents=True)
        write_features(temporary, rows=rows, places=places, store=shards, **shape)
        if views:
            write_views(temporary, **views, **shape)
        write_json(temporary / SUMMARY_FILE, summary)
        if out.is_dir():  # a rename does not replace a folder that has files
            shutil.rmtree(out)
    return {
        "counts": summary["counts"],
        "run": {
            "computed": run.computed,
            "from_store": run.from_store,
            "corrupt_shards": run.corrupt,
            "seconds": round(time.perf_counter() - started, 3),
            "per_second": round(run.computed / run.encode_seconds, 2) if run.encode_seconds else 0.0,
        },
    }


def _complete(
    items: Sequence[Item], loaded: Callable[[], Encoder], params: VisionParams, shards: ShardStore, run: Run
) -> dict[str, Place]:
    """Where the features of each item are, once those that the store lacks are computed; failed ones are left out."""
    found = shards.find({item.name for item in items})
    run.from_store += len(found)
    todo = [item for item in items if item.name not in found]
    if todo:
        done = encode_all(todo, loaded(), params, shards)
        run.failed |= done.failed
        run.computed += done.computed
        run.encode_seconds += done.encode_seconds
        found.update(shards.find({item.name for item in todo}))
    run.corrupt += len(shards.corrupt)
    return found


def _remove_leftovers(out: Path) -> None:
    """Folders that a killed run left beside `out` while writing it."""
    for leftover in out.parent.glob(f".{out.name}.*.tmp"):
        shutil.rmtree(leftover, ignore_errors=True)


def encoder_key(params: VisionParams, *, views: bool = False, known: Mapping[str, Any] | None = None) -> str:
    """Name of the store's folder: the encoder and a hash of all that changes its numbers, or those of its views.

    known: the encoder's identity where it was found out before, and its weights may no longer lie where they did.
    """
    own = encoder_identity(params) if known is None else known
    identity: dict[str, Any] = {**own, "storage": storage_of(params), "format": FORMAT}
    if views:
        identity["augment"] = {**params.augment.model_dump(mode="json"), "format": _VIEWS_FORMAT}
    if params.family not in {"pixels", "raw"}:
        identity["precision"] = resolve_precision(params.precision)
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
    name = params.caption_encoder if params.family == "caption" else params.architecture
    slug = "".join(letter if letter.isalnum() or letter in "._" else "-" for letter in Path(name).name)[:40]
    return "-".join(part for part in (params.family, slug, "views" if views else "", digest) if part)


def storage_of(params: VisionParams) -> str:
    """The number format of the regions that `params`, as extracted, give: bytes of pictures are kept exact."""
    return "uint8" if params.family == "raw" else params.storage


def resolve_precision(precision: str) -> str:
    """`auto` is bfloat16 where that is faster (two to three times on processors with AVX-512 BF16)."""
    if precision != "auto":
        return precision
    return "bfloat16" if has_bf16_units(device()) else "float32"


def device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(encoder: Encoder, precision: str, place: torch.device) -> AbstractContextManager[Any]:
    """The arithmetic of a forward pass, whatever that of the code around it is."""
    half = resolve_precision(precision) == "bfloat16" and encoder.allows_bfloat16
    return torch.autocast(place.type, dtype=torch.bfloat16, enabled=half)


def encode_all(todo: Sequence[Item], encoder: Encoder, params: VisionParams, shards: ShardStore) -> Run:
    """Encode every item in order and write shards as they fill.

    Pictures are opened by threads a bounded number of batches ahead. A batch holds the next `batch_size` that opened,
    so a run that goes on after a kill forms the same batches as one that was never stopped.
    """
    if encoder.source == "caption":  # neighbours of like length waste little padding
        todo = sorted(todo, key=lambda item: (len(item.source), item.content))
    place = device()
    encoder = encoder.to(place).to(memory_format=torch.channels_last)
    row_bytes = STORAGE[storage_of(params)].itemsize * encoder.regions * encoder.region_dim
    per_shard = max(1, _SHARD_BYTES // (row_bytes * params.batch_size)) * params.batch_size
    run = Run()
    started = time.perf_counter()
    described: list[Described] = []
    tensors: list[Tensor] = []
    seeds: list[int] = []
    parts: list[tuple[Tensor, Tensor, Tensor]] = []

    def load(item: Item) -> tuple[Item, Picture, Tensor | None]:
        return (item, *_load(item, encoder, params.max_pixels))

    def encode() -> None:
        parts.append(encode_batch(encoder, tensors, params, place, seeds))
        run.computed += len(tensors)
        tensors.clear()
        seeds.clear()

    def write() -> None:
        pooled, regions, lengths = (torch.cat(column) for column in zip(*parts, strict=True))
        shards.write(Shard(tuple(described), pooled, regions, lengths))
        described.clear()
        parts.clear()

    moving = bar(params.encoder, total=len(todo), unit="picture")
    with moving, ThreadPoolExecutor(params.workers or os.cpu_count()) as pool, torch.inference_mode():
        for item, picture, tensor in _ahead(pool, load, todo, 2 * params.batch_size):
            moving.update()
            if tensor is None:
                run.failed[item.content] = picture
                continue
            described.append(Described(item.name, picture.width, picture.height, picture.notes))
            tensors.append(tensor)
            if item.view:
                seeds.append(item.seed)
            if len(tensors) == params.batch_size:
                encode()
                if len(described) >= per_shard:
                    write()
        if tensors:
            encode()
        if parts:
            write()
    run.encode_seconds = time.perf_counter() - started
    return run


def _ahead(
    pool: ThreadPoolExecutor, function: Callable[[_In], _Out], items: Sequence[_In], depth: int
) -> Iterator[_Out]:
    """Results in order, with at most `depth` of them under way or waiting."""
    pending: deque[Future[_Out]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) >= depth:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def _load(item: Item, encoder: Encoder, max_pixels: int) -> tuple[Picture, Tensor | None]:
    if encoder.source == "caption":
        tokens = encoder.preprocess(item.source)
        if tokens.shape[-1] == 0:
            return Picture(None, "missing", 0, 0, ("empty_caption",)), None
        return Picture(None, "ok", 0, 0), tokens
    data = read_picture(Path(item.source))
    if isinstance(data, Picture):
        return data, None
    if hashlib.sha256(data).hexdigest() != item.content:
        raise ValueError(f"{item.source}: changed since it was prepared; run `dvc repro prepare` again")
    picture = open_picture(data, max_pixels, side=encoder.side)
    return picture, None if picture.image is None else encoder.preprocess(picture.image)


def encode_batch(
    encoder: Encoder, tensors: list[Tensor], params: VisionParams, place: torch.device, seeds: Sequence[int] = ()
) -> tuple[Tensor, Tensor, Tensor]:
    """Pooled, regions in the storage format and padded to R, lengths; all on the CPU. seeds: of views; none if plain"""
    batch = encoder.collate(tensors).to(place)
    if seeds:
        from tandem.vision.augment import Augmentation  # noqa: PLC0415 (torchvision, and needed only for views)

        batch = Augmentation(params.augment, side=batch.shape[-1]).views(batch, list(seeds))
    with autocast(encoder, params.precision, place):
        pooled, regions, lengths = encoder(batch)
    if not (torch.isfinite(pooled).all() and torch.isfinite(regions).all()):
        raise ValueError(f"the encoder {params.encoder!r} gave infinite values; set vision.precision to float32")
    stored = to_storage(regions, params)
    stored = functional.pad(stored, (0, 0, 0, encoder.regions - stored.shape[1]))
    return pooled.cpu(), stored.cpu(), lengths.cpu()


def to_storage(regions: Tensor, params: VisionParams) -> Tensor:
    """Regions in the number format that they are stored in."""
    dtype = STORAGE[storage_of(params)]
    if not dtype.is_floating_point:
        return regions.to(dtype)
    limit = torch.finfo(dtype).max
    return regions.clamp(-limit, limit).to(dtype)


def _check_table(pictures: pd.DataFrame) -> None:
    absent = [column for column in _COLUMNS if column not in pictures.columns]
    if absent:
        raise ValueError(f"the table of pictures lacks {', '.join(absent)}; it needs {', '.join(_COLUMNS)}")
    repeated = pictures["image_id"][pictures["image_id"].duplicated()]
    if len(repeated):
        raise ValueError(f"image id {repeated.iloc[0]!r} has more than one row; keep one row per image id")


def _records(pictures: pd.DataFrame) -> Iterator[tuple[str, str | None, str | None, str | None]]:
    for image_id, *rest in pictures[list(_COLUMNS)].itertuples(index=False, name=None):
        path, digest, caption = (value if isinstance(value, str) else None for value in rest)
        yield str(image_id), path, digest, caption


def _picture_items(pictures: pd.DataFrame) -> tuple[list[PictureRow], list[Item]]:
    rows: list[PictureRow] = []
    items: dict[str, Item] = {}
    for image_id, path, digest, _ in _records(pictures):
        if path is None or (digest is None and not Path(path).is_file()):
            rows.append(PictureRow(image_id, "missing", 0, 0, None))
            continue
        content = digest or sha256_of(Path(path))
        items.setdefault(content, Item(content, path))
        rows.append(PictureRow(image_id, "pending", 0, 0, content))
    return rows, list(items.values())


def _caption_items(pictures: pd.DataFrame) -> tuple[list[PictureRow], list[Item]]:
    rows: list[PictureRow] = []
    items: dict[str, Item] = {}
    for image_id, _, _, caption in _records(pictures):
        text = (caption or "").strip()
        if not text:
            notes = () if caption is None else ("empty_caption",)
            rows.append(PictureRow(image_id, "missing", 0, 0, None, notes))
            continue
        content = caption_content(text)
        items.setdefault(content, Item(content, text))
        rows.append(PictureRow(image_id, "pending", 0, 0, content))
    return rows, list(items.values())


def caption_content(text: str) -> str:
    """What the features of a caption are stored under."""
    return hashlib.sha256(b"caption\0" + text.encode()).hexdigest()


def _finished(row: PictureRow, found: dict[str, Place], failed: dict[str, Picture], max_pixels: int) -> PictureRow:
    """The row with its status; a stored picture may be larger than what is allowed now."""
    if row.content is None:
        return row
    if row.content in failed:
        picture = failed[row.content]
        return PictureRow(row.image_id, picture.status, picture.width, picture.height, row.content, picture.notes)
    known = found[row.content].described
    status = "ok" if known.width * known.height <= max_pixels else "too_large"
    notes = known.notes if status == "ok" else ()
    return PictureRow(row.image_id, status, known.width, known.height, row.content, notes)


def _dimensions(
    loaded: Callable[[], Encoder], shards: ShardStore, places: Sequence[Place]
) -> tuple[int, tuple[int, int]]:
    if not places:
        encoder = loaded()
        return encoder.pooled_dim, (encoder.regions, encoder.region_dim)
    shard = shards.read(places[0].path)
    return shard.pooled.shape[1], (shard.regions.shape[1], shard.regions.shape[2])


def _count(rows: Sequence[PictureRow], contents: int) -> dict[str, int]:
    statuses = Counter(row.status for row in rows)
    notes = Counter(note for row in rows for note in row.notes)
    return {
        "image_ids": len(rows),
        "distinct_contents": contents,
        **{status: statuses[status] for status in STATUSES},
        **{note: notes[note] for note in (*NOTES, "empty_caption")},
    }
