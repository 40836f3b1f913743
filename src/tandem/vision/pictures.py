"""Opening pictures of unknown origin: every file gives a picture in RGB or a status that says why not."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

STATUSES = ("ok", "missing", "broken", "too_large")
"""`missing`: no file. `broken`: truncated, empty, or not a picture. `too_large`: more pixels than allowed."""

NOTES = ("animated", "cmyk", "palette", "alpha", "rotated", "deep", "greyscale")
"""What was unusual about a picture that opened: first of several frames; CMYK; palette; transparency, laid on white;
turned by its EXIF orientation; more than 8 bits a channel; a single channel."""

_ORIENTATION = 0x0112  # EXIF tag; 1 = upright, 5 to 8 swap width and height
_DRAFT_GAP = 1.5  # a JPEG is decoded at a fraction that is still this many times the wanted side

# Pillow warns from 89 million pixels on; such pictures get the status `too_large` or were allowed by `max_pixels`.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class Picture(NamedTuple):
    """What opening a file gave.

    image: RGB, upright; None unless `status` is "ok". width, height: pixels as shown, 0 where unknown.
    """

    image: Image.Image | None
    status: str
    width: int
    height: int
    notes: tuple[str, ...] = ()


def open_picture(source: Path | bytes | None, max_pixels: int, *, side: int | None = None) -> Picture:
    """Open a picture without ever raising over its content. Thread-safe; the file's extension is ignored.

    Args:
        source: path of the file, its bytes, or None (status "missing").
        max_pixels: most width x height; checked on the header, before anything is decoded.
        side: the picture will be shrunk to about this many pixels a side, so that a JPEG may be decoded at a half, a
            quarter or an eighth, which is much faster. None decodes at full size.
    """
    data = read_picture(source) if isinstance(source, Path) else source
    if isinstance(data, Picture):
        return data
    if data is None:
        return Picture(None, "missing", 0, 0)
    width = height = 0
    # Decoders raise anything over hostile bytes (OSError, SyntaxError, struct.error, IndexError, zlib.error, ...).
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            if width * height > max_pixels:
                return Picture(None, "too_large", width, height)
            orientation = _orientation(image)
            if orientation >= 5:
                width, height = height, width
            notes = _notes(image, orientation)
            if side is not None and image.format == "JPEG":
                enough = int(side * _DRAFT_GAP)
                image.draft(None, (enough, enough))
            image.load()
            upright = ImageOps.exif_transpose(image) if orientation != 1 else image
            return Picture(_to_rgb(upright), "ok", width, height, notes)
    except Image.DecompressionBombError:
        return Picture(None, "too_large", width, height)
    except Exception:
        return Picture(None, "broken", width, height)


def convert_picture(image: Image.Image, max_pixels: int) -> Picture:
    """What opening the file of a picture that is in memory already would give. Not for several threads at once."""
    width, height = image.size
    if width * height > max_pixels:
        return Picture(None, "too_large", width, height)
    try:
        orientation = _orientation(image)
        notes = _notes(image, orientation)
        upright = _to_rgb(ImageOps.exif_transpose(image) if orientation != 1 else image)
    except Exception:  # one that was opened and is only decoded now
        return Picture(None, "broken", width, height)
    return Picture(upright, "ok", *upright.size, notes)


def read_picture(path: Path) -> bytes | Picture:
    """The bytes of a file, or the status "missing" (no such file) or "broken" (unreadable, a folder)."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, ValueError):  # no path at all, with a NUL in it
        return Picture(None, "missing", 0, 0)
    except OSError:
        return Picture(None, "broken", 0, 0)


def centre_square(image: Image.Image, side: int, resample: Image.Resampling) -> Image.Image:
    """The largest centred square of `image`, resized to `side` x `side` pixels.

    Cutting before resizing keeps a picture of 10,000 x 1 pixels from becoming one of millions a side.
    """
    short = min(image.size)
    left, top = (image.width - short) / 2, (image.height - short) / 2
    return image.resize((side, side), resample, box=(left, top, left + short, top + short), reducing_gap=2.0)


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # a damaged EXIF block says nothing about the pixels
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _notes(image: Image.Image, orientation: int) -> tuple[str, ...]:
    found = {
        "animated": image.format != "MPO" and getattr(image, "is_animated", False),
        "cmyk": image.mode == "CMYK",
        "palette": image.mode in {"P", "PA"},
        "alpha": _has_alpha(image),
        "rotated": orientation != 1,
        "deep": image.mode.startswith("I") or image.mode == "F",
        "greyscale": image.mode in {"1", "L", "LA", "La", "F"} or image.mode.startswith("I"),
    }
    return tuple(note for note in NOTES if found[note])


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        # Pillow's own conversion clips at 255, which turns such a picture white.
        return Image.fromarray((np.asarray(image).astype(np.uint16) // 257).astype(np.uint8)).convert("RGB")
    if image.mode in {"I", "F"}:
        values = np.nan_to_num(np.asarray(image, dtype=np.float64))
        low, high = float(values.min()), float(values.max())
        scaled = (values - low) * (255.0 / (high - low) if high > low else 0.0)
        return Image.fromarray(np.rint(scaled).astype(np.uint8)).convert("RGB")
    if _has_alpha(image):
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")
