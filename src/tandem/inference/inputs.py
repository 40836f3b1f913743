"""What a run reads: posts as they were typed, or a file of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tandem.inference.posts.fields import Columns, Fields, PictureRoot
from tandem.inference.posts.row import Place, Row
from tandem.inference.posts.source import STDIN, columns_of, open_source
from tandem.inference.prediction import Query

Check = Callable[[Query], None]


@dataclass(frozen=True)
class Input:
    """Rows of posts.

    rows: from a place on, with what a predictor refuses told as broken. identity: all that decides what they are.
    total: their size in what `Place.offset` counts, None where that is not known. resumable: rows can be read from
    any place. typed: on the command line.
    """

    rows: Callable[[Check, Place], Iterator[Row]]
    identity: dict[str, Any]
    total: int | None = None
    resumable: bool = True
    typed: bool = False


def typed_posts(
    texts: Sequence[str], images: Sequence[Path] = (), captions: Sequence[str] = (), *, no_image: bool = False
) -> Input:
    """Posts of a command line. Errors, when they are read: `ValueError` for one that cannot be."""
    columns = Columns(text="text", image=None if no_image else "image", caption="caption")

    def rows(check: Check, start: Place) -> Iterator[Row]:
        fields = Fields(columns, PictureRoot(Path(), anywhere=True), check)
        for number, text in enumerate(texts):
            values: dict[str, Any] = {"text": text}
            values |= {"image": str(images[number])} if images else {}
            values |= {"caption": captions[number]} if captions else {}
            query, image = fields.query(values)
            yield Row(number + 1, Place(number + 2, number + 1), query, image=image)

    identity = {"posts": [list(texts), [str(path) for path in images], list(captions)], "no_image": no_image}
    return Input(rows, identity, resumable=False, typed=True)


def file_of_posts(
    name: str,
    columns: Columns,
    *,
    image_root: Path | None = None,
    images_anywhere: bool = False,
    quotes: bool = True,
    no_image: bool = False,
) -> Input:
    """A file, or standard input. Errors: `ValueError` names the file or the column, and the remedy."""
    source = open_source(name, quotes=quotes)
    found = columns_of(source, name, columns)
    path = Path(name)
    root = PictureRoot(image_root or (Path() if name == STDIN else path.parent), images_anywhere)
    if image_root is not None and not image_root.is_dir():
        raise ValueError(f"--image-root {image_root}: no such folder")
    identity: dict[str, Any] = {
        "posts": STDIN if name == STDIN else [str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns],
        "columns": asdict(found),
        "image_root": str(root.folder.resolve()),
        "images_anywhere": images_anywhere,
        "quotes": quotes,
        "no_image": no_image,
    }
    return Input(
        lambda check, start: source.rows(Fields(found, root, check, no_image), start),
        identity,
        source.total,
        source.resumable,
    )
