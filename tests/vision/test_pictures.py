from __future__ import annotations

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tandem.vision.pictures import centre_square, open_picture

LIMIT = 1_000_000


def _photo(width: int = 60, height: int = 40) -> Image.Image:
    """A smooth picture whose left half is reddish and whose right half is bluish."""
    x = np.linspace(0, 1, width)[None, :].repeat(height, 0)
    y = np.linspace(0, 1, height)[:, None].repeat(width, 1)
    return Image.fromarray((np.stack([1 - x, y, x], axis=2) * 255).astype(np.uint8))


def _bytes(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_open_picture_reads_common_kinds_whatever_the_extension(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(_bytes(_photo(), kind))
    picture = open_picture(path, LIMIT)
    assert (picture.status, picture.width, picture.height) == ("ok", 60, 40)
    assert picture.image is not None
    assert picture.image.mode == "RGB"
    assert picture.image.size == (60, 40)


def test_open_picture_without_a_file_is_missing(tmp_path: Path) -> None:
    assert open_picture(tmp_path / "gone.jpg", LIMIT) == (None, "missing", 0, 0, ())
    assert open_picture(None, LIMIT).status == "missing"


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n", b"GIF89a\x01"])
def test_open_picture_of_other_bytes_is_broken(data: bytes) -> None:
    picture = open_picture(data, LIMIT)
    assert picture.image is None
    assert picture.status == "broken"


def test_open_picture_of_a_folder_is_broken(tmp_path: Path) -> None:
    assert open_picture(tmp_path, LIMIT).status == "broken"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_open_picture_of_a_truncated_file_is_broken(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (80, 80, 3), dtype=np.uint8))
    data = _bytes(noise, kind)
    assert open_picture(data[: len(data) // 2], LIMIT).status == "broken"


def test_open_picture_gives_no_shared_picture_for_two_broken_ones() -> None:
    assert open_picture(b"a", LIMIT).image is None
    assert open_picture(b"b", LIMIT).image is None


def test_open_picture_checks_the_size_before_decoding() -> None:
    data = _bytes(_photo(100, 100), "PNG")
    assert open_picture(data, 100 * 100 - 1)[:4] == (None, "too_large", 100, 100)
    assert open_picture(data, 100 * 100).status == "ok"


def test_open_picture_survives_a_decompression_bomb() -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    assert open_picture(data, 178_000_000).status == "too_large"


def test_open_picture_takes_the_first_frame_of_an_animation() -> None:
    red, blue = Image.new("RGB", (20, 20), "red"), Image.new("RGB", (20, 20), "blue")
    picture = open_picture(_bytes(red, "GIF", save_all=True, append_images=[blue]), LIMIT)
    assert "animated" in picture.notes
    assert picture.image is not None
    assert picture.image.getpixel((5, 5)) == (255, 0, 0)


def test_open_picture_lays_transparency_on_white() -> None:
    for image in (Image.new("RGBA", (8, 8), (0, 0, 0, 0)), Image.new("LA", (8, 8), (0, 0))):
        picture = open_picture(_bytes(image, "PNG"), LIMIT)
        assert "alpha" in picture.notes
        assert picture.image is not None
        assert picture.image.getpixel((0, 0)) == (255, 255, 255)


def test_open_picture_lays_a_transparent_palette_on_white() -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([10, 20, 30] + [0] * 765)
    picture = open_picture(_bytes(image, "PNG", transparency=0), LIMIT)
    assert set(picture.notes) == {"palette", "alpha"}
    assert picture.image is not None
    assert picture.image.getpixel((0, 0)) == (255, 255, 255)


def test_open_picture_converts_cmyk() -> None:
    picture = open_picture(_bytes(Image.new("RGB", (16, 16), (200, 30, 30)).convert("CMYK"), "JPEG"), LIMIT)
    assert picture.notes == ("cmyk",)
    assert picture.image is not None
    red, green, _ = picture.image.getpixel((8, 8))  # type: ignore[misc]
    assert red > 150
    assert green < 80


@pytest.mark.parametrize(("orientation", "size"), [(1, (60, 40)), (3, (60, 40)), (6, (40, 60)), (8, (40, 60))])
def test_open_picture_turns_by_exif(orientation: int, size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = open_picture(_bytes(_photo(), "JPEG", exif=exif), LIMIT)
    assert (picture.width, picture.height) == size
    assert picture.image is not None
    assert picture.image.size == size
    assert ("rotated" in picture.notes) == (orientation != 1)
    if orientation == 6:  # the left edge (red) is turned up
        red, _, blue = picture.image.getpixel((20, 1))  # type: ignore[misc]
        assert red > blue


def test_open_picture_ignores_a_senseless_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 77
    assert open_picture(_bytes(_photo(), "JPEG", exif=exif), LIMIT).notes == ()


def test_open_picture_scales_16_bit_greyscale() -> None:
    values = np.linspace(0, 65535, 256).astype(np.uint16)[None, :].repeat(4, 0)
    picture = open_picture(_bytes(Image.fromarray(values), "PNG"), LIMIT)
    assert picture.notes == ("deep", "greyscale")
    assert picture.image is not None
    grey = np.asarray(picture.image)[0, :, 0]
    assert grey[0] == 0
    assert abs(int(grey[128]) - 128) <= 1
    assert grey[-1] == 255


def test_open_picture_stretches_float_greyscale() -> None:
    values = np.array([[0.0, 0.5, 1.0]], dtype=np.float32)
    picture = open_picture(_bytes(Image.fromarray(values), "TIFF"), LIMIT)
    assert picture.image is not None
    assert np.asarray(picture.image)[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("mode", ["1", "L"])
def test_open_picture_converts_greyscale(mode: str) -> None:
    picture = open_picture(_bytes(_photo().convert(mode), "PNG"), LIMIT)
    assert picture.notes == ("greyscale",)


def test_open_picture_decodes_large_jpegs_at_a_fraction() -> None:
    data = _bytes(_photo(800, 600), "JPEG")
    picture = open_picture(data, LIMIT, side=64)
    assert (picture.width, picture.height) == (800, 600)
    assert picture.image is not None
    assert 128 <= min(picture.image.size) < 600
    whole = open_picture(data, LIMIT).image
    assert whole is not None
    near = np.abs(_small(picture.image) - _small(whole))
    assert near.mean() < 2


def _small(image: Image.Image) -> np.ndarray:
    return np.asarray(centre_square(image, 32, Image.Resampling.BICUBIC)).astype(int)


def test_centre_square_of_a_strip_stays_small() -> None:
    strip = Image.new("RGB", (100_000, 1), "red")
    assert centre_square(strip, 224, Image.Resampling.BILINEAR).size == (224, 224)


def test_centre_square_keeps_the_middle() -> None:
    image = Image.new("RGB", (90, 30), "blue")
    image.paste((255, 0, 0), (30, 0, 60, 30))
    assert (
        np.asarray(centre_square(image, 10, Image.Resampling.BILINEAR))[:, 1:-1].reshape(-1, 3).tolist()
        == [[255, 0, 0]] * 80
    )


def test_open_picture_is_the_same_in_many_threads() -> None:
    files = [_bytes(_photo(50 + size, 40), kind) for size in range(8) for kind in ("JPEG", "PNG", "GIF")]
    alone = [open_picture(data, LIMIT) for data in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda data: open_picture(data, LIMIT), files))
    for one, other in zip(alone, together, strict=True):
        assert one[1:] == other[1:]
        assert one.image is not None
        assert other.image is not None
        assert one.image.tobytes() == other.image.tobytes()
