"""The pictures of the posts at hand, opened by threads ahead of their use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import torch
from torch import Tensor

from tandem.models.build import PictureDims
from tandem.vision.cache import PictureFeatures
from tandem.vision.live import LiveFeatures, Opened, Source


@dataclass(frozen=True)
class Shown:
    """What a post brings for the eyes: a picture, or a caption in its place."""

    source: Source
    caption: str | None


class Album:
    """Takes the place of a `FeatureCache` for posts whose pictures have not been extracted.

    live: None where nothing is encoded: every picture is absent then. dims: widths of the features. shown: by image id.
    `status` says what became of each picture that was opened.
    """

    def __init__(self, live: LiveFeatures | None, dims: PictureDims, shown: Mapping[str, Shown]) -> None:
        self._live, self._dims, self._shown = live, dims, shown
        self._opening: dict[str, Future[Opened]] = {}
        self._contents: dict[str, str | None] = {}
        self.status: dict[str, str] = {}

    def ahead(self, image_ids: Iterable[str | None]) -> None:
        """Begin to open pictures that will be asked for soon."""
        if self._live is None:
            return
        for image_id in image_ids:
            if image_id is not None and image_id not in self._opening:
                shown = self._shown[image_id]
                known = self._contents.get(image_id)
                self._opening[image_id] = self._live.submit(shown.source, shown.caption, known)

    def gather(
        self, image_ids: Sequence[str | None], *, with_regions: bool, views: Tensor | None = None
    ) -> PictureFeatures:
        """Features of a batch, as `FeatureCache.gather`; there are no views. Nothing decoded stays in memory."""
        if self._live is None:
            count = len(image_ids)
            regions, mask = torch.zeros(count, 1, self._dims.regions), torch.zeros(count, 1, dtype=torch.bool)
            return PictureFeatures(torch.zeros(count, self._dims.pooled), regions, mask, mask[:, 0])
        self.ahead(image_ids)
        opened = {image_id: self._opening.pop(image_id).result() for image_id in set(image_ids) if image_id is not None}
        self.status.update((image_id, one.status) for image_id, one in opened.items())
        self._contents.update((image_id, one.content) for image_id, one in opened.items())
        return self._live.gather([None if image_id is None else opened[image_id] for image_id in image_ids])
