"""Pictures as parts of a page: shrunk, and written into it."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from tandem.vision.pictures import open_picture

SIDE = 288  # pixels of the longer side: twice as many as it is wide on the page
QUALITY = 72  # of WebP
HEAT = (213, 94, 0)  # the overlay's colour
DARKEST = 200  # of 255, opacity of the region that has the greatest weight


class Thumbnail(NamedTuple):
    """A picture as a `data:` address, and its size in pixels."""

    address: str
    width: int
    height: int


def thumbnail(path: Path, max_pixels: int) -> Thumbnail | None:
    """A small copy of a picture; None where there is none that opens. A small picture is not enlarged."""
    image = open_picture(path, max_pixels, side=SIDE).image
    if image is None:
        return None
    image.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return Thumbnail(_webp(image, quality=QUALITY), image.width, image.height)


def plot_address(path: Path) -> Thumbnail:
    """A plot's file (PNG) as a `data:` address, in a fraction of its bytes."""
    with Image.open(path) as image:
        plain = image.convert("RGB")
    return Thumbnail(_webp(plain, quality=QUALITY), plain.width, plain.height)


def grid_side(regions: int) -> int | None:
    """Rows, and columns, of a square grid of regions, with or without a leading class token; None if it is no grid."""
    for cells in (regions, regions - 1):
        side = math.isqrt(max(cells, 0))
        if side > 1 and side * side == cells:
            return side
    return None


def heat_address(weights: Sequence[float]) -> str | None:
    """Attention over a grid of regions, row by row, as a picture to lay over another one; None if it is no grid.

    The darkest region is the one with the greatest weight, whatever that is; a leading class token is left out.
    """
    side = grid_side(len(weights))
    if side is None:
        return None
    cells = list(weights[-side * side :])
    most = max(cells)
    if most <= 0:
        return None
    image = Image.new("RGBA", (side, side))
    image.putdata([(*HEAT, round(DARKEST * max(cell, 0.0) / most)) for cell in cells])
    stream = io.BytesIO()
    image.save(stream, format="PNG")
    return _address("image/png", stream.getvalue())


def _webp(image: Image.Image, *, quality: int) -> str:
    stream = io.BytesIO()
    image.save(stream, format="WEBP", quality=quality, method=4)
    return _address("image/webp", stream.getvalue())


def _address(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
