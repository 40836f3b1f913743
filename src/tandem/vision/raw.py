"""The picture itself, for models that read pixels."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from tandem.params.vision import VisionParams
from tandem.vision.encoder import Encoded, Encoder
from tandem.vision.pictures import centre_square
from tandem.vision.squares import CHANNELS, to_rows


class RawEncoder(Encoder):
    """The largest centred square, resized bicubically to S x S pixels and kept byte for byte.

    pooled: the mean colour, 3 numbers between 0 and 255. regions: S rows of S pixels of 3 bytes (uint8), whatever
    `max_regions` says; `tandem.vision.squares.to_squares` makes pictures of them again.
    """

    allows_bfloat16 = False

    def __init__(self, *, image_size: int) -> None:
        super().__init__()
        self.side = self.regions = image_size
        self.pooled_dim, self.region_dim = CHANNELS, CHANNELS * image_size

    def preprocess(self, item: Image.Image) -> Tensor:
        """RGB -> (3, S, S) uint8."""
        square = centre_square(item, self.regions, Image.Resampling.BICUBIC)
        return torch.from_numpy(np.array(square)).permute(2, 0, 1)

    def forward(self, batch: Tensor) -> Encoded:
        """(B, 3, S, S) uint8 -> features."""
        lengths = torch.full((len(batch),), self.regions, device=batch.device)
        return Encoded(batch.float().mean(dim=(2, 3)), to_rows(batch), lengths)


def build(params: VisionParams) -> RawEncoder:
    """The encoder; it has no weights."""
    return RawEncoder(image_size=params.image_size).eval()


def identity(params: VisionParams) -> dict[str, str | int]:
    """What decides its numbers."""
    return {"encoder": "raw", "image_size": params.image_size}
