"""Pictures as parts of the page."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from tandem.reporting.thumbnails import DARKEST, SIDE, grid_side, heat_address, thumbnail


def opened(address: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


@pytest.mark.parametrize(
    ("regions", "side"), [(49, 7), (50, 7), (4, 2), (5, 2), (1, None), (0, None), (2, None), (12, None)]
)
def test_grid_side_knows_a_class_token(regions: int, side: int | None) -> None:
    assert grid_side(regions) == side


def test_heat_address_is_row_by_row_without_the_class_token() -> None:
    address = heat_address([9.0, 0.1, 0.4, 0.2, 0.0])
    assert address is not None
    image = opened(address)
    assert image.size == (2, 2)
    opacity = [image.getpixel((x, y))[3] for y in (0, 1) for x in (0, 1)]  # type: ignore[index]
    assert opacity == [DARKEST // 4, DARKEST, DARKEST // 2, 0]
    assert heat_address([0.5, 0.5]) is None
    assert heat_address([0.0] * 4) is None


def test_thumbnail_shrinks_what_opens(tmp_path: Path) -> None:
    Image.new("RGB", (2000, 1000)).save(tmp_path / "large.jpg")
    found = thumbnail(tmp_path / "large.jpg", 10**7)
    assert found is not None
    assert (found.width, found.height) == opened(found.address).size == (SIDE, SIDE // 2)
    assert thumbnail(tmp_path / "large.jpg", 100) is None
    assert thumbnail(tmp_path / "gone.jpg", 10**7) is None
    (tmp_path / "broken.jpg").write_text("no picture")
    assert thumbnail(tmp_path / "broken.jpg", 10**7) is None
