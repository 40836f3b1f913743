"""The names of the formats of predictions, and the endings of files that mean them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

FormatName = Literal["table", "jsonl", "parquet", "brat", "conll", "spacy"]
FORMATS: tuple[str, ...] = get_args(FormatName)
ON_DISK = ("parquet", "brat")  # formats that no pipe can take
ENDINGS: dict[str, FormatName] = {
    ".spacy.jsonl": "spacy",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".conll": "conll",
    ".txt": "table",
}
"""The first ending that fits counts."""


def format_of(path: Path) -> FormatName:
    """The format that a file's ending means. Errors: `ValueError` says which there are."""
    name = path.name.lower()
    for ending, form in ENDINGS.items():
        if name.endswith(ending):
            return form
    if name.endswith(".spacy"):
        raise ValueError(f"{path}: what spaCy reads is written as JSONL; name it {path.with_suffix('.spacy.jsonl')}")
    raise ValueError(
        f"{path}: its ending tells no format; add --format, one of {', '.join(FORMATS)}, or end it in one of "
        f"{', '.join(ENDINGS)}"
    )
