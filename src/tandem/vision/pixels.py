"""Features without weights: a thumbnail, and the cells of a coarse grid. For corpora whose pictures are drawn."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from tandem.params.vision import VisionParams
from tandem.vision.encoder import Encoded, Encoder

GRID = 4  # cells a side
CELL = 6  # pixels a side of a cell
THUMBNAIL = 12  # pixels a side of the pooled view
_MEAN, _STD = 127.5, 64.0  # bytes; brings ordinary pictures to about zero mean and unit spread


class PixelEncoder(Encoder):
    """The whole picture squeezed to 24 x 24 pixels: 4 x 4 cells as regions, its 12 x 12 halving as the pooled vector.

    pooled: 12 x 12 x 3 = 432 numbers, (byte - 127.5) / 64. regions: 16 cells of 6 x 6 x 3 = 108 numbers on the same
    scale, then 16 numbers that are 1 at the cell's own position and 0 elsewhere.
    """

    pooled_dim = THUMBNAIL * THUMBNAIL * 3
    region_dim = CELL * CELL * 3 + GRID * GRID
    regions = GRID * GRID
    side = GRID * CELL
    allows_bfloat16 = False

    def preprocess(self, item: Image.Image) -> Tensor:
        """RGB -> (3, 24, 24) uint8, the mean colour of each of 24 x 24 patches."""
        small = item.resize((GRID * CELL, GRID * CELL), Image.Resampling.BOX)
        return torch.from_numpy(np.array(small)).permute(2, 0, 1)

    def forward(self, batch: Tensor) -> Encoded:
        """(B, 3, 24, 24) uint8 -> features."""
        values = (batch.float() - _MEAN) / _STD
        count = len(values)
        pooled = functional.avg_pool2d(values, GRID * CELL // THUMBNAIL).flatten(1)  # (B, 432)
        cells = values.reshape(count, 3, GRID, CELL, GRID, CELL).permute(0, 2, 4, 1, 3, 5)  # (B, 4, 4, 3, 6, 6)
        cells = cells.reshape(count, GRID * GRID, 3 * CELL * CELL)
        position = torch.eye(GRID * GRID, device=values.device).expand(count, -1, -1)
        lengths = torch.full((count,), GRID * GRID, device=values.device)
        return Encoded(pooled, torch.cat([cells, position], dim=2), lengths)


def build(params: VisionParams) -> PixelEncoder:
    """The encoder; it has no weights and a grid of its own. `max_regions` below 16 is an error."""
    if params.max_regions < GRID * GRID:
        raise ValueError(f"vision.max_regions {params.max_regions}: the encoder 'pixels' needs {GRID * GRID}")
    return PixelEncoder().eval()


def identity(params: VisionParams) -> dict[str, str | int]:
    """What decides its numbers: nothing but the code."""
    return {"encoder": "pixels"}
