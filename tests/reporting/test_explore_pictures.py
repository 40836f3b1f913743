"""Picture files, their sizes and the contact sheet, over files of every kind."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tandem.reporting.explore import photos, sheet
from tandem.reporting.explore.photos import Head, read_head

LIMIT = 1_000_000


@pytest.fixture
def folder(tmp_path) -> dict[str, str | None]:
    """The file of each picture by its id."""
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    picture = Image.fromarray(noise)
    picture.save(tmp_path / "plain.jpg")
    picture.convert("CMYK").save(tmp_path / "cmyk.jpg")
    picture.save(tmp_path / "moving.gif", save_all=True, append_images=[picture.rotate(90, expand=True)])
    picture.convert("RGBA").save(tmp_path / "clear.png")
    Image.new("L", (5000, 1)).save(tmp_path / "line.png")
    (tmp_path / "half.jpg").write_bytes((tmp_path / "plain.jpg").read_bytes()[:1500])
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "folder.jpg").mkdir()
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [b"IHDR" + header, b"IDAT" + zlib.compress(b"")]
    whole = [struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks]
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(whole))
    found: dict[str, str | None] = {path.stem: str(path) for path in sorted(tmp_path.iterdir())}
    return found | {"gone": str(tmp_path / "gone.jpg"), "none": None}


def test_heads_tell_status_size_and_kind(folder) -> None:
    found = {name: read_head(path, LIMIT) for name, path in folder.items()}
    assert found["plain"] == Head("readable", 80, 60, "JPEG", "RGB")
    assert found["cmyk"].colours == "CMYK"
    assert found["moving"].format == "GIF (moving)"
    assert (found["line"].width, found["line"].height) == (5000, 1)
    assert found["half"].status == "readable"  # its head is whole
    assert [found[name].status for name in ("text", "empty", "folder")] == ["broken"] * 3
    assert [found[name].status for name in ("gone", "none")] == ["missing"] * 2
    assert found["bomb"].status == "too large"
    assert read_head(folder["plain"], 80 * 60 - 1).status == "too large"


def test_picture_tables_count_each_picture_once(folder) -> None:
    ids = [*folder, "plain", None]
    sentences = pd.DataFrame({"image_id": ids, "image_path": [folder.get(name) if name else None for name in ids]})
    paths = photos.files(sentences)
    assert paths == folder
    tables = photos.tables(sentences, {name: read_head(path, LIMIT) for name, path in paths.items()})
    status = tables["picture_files"].query("kind == 'status'")
    assert dict(zip(status["value"], status["pictures"], strict=True)) == {
        "readable": 6,
        "missing": 2,
        "broken": 3,
        "too large": 1,
    }
    assert tables["picture_sizes"].values.tolist() == [[80, 60, 5], [5000, 1, 1]]
    assert tables["picture_use"].values.tolist() == [[1, 11], [2, 1]]
    said = {item.key: item.say(tables) for item in photos.ITEMS}
    status_told, _, _ = said["picture_files"].partition(". Formats: JPEG (3)")
    assert status_told == "Of 12 pictures, 6 readable, 2 missing, 3 broken and 1 too large"
    assert said["picture_sizes"] == (
        "Sides of 1 to 5,000 pixels; 83.3 % of the pictures have 80 x 60 pixels, and 100 % are wider than high."
    )
    assert said["picture_use"] == "8.3 % of the pictures stand with several sentences, at most with 2."


def test_sheet_shows_every_kind_of_picture_or_why_not(folder) -> None:
    found = {name: read_head(path, LIMIT) for name, path in folder.items()}
    labels = [("plain", ["PER", "LOC"]), ("plain", ["LOC"]), (None, ["ORG"]), ("gone", [])]
    table, page = sheet.contact_sheet(found, folder, labels, LIMIT)
    status = dict(zip(table["image_id"], table["status"], strict=True))
    assert set(table["image_id"]) == set(folder)  # six that can be read and six that cannot
    assert (status["half"], status["bomb"], status["gone"], status["line"]) == (
        "broken",
        "too large",
        "missing",
        "readable",
    )
    assert dict(zip(table["image_id"], table["labels"], strict=True))["plain"] == "LOC, PER"
    assert page.width == 8 * (sheet.SIDE + sheet.GAP) + sheet.GAP
    again, other = sheet.contact_sheet(found, folder, labels, LIMIT)
    assert table.equals(again)
    assert page.tobytes() == other.tobytes()


def test_sheet_is_drawn_by_chance_of_what_can_be_read() -> None:
    found = {f"p{number}": Head("readable" if number % 3 else "missing") for number in range(900)}
    chosen = sheet.choose(found)
    assert len(chosen) == sheet.PICTURES
    assert sum(found[name].status == "missing" for name in chosen) == sheet.UNREADABLE
    assert chosen == sorted(chosen, key=lambda name: int(name[1:]))
    assert max(int(name[1:]) for name in chosen) > 600
    assert len(sheet.choose({name: Head("missing") for name in found})) == sheet.UNREADABLE


def test_sheet_cuts_words_that_are_wider_than_a_picture() -> None:
    name = "twitter_stream_2018_10_10_19_0_2_113.jpg"
    cut = sheet._fitting(name, sheet.LARGE, from_end=True)
    assert cut[0] == "…"
    assert name.endswith(cut[1:])
    assert sheet.LARGE.getlength(cut) <= sheet.SIDE
    assert sheet._fitting("PER", sheet.LARGE) == "PER"
