"""From a row's named values to a query."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tandem.corpora.twitter import check_text
from tandem.inference.posts.row import MOST_CHARACTERS, RowError
from tandem.inference.prediction import Picture, Query

DEFAULTS = {
    "text": ("text", "full_text", "tweet", "post"),
    "image": ("image", "image_path"),
    "id": ("id", "tweet_id", "post_id"),
    "caption": ("caption",),
    "words": ("words", "tokens"),
}
"""Names that are looked for, the first one first, where no column is named."""


@dataclass(frozen=True)
class Columns:
    """Which column has what; None = none has."""

    text: str | None = None
    image: str | None = None
    id: str | None = None
    caption: str | None = None
    words: str | None = None

    @property
    def named(self) -> list[str]:
        """Those that there are, each once."""
        return list(dict.fromkeys(name for name in vars(self).values() if name is not None))

    def found_in(self, present: Iterable[str], source: str) -> Columns:
        """The columns of a file that has `present`: those named, and defaults for the rest.

        Without a column of texts, those are the words, joined by blanks. Errors: `ValueError` names the columns
        that there are.
        """
        there = list(dict.fromkeys(present))
        names = {}
        for field, defaults in DEFAULTS.items():
            wanted = getattr(self, field)
            if wanted is not None and wanted not in there:
                raise ValueError(f"{source}: no column {wanted!r} (--{field}-column); {_listed(there)}")
            names[field] = wanted or next((name for name in defaults if name in there), None)
        if names["text"] is None and names["words"] is None:
            raise ValueError(
                f"{source}: no column {DEFAULTS['text'][0]!r}; {_listed(there)}; name one by --text-column"
            )
        return Columns(**names)


@dataclass(frozen=True)
class PictureRoot:
    """Where the pictures of a file lie.

    A file of posts may be of unknown origin: its rows reach no file outside `folder`, unless `anywhere` allows it.
    Links inside the folder are followed, for they are the user's own.
    """

    folder: Path
    anywhere: bool = False

    def find(self, name: str) -> Path:
        """The path of a picture. Errors: `RowError` if it lies outside."""
        if "\0" in name:
            raise RowError("picture: its path holds a NUL character")
        path = Path(os.path.abspath(self.folder / name))
        if self.anywhere or path.is_relative_to(os.path.abspath(self.folder)):
            return self.folder / name
        raise RowError(
            f"picture {name[:200]!r} lies outside {self.folder}; name its folder with --image-root, "
            "or allow any path with --images-anywhere"
        )


@dataclass(frozen=True)
class Fields:
    """Makes queries of rows. check: raises `ValueError` for words that do not stand in the text."""

    columns: Columns
    root: PictureRoot
    check: Callable[[Query], None]
    no_image: bool = False

    def query(self, values: Mapping[str, Any]) -> tuple[Query, str | None]:
        """The query of a row, and how it names its picture. Errors: `RowError`, and that of `check`."""
        columns = self.columns
        text, caption = _text(values, columns.text), _text(values, columns.caption)
        words = _words(None if columns.words is None else values.get(columns.words))
        if text is None and words is not None and columns.text is None:
            text = " ".join(words)
        if text is None or not text.strip():
            raise RowError("no text")
        if len(text) > MOST_CHARACTERS:
            raise RowError(f"text of {len(text):,} characters, more than {MOST_CHARACTERS:,}")
        image: Picture | None = None
        name = None
        if not self.no_image and columns.image is not None:
            image, name = self._picture(values.get(columns.image))
        query = Query(text, image, caption or None, words)
        if words is not None:
            self.check(query)
        return query, name

    def id(self, values: Mapping[str, Any]) -> str | int | None:
        """The row's id. Errors: `RowError`."""
        found = None if self.columns.id is None else values.get(self.columns.id)
        if found is None or (isinstance(found, int) and not isinstance(found, bool)):
            return found
        return _checked(found, self.columns.id or "")

    def _picture(self, value: Any) -> tuple[Picture | None, str | None]:
        """A path; or in Parquet the bytes of a picture, alone or beside its path, as `datasets` writes them."""
        path, content = (value.get("path"), value.get("bytes")) if isinstance(value, dict) else (value, None)
        if isinstance(path, bytes):
            path, content = None, path
        if path is not None:
            path = _checked(path, self.columns.image or "") or None
        if isinstance(content, bytes):
            return content, path
        return (None, None) if path is None else (self.root.find(path), path)


def _listed(names: list[str]) -> str:
    """The columns of a file, for an error's line."""
    shown = ", ".join(repr(name[:60]) for name in names[:30])
    return f"there are {shown}{', …' if len(names) > 30 else ''}" if names else "it has none"


def _text(values: Mapping[str, Any], column: str | None) -> str | None:
    found = None if column is None else values.get(column)
    return None if found is None else _checked(found, column or "")


def _checked(value: Any, column: str) -> str:
    if not isinstance(value, str):
        raise RowError(f"column {column!r}: expected a string, found {_kind(value)}")
    return check_text(value, f"column {column!r}", RowError)


def _words(value: Any) -> tuple[str, ...] | None:
    """A list of strings; as one string, a JSON list, or words parted by blanks."""
    if isinstance(value, str):
        if not value.strip():
            return None
        try:
            value = json.loads(value) if value.lstrip().startswith("[") else value.split()
        except (ValueError, RecursionError):
            value = value.split()
    if value is None:
        return None
    if not isinstance(value, list):
        raise RowError(f"words: expected a list, found {_kind(value)}")
    for word in value:
        if not _checked(word, "words").strip(" ") or any(mark in word for mark in "\t\r\n"):
            raise RowError(f"words: {word!r} is no word: it is empty, or holds a tab or the end of a line")
    return tuple(value)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", bool: "a truth value", int: "a number", float: "a number"}
    return names.get(type(value), f"a {type(value).__name__}")
