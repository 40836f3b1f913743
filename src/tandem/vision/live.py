"""Features of pictures at hand, as the cache would give them. For prediction on new posts."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import torch
from PIL import Image
from torch import Tensor

from tandem.params.vision import VisionParams
from tandem.vision.cache import PictureFeatures
from tandem.vision.encoder import Encoder
from tandem.vision.extract import caption_content, device, encode_batch, encoder_key
from tandem.vision.pictures import convert_picture, open_picture, read_picture
from tandem.vision.registry import load_encoder
from tandem.vision.shelf import Shelf
from tandem.vision.store import Described, Shard

Source = Path | bytes | Image.Image | None

MEMORY = 256 << 20  # bytes of features that are kept, some thousand pictures with regions; the latest used stay


@dataclass(frozen=True)
class Features:
    """Those of one picture. pooled: (d_p,) float32. regions: (R, d_r) in the storage format, valid ones alone."""

    pooled: Tensor
    regions: Tensor | None

    @property
    def size(self) -> int:
        """Bytes."""
        return self.pooled.nbytes + (0 if self.regions is None else self.regions.nbytes)


@dataclass(frozen=True)
class Opened:
    """A picture (or caption) before it is encoded.

    status: one of `tandem.vision.pictures.STATUSES`. described: what is known of its content; None where there is none.
    tensor: what the encoder takes; None where `features` are known.
    """

    status: str
    described: Described | None = None
    tensor: Tensor | None = None
    features: Features | None = None

    @property
    def content(self) -> str | None:
        """What its features are kept under."""
        return None if self.described is None else self.described.content


class LiveFeatures:
    """A loaded encoder that turns pictures (or captions) into a batch of features.

    The same content is encoded once, as long as its features are among those that are kept. `open` and `submit` are
    for any thread, `gather` for one at a time.

    Args:
        params: the encoder that the model was trained with.
        place: where to encode; None = a GPU where there is one.
        with_regions: keep the regions; without, `gather` gives none.
        shelf: folder in which features are kept from run to run, as extraction keeps them (`data/cache/features`).
        encoder: the encoder itself, where it need not be loaded by its name.
        key: what the shelf knows it by; None = what `params` name.
    """

    def __init__(
        self,
        *,
        params: VisionParams,
        place: torch.device | None = None,
        with_regions: bool = True,
        shelf: Path | None = None,
        memory: int = MEMORY,
        encoder: Encoder | None = None,
        key: str | None = None,
    ) -> None:
        self.params = params = params.extracted
        self.device = place or device()
        self.with_regions = with_regions
        self.encoder = (encoder or load_encoder(params)).to(self.device).to(memory_format=torch.channels_last)
        self._kept: OrderedDict[str, Features] = OrderedDict()
        self._size, self._memory = 0, memory
        self._shelf = None
        if shelf is not None:
            self._shelf = Shelf(shelf / (key or encoder_key(params)), max_pixels=params.max_pixels)
        self._one_image_at_a_time = Lock()
        self._pool = ThreadPoolExecutor(params.workers or os.cpu_count(), "tandem-pictures")

    def submit(self, source: Source, caption: str | None = None, content: str | None = None) -> Future[Opened]:
        """As `open`, in a thread."""
        return self._pool.submit(self.open, source, caption, content)

    def open(self, source: Source, caption: str | None = None, content: str | None = None) -> Opened:
        """Read one picture, or its caption where the encoder reads captions. Never raises over a content.

        content: what an earlier call said of the same source, which then need not be read if its features are known.
        """
        if content is not None and (known := self._known(content)) is not None:
            return Opened("ok", Described(content, 0, 0), features=known)
        if self.encoder.source == "caption":
            return self._open_caption((caption or "").strip())
        if isinstance(source, Image.Image):
            with self._one_image_at_a_time:  # Pillow decodes one that was opened lazily now
                picture = convert_picture(source, self.params.max_pixels)
            content = None if picture.image is None else _content(picture.image)
        else:
            data = read_picture(source) if isinstance(source, Path) else source
            if not isinstance(data, bytes):
                return Opened("missing" if data is None else data.status)
            content = hashlib.sha256(data).hexdigest()
            if (known := self._known(content)) is not None:
                return Opened("ok", Described(content, 0, 0), features=known)
            picture = open_picture(data, self.params.max_pixels, side=self.encoder.side)
        if picture.image is None or content is None:
            return Opened(picture.status)
        described = Described(content, picture.width, picture.height, picture.notes)
        return Opened("ok", described, self.encoder.preprocess(picture.image))

    def _open_caption(self, caption: str) -> Opened:
        content = caption_content(caption)
        if (known := self._known(content)) is not None:
            return Opened("ok", Described(content, 0, 0), features=known)
        tokens = self.encoder.preprocess(caption)
        return Opened("ok", Described(content, 0, 0), tokens) if tokens.shape[-1] else Opened("missing")

    def gather(self, opened: Sequence[Opened | None]) -> PictureFeatures:
        """Features of a batch, on the CPU; None has no picture."""
        found = self._encode([one for one in opened if one is not None and one.content is not None])
        rows = [None if one is None or one.content is None else found[one.content] for one in opened]
        present = torch.tensor([row is not None for row in rows], dtype=torch.bool)
        pooled = torch.zeros(len(rows), self.encoder.pooled_dim)
        lengths = [0 if row is None or row.regions is None else len(row.regions) for row in rows]
        longest = max(1, *lengths) if lengths else 1
        regions = torch.zeros(len(rows), longest, self.encoder.region_dim)
        for place, row in enumerate(rows):
            if row is not None:
                pooled[place] = row.pooled
            if row is not None and row.regions is not None:
                regions[place, : lengths[place]] = row.regions  # rounded as in the cache
        mask = torch.arange(longest) < torch.tensor(lengths, dtype=torch.long)[:, None]
        return PictureFeatures(pooled, regions, mask, present)

    def _encode(self, opened: Sequence[Opened]) -> dict[str, Features]:
        """The features of contents, once those that are not known are computed."""
        found: dict[str, Features] = {}
        todo: dict[Described, Tensor] = {}
        for one in opened:
            content = one.content or ""
            features = found.get(content) or one.features or self._known(content)
            if features is not None:
                found[content] = features
                self._keep(content, features)
            elif one.described is not None and one.tensor is not None:
                todo.setdefault(one.described, one.tensor)
        contents, size = list(todo), self.params.batch_size
        for start in range(0, len(todo), size):
            some = contents[start : start + size]
            with torch.inference_mode():
                batch = encode_batch(self.encoder, [todo[one] for one in some], self.params, self.device)
            if self._shelf is not None:
                self._shelf.put(Shard(some, *batch))
            for described, pooled, regions, length in zip(some, *batch, strict=True):
                # A row of the batch would keep all of it in memory.
                own = regions[: int(length)].clone() if self.with_regions else None
                features = found[described.content] = Features(pooled.clone(), own)
                self._keep(described.content, features)
        return found

    def _known(self, content: str) -> Features | None:
        features = self._kept.get(content)
        if features is None and self._shelf is not None and (read := self._shelf.get(content)) is not None:
            features = Features(read[0], read[1] if self.with_regions else None)
        return features

    def _keep(self, content: str, features: Features) -> None:
        if content in self._kept:
            self._kept.move_to_end(content)
            return
        self._kept[content] = features
        self._size += features.size
        while self._size > self._memory and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._size -= dropped.size

    def flush(self) -> None:
        """Put what the shelf has not written yet on disk."""
        if self._shelf is not None:
            self._shelf.flush()


def _content(image: Image.Image) -> str:
    digest = hashlib.sha256(f"pixels {image.width} {image.height}\0".encode())
    digest.update(image.tobytes())
    return digest.hexdigest()
