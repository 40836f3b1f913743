"""PNG files whose bytes depend on nothing but the pixels.

Pillow's own writer goes through zlib, and builds of zlib compress the same pixels to different bytes. Here the pixels
are stored without compression, so that the same seed gives the same files, and the same hashes in DVC, everywhere.
"""

from __future__ import annotations

import struct
import zlib

from PIL import Image

_STORED_BLOCK = 0xFFFF


def encode_png(image: Image.Image) -> bytes:
    """An RGB picture as a PNG file (ISO/IEC 15948) of stored deflate blocks (RFC 1951, section 3.2.4)."""
    if image.mode != "RGB":
        raise ValueError(f"encode_png takes an RGB picture, found mode {image.mode}: convert it first")
    width, height = image.size
    pixels, row = image.tobytes(), width * 3
    # Each row starts with the number of its filter; 0 is none.
    raw = b"".join(b"\0" + pixels[start : start + row] for start in range(0, row * height, row))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", _stored(raw)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _stored(raw: bytes) -> bytes:
    """A zlib stream that holds `raw` as it is."""
    stream = [b"\x78\x01"]
    for start in range(0, len(raw), _STORED_BLOCK):
        block = raw[start : start + _STORED_BLOCK]
        last = start + _STORED_BLOCK >= len(raw)
        stream.append(struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF) + block)
    stream.append(struct.pack(">I", zlib.adler32(raw)))
    return b"".join(stream)
