"""Any text in the fonts that there are: DejaVu Sans, which comes with matplotlib, and the system's for the rest."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import emoji
import matplotlib.font_manager as manager
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont

BITMAP_SIZES = (109, 136, 160, 128, 96, 64)  # of fonts of coloured pictures, as emojis may be
MISSING = "\u25a1"  # for a character that no font has
JOINERS = "\u200d\ufe0e\ufe0f"  # within an emoji
_TOLD = 0.72  # size of an emoji's name, against the text's


@dataclass(frozen=True)
class Glyphs:
    """Characters in one font. scale: of a font of pictures, by which they shrink to the wanted size."""

    text: str
    font: Any
    scale: float = 1.0

    @property
    def width(self) -> float:
        """In pixels."""
        return float(self.font.getlength(self.text)) * self.scale

    def draw(self, canvas: Image.Image, x: float, baseline: float, ink: str) -> None:
        """Draw at a place."""
        if self.scale == 1.0:
            ImageDraw.Draw(canvas).text(
                (x, baseline), self.text, font=self.font, fill=ink, anchor="ls", embedded_color=True
            )
            return
        left, top, right, bottom = self.font.getbbox(self.text, anchor="ls")
        if right <= left or bottom <= top:
            return
        stamp = Image.new("RGBA", (int(right - left), int(bottom - top)))
        ImageDraw.Draw(stamp).text((-left, -top), self.text, font=self.font, anchor="ls", embedded_color=True)
        small = (max(1, round(stamp.width * self.scale)), max(1, round(stamp.height * self.scale)))
        stamp = stamp.resize(small, Image.Resampling.LANCZOS)
        canvas.paste(stamp, (round(x + left * self.scale), round(baseline + top * self.scale)), stamp)


class Fonts:
    """A size and a weight."""

    def __init__(self, size: int, *, bold: bool = False) -> None:
        self.size = size
        style = manager.FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
        self._main = manager.findfont(style)
        self._open: dict[str, tuple[Any, float] | None] = {}

    @property
    def ascent(self) -> float:
        """Pixels above the baseline that capitals take."""
        return float(-self._font(self._main)[0].getbbox("H", anchor="ls")[1])

    def glyphs(self, text: str) -> list[Glyphs]:
        """The text in pieces of one font each; what draws nothing is left out, an emoji without a font is named."""
        pieces: list[Glyphs] = []
        for part, kind in _emojis(text):
            if kind is None:
                pieces += self._plain(part)
                continue
            path = self._path(kind, part)
            if path is None:
                small = ImageFont.truetype(self._main, max(1, round(self.size * _TOLD)))
                pieces.append(Glyphs(emoji.demojize(part).strip("\ufe0f"), small))
            else:
                font, scale = self._font(path)
                pieces.append(Glyphs(part if path != self._main else kind, font, scale))
        return pieces

    def width(self, text: str) -> float:
        """Pixels that a text takes."""
        return sum(piece.width for piece in self.glyphs(text))

    def draw(self, canvas: Image.Image, x: float, baseline: float, text: str, ink: str) -> None:
        """Draw a text from `x` on."""
        for piece in self.glyphs(text):
            piece.draw(canvas, x, baseline, ink)
            x += piece.width

    def _plain(self, text: str) -> Iterator[Glyphs]:
        chosen = []
        path: str | None = self._main
        for character in text:
            if unicodedata.category(character) in {"Cc", "Cf", "Cs"}:
                continue
            if not (unicodedata.combining(character) and path and character in _characters(path)):
                path = self._path(character, character)
            chosen.append((path or self._main, character if path else MISSING))
        for found, group in groupby(chosen, key=lambda pair: pair[0]):
            font, scale = self._font(found)
            yield Glyphs("".join(character for _, character in group), font, scale)

    def _path(self, character: str, text: str) -> str | None:
        """The first font that has the character and can be opened; for an emoji a font of pictures comes first."""
        own = _having(character)
        if emoji.is_emoji(text):
            own = tuple(sorted(own, key=lambda path: "emoji" not in Path(path).name.lower()))
        else:
            own = (self._main, *own) if character in _characters(self._main) else own
        return next((path for path in own if self._opened(path) is not None), None)

    def _font(self, path: str) -> tuple[Any, float]:
        found = self._opened(path)
        assert found is not None, path
        return found

    def _opened(self, path: str) -> tuple[Any, float] | None:
        if path not in self._open:
            self._open[path] = None
            for size in (self.size, *BITMAP_SIZES):
                try:
                    self._open[path] = ImageFont.truetype(path, size), self.size / size
                    break
                except OSError:  # a font of pictures has some sizes alone
                    continue
        return self._open[path]


def _emojis(text: str) -> Iterator[tuple[str, str | None]]:
    """The text in parts: an emoji with its first character, or what is none with None."""
    position = 0
    for found in emoji.emoji_list(text):
        start, end = found["match_start"], found["match_end"]
        if position < start:
            yield text[position:start], None
        yield text[start:end], text[start]
        position = end
    if position < len(text):
        yield text[position:], None


@lru_cache(maxsize=512)
def _having(character: str) -> tuple[str, ...]:
    return tuple(path for path in _system() if character in _characters(path))


@cache
def _system() -> tuple[str, ...]:
    """Every font, in an order that stays; upright and regular ones first."""
    paths = {manager.findfont("DejaVu Sans"), *manager.findSystemFonts()}
    return tuple(sorted(paths, key=lambda path: ("Regular" not in path, "Italic" in path or "Oblique" in path, path)))


@cache
def _characters(path: str) -> frozenset[str]:
    try:
        return frozenset(map(chr, FT2Font(path).get_charmap()))
    except (OSError, RuntimeError, ValueError):  # one that cannot be read has none
        return frozenset()
