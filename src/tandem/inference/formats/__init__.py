"""Formats of predictions: one module each, with a class of the same name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tandem.inference.formats.names import FORMATS

if TYPE_CHECKING:
    from tandem.inference.formats.base import Format


def build_format(name: str, *, colour: bool = False, numbered: bool = True) -> Format:
    """A format by its name; `colour` and `numbered` are of tables. Errors: `ValueError` says which there are."""
    if name not in FORMATS:
        raise ValueError(f"unknown format {name!r}; one of {', '.join(FORMATS)}")
    options: dict[str, Any] = {"colour": colour, "numbered": numbered} if name == "table" else {}
    built: Format = getattr(import_module(f"{__name__}.{name}"), name.capitalize())(**options)
    return built
