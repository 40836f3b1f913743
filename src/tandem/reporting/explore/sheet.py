"""The contact sheet: some of the pictures with what is to be found with them.

contact_sheet.csv has the columns image_id, status, labels: the pictures in the order of the sheet, and the types of the
entities (or the relations) of all their sentences, most frequent first.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from tandem.reporting.explore.fonts import BASE, best_font
from tandem.reporting.explore.items import Tables
from tandem.reporting.explore.photos import Head
from tandem.reporting.style import FAINT, INK
from tandem.reporting.wording import listed, plural
from tandem.vision.pictures import open_picture

PICTURES, ACROSS = 48, 8
UNREADABLE = 6  # at most, of those
SEED = 13
SIDE, GAP, LINES = 112, 10, 30  # pixels: of a picture, between two, of the words under it
PALE, GREY = "#f3f4f6", "#57606a"
LARGE = ImageFont.truetype(str(BASE), 11)


def choose(found: Mapping[str, Head]) -> list[str]:
    """Ids of the pictures on the sheet, in the order of the corpus: readable ones, and a few that are not."""
    chance = random.Random(SEED)
    readable = [image_id for image_id, head in found.items() if head.status == "readable"]
    others = [image_id for image_id, head in found.items() if head.status != "readable"]
    some = chance.sample(others, min(UNREADABLE, len(others)))
    chosen = {*some, *chance.sample(readable, min(PICTURES - len(some), len(readable)))}
    return [image_id for image_id in found if image_id in chosen]


def contact_sheet(
    found: Mapping[str, Head],
    paths: Mapping[str, str | None],
    labels: Iterable[tuple[str | None, Iterable[str]]],
    max_pixels: int,
) -> tuple[pd.DataFrame, Image.Image]:
    """The table above and the sheet; a picture that cannot be shown is a tile that says why.

    `paths`: file of each picture. `labels`: picture and labels of each sentence (or pair).
    """
    chosen = dict.fromkeys(choose(found))
    of_picture: dict[str, Counter[str]] = defaultdict(Counter)
    for image_id, names in labels:
        if image_id in chosen:
            of_picture[str(image_id)].update(names)
    known = sorted({name for names in of_picture.values() for name in names})
    small = ImageFont.truetype(str(best_font(known)), 10)
    across, down = min(ACROSS, len(chosen)), -(-len(chosen) // ACROSS)
    page = Image.new("RGB", (across * (SIDE + GAP) + GAP, down * (SIDE + LINES + GAP) + GAP), "white")
    pen, rows = ImageDraw.Draw(page), []
    for number, image_id in enumerate(chosen):
        tile, status = _tile(found[image_id].status, paths[image_id], max_pixels)
        rows.append((image_id, status, ", ".join(name for name, _ in of_picture[image_id].most_common())))
        left, top = GAP + number % ACROSS * (SIDE + GAP), GAP + number // ACROSS * (SIDE + LINES + GAP)
        if tile is None:
            pen.rectangle((left, top, left + SIDE - 1, top + SIDE - 1), fill=PALE, outline=FAINT)
            pen.text((left + SIDE / 2, top + SIDE / 2), status, fill=GREY, font=LARGE, anchor="mm")
        else:
            page.paste(tile, (left + (SIDE - tile.width) // 2, top + (SIDE - tile.height) // 2))
        pen.text((left, top + SIDE + 2), _fitting(image_id, LARGE, from_end=True), fill=INK, font=LARGE)
        pen.text((left, top + SIDE + 16), _fitting(rows[-1][-1] or "none", small), fill=GREY, font=small)
    return pd.DataFrame(rows, columns=["image_id", "status", "labels"]), page


def _tile(status: str, path: str | None, max_pixels: int) -> tuple[Image.Image | None, str]:
    """The picture of a side of SIDE pixels at most, or None, and its status once it has been decoded."""
    if status != "readable" or path is None:
        return None, status
    opened = open_picture(Path(path), max_pixels, side=SIDE)
    if opened.image is None:
        return None, opened.status.replace("_", " ")
    opened.image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return opened.image, status


def _fitting(text: str, font: ImageFont.FreeTypeFont, from_end: bool = False) -> str:
    """The text, cut at its end (`from_end`: at its start) where it is wider than a picture."""
    if font.getlength(text) <= SIDE:
        return text
    while text and font.getlength(f"{text}…") > SIDE:
        text = text[1:] if from_end else text[:-1]
    return f"…{text}" if from_end else f"{text}…"


def say(tables: Tables) -> str:
    """What is on the sheet."""
    sheet = tables["contact_sheet"]
    if sheet.empty:
        return "No sentence names a picture."
    status = Counter(sheet["status"])
    total = sum(tables["picture_use"]["pictures"])
    others = [f"{count} {name}" for name, count in status.items() if name != "readable"]
    unreadable = f"; {listed(others)} ones among them" if others else ""
    return (
        f"{plural(len(sheet), 'picture')} of {total:,}, drawn by chance{unreadable}. Below each: its id and its labels."
    )
