"""Posts to click on: of the corpora that the models were trained on, where they are at hand, else made up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from PIL import Image

from tandem.corpora.schema import NO_RELATION
from tandem.files import projects

TABLES = Path("data/prepared")
COUNT = 8
LONGEST = 240  # characters
SHOWN = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}  # by every browser


@dataclass(frozen=True)
class Example:
    """A post. picture: its file. media: what kind of picture that is, as HTTP names it."""

    text: str
    picture: Path | None = None
    media: str | None = None
    caption: str | None = None


MADE_UP = (
    Example("Sunset over Oakland with @mia_reads, and tomorrow Berlin ✈️ #nofilter"),
    Example("Ada Lovelace would have loved the new exhibition at the British Museum in London"),
    Example("RT @courtside: Serena beat everyone in Melbourne again. What a final!! 🎾"),
    Example("my flight with Lufthansa to Nairobi was late, but Grace from UNICEF waited at the gate 🙏"),
)


def examples(corpora: Sequence[tuple[str, Path]]) -> list[Example]:
    """Posts that the models have not learnt from, of each (corpus, folder of its model) alike many."""
    found = []
    for corpus, folder in corpora:
        table = _table(corpus, folder)
        if table is not None:
            found += _of_table(table, COUNT // len(corpora))
    return found or list(MADE_UP)


def _table(corpus: str, folder: Path) -> Path | None:
    """A corpus's prepared table, in the project of the model or in that of the working folder."""
    roots = [*projects(folder), Path.cwd()]
    tables = (root / TABLES / f"{corpus}.parquet" for root in roots)
    return next((table for table in tables if table.is_file()), None)


def _of_table(table: Path, count: int) -> list[Example]:
    """Posts of the test split that are short and show something, of as many kinds as there are."""
    columns = set(pq.read_schema(table).names)
    wanted = [name for name in ("words", "tags", "image_path", "caption", "relation") if name in columns]
    rows = pq.read_table(table, columns=wanted, filters=[("split", "=", "test")]).to_pylist()
    kinds: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if kind := _kind(row):
            kinds.setdefault(kind, []).append(row)
    waiting = [_of_kind(own, table.parents[2]) for own in kinds.values()]
    found: dict[str, Example] = {}
    while waiting and len(found) < count:
        for posts in list(waiting):
            example = next(posts, None)
            if example is None:
                waiting.remove(posts)
            elif len(found) < count:
                found.setdefault(example.text, example)
    return list(found.values())


def _kind(row: dict[str, Any]) -> str:
    """The relation in a row, or the type of its first entity; empty where there is neither."""
    if "relation" in row:
        return "" if row["relation"] == NO_RELATION else str(row["relation"])
    return next((tag[2:] for tag in row["tags"] if tag != "O"), "")


def _of_kind(rows: Sequence[dict[str, Any]], root: Path) -> Iterator[Example]:
    for row in rows:
        text = " ".join(row["words"])
        if len(text) > LONGEST or row["image_path"] is None:
            continue
        path = root / row["image_path"]
        try:
            with Image.open(path) as image:
                media = SHOWN.get(image.format or "")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue
        if media is not None:
            yield Example(text, path, media, row.get("caption"))
