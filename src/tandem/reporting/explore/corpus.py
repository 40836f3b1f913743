"""The analysis of one prepared table, by the task of its corpus, and the index of what there is.

index.json lists the analyses in order: key, title, sentence (what is to be seen, in words), csv and png (names of files
beside it; null = none) and kind: table, plot (its table is that of another), both, or pictures (both, and the plot is
of photographs, whose colours a page must leave alone).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
from PIL import Image

from tandem.files import atomic_path, write_json
from tandem.reporting.explore import entities, leaks, photos, relations, sheet
from tandem.reporting.explore.fonts import fallback, fonts_for
from tandem.reporting.explore.items import Item, Tables
from tandem.reporting.explore.mentions import drawn_forms
from tandem.reporting.style import save_png, styled


class Analysis(NamedTuple):
    """What differs by task: the columns that are read, the tables that they give, by their file's stem, the analyses in
    order, the rows that stand for a sentence each, and the labels of the pictures."""

    columns: list[str]
    describe: Callable[[pd.DataFrame], dict[str, pd.DataFrame]]
    items: Sequence[Item]
    sentences: Callable[[pd.DataFrame], pd.DataFrame]
    labels: Callable[[pd.DataFrame], Iterator[tuple[str | None, list[str]]]]


ANALYSES = {
    "ner": Analysis(entities.COLUMNS, entities.describe, entities.ITEMS, lambda rows: rows, entities.labels),
    "re": Analysis(relations.COLUMNS, relations.describe, relations.ITEMS, relations.sentences_of, relations.labels),
}
SHEET = Item(key="contact_sheet", title="Some of the pictures", say=sheet.say)


def explore(prepared: Path, out: Path, task: str, *, max_pixels: int) -> list[Path]:
    """Write the tables (CSV) and plots (PNG) of the prepared table `prepared` into `out`; return what was written.

    `max_pixels`: width x height above which a picture is not opened. Errors: `ValueError` naming the file and the
    remedy.
    """
    analysis = ANALYSES[task]
    try:
        rows = pd.read_parquet(prepared, columns=analysis.columns)
    except FileNotFoundError:
        raise ValueError(f"{prepared}: not found; run `dvc repro prepare`") from None
    except pa.ArrowInvalid:
        raise ValueError(f"{prepared}: not a prepared table of task {task}; run `dvc repro prepare`") from None
    sentences = analysis.sentences(rows)
    paths = photos.files(sentences)
    found = {image_id: photos.read_head(path, max_pixels) for image_id, path in paths.items()}
    shown, page = sheet.contact_sheet(found, paths, analysis.labels(rows), max_pixels)
    tables = {
        **analysis.describe(rows),
        **photos.tables(sentences, found),
        "contact_sheet": shown,
        "leaks": leaks.leaks(sentences),
    }
    written, index = [], []
    for key, table in tables.items():
        written.append(out / f"{key}.csv")
        with atomic_path(written[-1]) as temporary:
            table.to_csv(temporary, index=False, lineterminator="\n")
    items = [*analysis.items, *photos.ITEMS, SHEET, *leaks.ITEMS]
    with styled(), fallback(fonts_for(drawn_forms(tables))):
        for item in items:
            stem = item.table or item.key
            if stem not in tables:
                continue
            plot = out / f"{item.key}.png"
            drawn = not tables[stem].empty and _draw(item, tables, prepared.stem, page, plot)
            written += [plot] if drawn else []
            index.append(_entry(item, item.say(tables), drawn))
    write_json(out / "index.json", index)
    return [*written, out / "index.json"]


def _draw(item: Item, tables: Tables, name: str, page: Image.Image, path: Path) -> bool:
    """Write the plot of an analysis, `page` being the contact sheet; whether there was anything to draw."""
    if item is SHEET:
        with atomic_path(path) as temporary:
            page.save(temporary, format="png", optimize=True)
        return True
    figure = None if item.plot is None else item.plot(tables, name)
    if figure is not None:
        save_png(figure, path)
    return figure is not None


def _entry(item: Item, sentence: str, drawn: bool) -> dict[str, Any]:
    """An analysis in the index."""
    return {
        "key": item.key,
        "title": item.title,
        "sentence": sentence,
        "csv": f"{item.table or item.key}.csv",
        "png": f"{item.key}.png" if drawn else None,
        "kind": "table" if not drawn else "pictures" if item is SHEET else "both" if item.table is None else "plot",
    }
