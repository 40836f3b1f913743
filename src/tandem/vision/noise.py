"""Pictures without content, for a control: noise as bright and as varied as the pictures themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from tandem.vision.cache import FeatureCache, Moments, PictureFeatures


class NoiseFeatures:
    """The pictures of a cache, each with Gaussian noise for features.

    Every dimension of the pooled vectors, and every one of the regions, has the mean and the spread that it has over
    the usable pictures of the corpus. A picture's noise is its own, whatever stands in a batch with it. Pictures
    themselves (`raw`, or for an encoder that trains) become noisy pixels, each column and colour with the mean and
    spread that it has there, rounded and cut to 0 to 255. What is absent or masked remains so.
    """

    def __init__(self, features: FeatureCache, *, seed: int) -> None:
        self._features, self._seed = features, seed

    def gather(
        self, image_ids: Sequence[str | None], *, with_regions: bool, views: Tensor | None = None
    ) -> PictureFeatures:
        """As of `FeatureCache`; all `views` of a picture have the same noise."""
        found = self._features.gather(image_ids, with_regions=with_regions, views=views)
        pooled, regions = torch.zeros_like(found.pooled), torch.zeros_like(found.regions)
        for place, image_id in enumerate(image_ids):
            if image_id is None or not found.present[place]:
                continue
            generator = torch.Generator().manual_seed(_number(f"{self._seed} {image_id}"))
            pooled[place] = _draw(self._features.pooled_moments, 1, generator)[0]
            if with_regions:
                mask = found.region_mask[place]
                drawn = _draw(self._features.region_moments, int(mask.sum()), generator)
                regions[place, mask] = drawn.round().clamp(0, 255) if self._features.whole_numbers else drawn
        return replace(found, pooled=pooled, regions=regions)


def _draw(moments: Moments, rows: int, generator: torch.Generator) -> Tensor:
    """(rows, d)."""
    return moments.mean + moments.spread * torch.randn(rows, len(moments.mean), generator=generator)


def _number(text: str) -> int:
    """A seed out of a text, the same in every process."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little", signed=True)
