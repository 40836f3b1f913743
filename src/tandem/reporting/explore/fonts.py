"""Fonts for names in any script: those that plots have anyway, and what the system has for the rest."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import matplotlib as mpl
from matplotlib.font_manager import fontManager
from matplotlib.ft2font import FT2Font

BASE = Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
MOST_OTHERS = 4  # fonts besides the base


def plain(text: str) -> str:
    """The text without characters that draw nothing: joiners, variation selectors, directional marks."""
    return "".join(letter for letter in text if unicodedata.category(letter) not in ("Cf", "Cc", "Mn", "Me"))


def undrawable(text: str, fonts: Iterable[Path]) -> bool:
    """Whether a character of the text is in none of the fonts."""
    return not set(map(ord, plain(text))) <= set[int]().union(*map(_characters, fonts))


def fonts_for(texts: Iterable[str]) -> list[Path]:
    """The base font, and those of the system that have most of the characters that it lacks."""
    fonts = [BASE]
    absent = {ord(letter) for text in texts for letter in plain(text)} - _characters(BASE)
    while absent and len(fonts) <= MOST_OTHERS:
        best = max(_upright(), key=lambda font: len(absent & _characters(font)), default=BASE)
        if not absent & _characters(best):
            break
        fonts.append(best)
        absent -= _characters(best)
    return fonts


def best_font(texts: Sequence[str]) -> Path:
    """The font that draws most of the texts, for what takes one font alone."""
    return min(fonts_for(texts), key=lambda font: lacking(texts, font))


def lacking(texts: Iterable[str], font: Path) -> int:
    """How many of the texts a font cannot draw."""
    return sum(undrawable(text, [font]) for text in texts)


@contextmanager
def fallback(fonts: Iterable[Path]) -> Iterator[None]:
    """Draw inside this: a character that one font lacks is taken from the next, and is a box if all lack it."""
    names = {Path(entry.fname): entry.name for entry in fontManager.ttflist}
    families = [names[font] for font in fonts if font in names]
    with mpl.rc_context({"font.family": families or ["DejaVu Sans"]}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


@cache
def _characters(font: Path) -> frozenset[int]:
    return frozenset(FT2Font(str(font)).get_charmap())


@cache
def _upright() -> tuple[Path, ...]:
    """The system's fonts of usual style and weight, by name, so that ties fall the same way.

    Matplotlib's own are left out: besides the base, they are for formulas, or draw a box for every character there is.
    """
    return tuple(
        Path(entry.fname)
        for entry in sorted(fontManager.ttflist, key=lambda entry: (entry.name, entry.fname))
        if BASE.parent not in Path(entry.fname).parents
        and entry.style == "normal"
        and entry.weight in (400, "normal", "regular")
        and Path(entry.fname).is_file()
    )
