"""What a prediction file says: gold and predicted answers, row by row."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tandem.comparing.sources import PredictionFile
from tandem.corpora.schema import text_hash

TAGS = pa.list_(pa.string())


@dataclass(frozen=True)
class Answers:
    """Rows of a test split. `sentences`: what the pairs of one sentence share; a row of tags is a sentence."""

    label: str
    task: str  # ner or re
    ids: Sequence[str]
    sentences: Sequence[str]
    gold: Sequence[Any]
    predicted: Sequence[Any]


def read_answers(file: PredictionFile, column: str) -> Answers:
    """Read one column of predictions beside the gold. Errors: `ValueError` naming the file and what is amiss."""
    content = file.read()
    try:
        table = pq.read_table(io.BytesIO(content))
    except (pa.ArrowInvalid, OSError):
        raise ValueError(f"{file.label}: not a whole Parquet file; give one that evaluate wrote") from None
    lacking = [name for name in ("id", "gold") if name not in table.column_names]
    if lacking:
        raise ValueError(f"{file.label}: no column {lacking[0]!r}; give a file of predictions, which evaluate writes")
    gold = table.schema.field("gold").type
    answers = [
        field.name
        for field in table.schema
        if field.type == gold and field.name not in ("id", "image_id", "words", "gold")
    ]
    if gold not in (TAGS, pa.string()) or column not in answers:
        raise ValueError(f"{file.label}: no predictions {column!r}; allowed: {', '.join(answers) or 'none is there'}")
    if table.column(column).null_count:
        raise ValueError(f"{file.label}: {table.column(column).null_count} rows of {column!r} are empty")
    ids, true, said = (table.column(name).to_pylist() for name in ("id", "gold", column))
    if gold == TAGS:
        for row, tags, guess in zip(ids, true, said, strict=True):
            if len(tags) != len(guess):
                raise ValueError(f"{file.label}: {row}: {len(tags)} gold tags but {len(guess)} under {column!r}")
        return Answers(file.label, "ner", ids, ids, true, said)
    if "words" not in table.column_names:
        raise ValueError(f"{file.label}: no column 'words', which tells the pairs of one sentence")
    return Answers(file.label, "re", ids, [text_hash(words) for words in table.column("words").to_pylist()], true, said)


def check_same_rows(one: Answers, other: Answers) -> None:
    """Errors: `ValueError` naming both files and the first row that differs in its id or its gold."""
    both = f"{one.label} and {other.label}"
    if len(one.ids) != len(other.ids):
        raise ValueError(f"{both}: {len(one.ids)} and {len(other.ids)} rows; only the same test split can be compared")
    for place, (here, there) in enumerate(zip(one.ids, other.ids, strict=True)):
        if here != there:
            raise ValueError(f"{both}: row {place} is {here!r} and {there!r}; only the same test split can be compared")
        if one.gold[place] != other.gold[place] or one.sentences[place] != other.sentences[place]:
            raise ValueError(f"{both}: gold of {here!r} differs; only the same release of a corpus can be compared")
