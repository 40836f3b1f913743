"""What every encoder offers, and the part that encoders of pictures share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import isqrt
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from tandem.vision.pictures import centre_square

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
LOCAL_REMEDY = "set vision.weights to a local file, or take hf/<folder>"


class Encoded(NamedTuple):
    """Features of a batch.

    pooled: (B, d_p) float32. regions: (B, R, d_r) float32 (uint8 of `raw`), zero past a row's length. lengths: (B,)
    int64, valid regions of each row.
    """

    pooled: Tensor
    regions: Tensor
    lengths: Tensor


class Encoder(nn.Module, ABC):
    """An encoder, frozen once it is built. Its dimensions are known then.

    pooled_dim: d_p. region_dim: d_r. regions: R, the most regions of one picture. source: what it reads.
    side: pixels a side that it looks at, for decoding no more than that; None for encoders of text.
    allows_bfloat16: False where the arithmetic is too small to be worth rounding.
    """

    pooled_dim: int
    region_dim: int
    regions: int
    source: Literal["picture", "caption"] = "picture"
    side: int | None = None
    allows_bfloat16: bool = True

    @abstractmethod
    def preprocess(self, item: Any) -> Tensor:
        """One RGB picture (or caption) as a small tensor without a batch dimension. Called from several threads."""

    def collate(self, items: list[Tensor]) -> Tensor:
        """Tensors of `preprocess` as one batch."""
        return torch.stack(items)

    @abstractmethod
    def forward(self, batch: Tensor) -> Encoded:
        """Features of a batch of `collate`."""


class GridEncoder(Encoder):
    """An encoder of square pictures whose regions lie on a grid.

    Pictures travel as bytes and are normalised on the device, four times less memory than floats. A subclass gives
    `grid`; a grid of more than `max_regions` cells is averaged down to the largest square that fits.

    Args:
        image_size: S, pixels a side.
        mean, std: per channel, of values between 0 and 1.
        max_regions: most regions kept.
        bicubic: resize bicubically, else bilinearly; as the weights were trained.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        *,
        image_size: int,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        max_regions: int,
        bicubic: bool,
    ) -> None:
        super().__init__()
        self.image_size = image_size
        self.side = image_size
        self.max_side = isqrt(max_regions)
        self.resample = Image.Resampling.BICUBIC if bicubic else Image.Resampling.BILINEAR
        self.register_buffer("mean", 255.0 * torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", 255.0 * torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    @abstractmethod
    def grid(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, S, S) normalised -> pooled (B, d_p), grid (B, d_r, h, w)."""

    def freeze(self) -> None:
        """Switch to evaluation and learn the dimensions from one black picture. Subclasses end with it."""
        self.eval().requires_grad_(False)
        with torch.inference_mode():
            pooled, regions, _ = self(torch.zeros(1, 3, self.image_size, self.image_size, dtype=torch.uint8))
        self.pooled_dim = pooled.shape[1]
        self.regions, self.region_dim = regions.shape[1:]

    def unfreeze(self) -> None:
        """Let every parameter be trained. A subclass first drops those that `grid` has no use for."""
        self.requires_grad_(True)

    def save_config(self, folder: Path) -> None:
        """Write what building it again without its weights needs, if the knobs alone are not enough."""

    def preprocess(self, item: Image.Image) -> Tensor:
        """RGB -> (3, S, S) uint8: the largest centred square."""
        square = centre_square(item, self.image_size, self.resample)
        return torch.from_numpy(np.array(square)).permute(2, 0, 1)

    def collate(self, items: list[Tensor]) -> Tensor:
        """(B, 3, S, S) with the channels last in memory, which convolutions compute fastest."""
        return torch.stack([item.permute(1, 2, 0) for item in items]).permute(0, 3, 1, 2)

    def forward(self, batch: Tensor) -> Encoded:
        """(B, 3, S, S) uint8 -> features."""
        pooled, grid = self.grid((batch - self.mean) / self.std)
        if max(grid.shape[2:]) > self.max_side:
            grid = functional.adaptive_avg_pool2d(grid, (min(grid.shape[2], self.max_side), self.max_side))
        regions = grid.flatten(2).transpose(1, 2).float()  # (B, R, d_r)
        lengths = torch.full((len(batch),), regions.shape[1], device=batch.device)
        return Encoded(pooled.float(), regions, lengths)


def tokens_to_grid(tokens: Tensor) -> Tensor:
    """(B, h * w, d) row by row of a square -> (B, d, h, w)."""
    side = isqrt(tokens.shape[1])
    if side * side != tokens.shape[1]:
        raise ValueError(f"expected the tokens of a square grid, found {tokens.shape[1]} of them; use another encoder")
    return tokens.transpose(1, 2).unflatten(2, (side, side))
