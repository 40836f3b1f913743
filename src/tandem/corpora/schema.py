"""The prepared table: one Parquet file a corpus, one row a sentence (NER) or a pair of entities (relations).

| column | type | meaning |
|---|---|---|
| id | string | `<split>-<number>`, in a merged corpus `<part>:<split>-<number>`; unique |
| source | string | corpus that the sentence was read from |
| split | string | train, valid or test |
| words | list<string> | every word of the raw file, as it is |
| tags | list<string> | BIO tags, as in the raw file but for `rename`; as many as words; see below |
| image_id | string or null | as in the raw file (`<part>/<id>` in a merged corpus) |
| image_path | string or null | picture file, relative to the project; null = there is none |
| image_hash | string or null | SHA-256 of the picture file's bytes |
| caption | string or null | caption of the picture; null = there is none |
| text_hash | string | SHA-256 (first 16 digits) of the words joined by blanks, for finding duplicates |

A relation corpus has these besides, `tags` is null where its entities are not annotated, and the relations that a
model chooses from stand, in order, as a JSON list in the table's metadata under `relations`:

| column | type | meaning |
|---|---|---|
| head_start, head_end | int32 | first word of the head entity, and the one after its last |
| tail_start, tail_end | int32 | likewise for the tail; the two may overlap, nest or be equal |
| relation | string | relation of head to tail; `None` = none |
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tandem.files import atomic_path

SPLITS = ("train", "valid", "test")
NO_RELATION = "None"
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("split", pa.string()),
        ("words", pa.list_(pa.string())),
        ("tags", pa.list_(pa.string())),
        ("image_id", pa.string()),
        ("image_path", pa.string()),
        ("image_hash", pa.string()),
        ("caption", pa.string()),
        ("text_hash", pa.string()),
    ]
)
TYPED_RELATION = re.compile(r"/([^/]+)/([^/]+)/.+")
PAIR_FIELDS = [(name, pa.int32()) for name in ("head_start", "head_end", "tail_start", "tail_end")]
RELATION_SCHEMA = pa.schema([*SCHEMA, *PAIR_FIELDS, ("relation", pa.string())])
RELATIONS_KEY = b"relations"


@dataclass(frozen=True, kw_only=True)
class Post:
    """What a row of either task has."""

    id: str
    source: str
    split: str
    words: list[str]
    image_id: str | None
    image_path: str | None
    image_hash: str | None
    caption: str | None
    text_hash: str


@dataclass(frozen=True, kw_only=True)
class Sample(Post):
    """One sentence with its BIO tags."""

    tags: list[str]


@dataclass(frozen=True, kw_only=True)
class RelationSample(Post):
    """One pair of entities in a sentence. Ends are exclusive."""

    head_start: int
    head_end: int
    tail_start: int
    tail_end: int
    relation: str
    tags: list[str] | None = None

    @property
    def head(self) -> tuple[int, int]:
        """First word of the head, and the one after its last."""
        return self.head_start, self.head_end

    @property
    def tail(self) -> tuple[int, int]:
        """First word of the tail, and the one after its last."""
        return self.tail_start, self.tail_end


def argument_types(relation: str) -> tuple[str, str] | None:
    """The types of head and tail in a relation's name: `per` and `org` of /per/org/member_of; None: it tells none."""
    found = TYPED_RELATION.fullmatch(relation)
    return None if found is None else (found[1], found[2])


def text_hash(words: Sequence[str]) -> str:
    """First 16 hexadecimal digits of the SHA-256 of the words joined by blanks."""
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]


def write_samples(path: Path, samples: Sequence[Sample]) -> None:
    """Write the prepared table of a NER corpus; the same samples give the same bytes."""
    _write(path, samples, SCHEMA)


def write_relations(path: Path, samples: Sequence[RelationSample], relations: Sequence[str]) -> None:
    """Write the prepared table of a relation corpus. `relations`: all labels, in the order of their numbers."""
    _write(path, samples, RELATION_SCHEMA.with_metadata({RELATIONS_KEY: json.dumps(list(relations))}))


def read_samples(path: Path, split: str | None = None) -> list[Sample]:
    """Read the prepared table of a NER corpus, or one split. Errors: `ValueError` naming the file and the remedy."""
    return [Sample(**row) for row in _read(path, SCHEMA, split)]


def read_relations(path: Path, split: str | None = None) -> list[RelationSample]:
    """Read the prepared table of a relation corpus, or one split. Errors: as `read_samples`."""
    return [RelationSample(**row) for row in _read(path, RELATION_SCHEMA, split)]


def read_relation_names(path: Path) -> list[str]:
    """The relations that a model of this corpus chooses from. Errors: as `read_samples`."""
    with _readable(path):
        metadata = pq.read_schema(path).metadata or {}
        return [str(name) for name in json.loads(metadata[RELATIONS_KEY])]


def read_pictures(path: Path) -> pd.DataFrame:
    """One row an image id: image_id, image_path, image_hash, caption. Either task. Errors: as `read_samples`."""
    columns = ["image_id", "image_path", "image_hash", "caption"]
    with _readable(path):
        rows = pq.read_table(path, columns=columns).to_pylist()
    table = pd.DataFrame(rows, columns=columns, dtype=object)
    return table.dropna(subset="image_id").drop_duplicates("image_id")


def read_image_ids(path: Path, split: str) -> set[str]:
    """The image ids in the rows of a split. Either task. Errors: as `read_samples`."""
    with _readable(path):
        column = pq.read_table(path, columns=["image_id"], filters=[("split", "=", split)]).column("image_id")
    return {image_id for image_id in column.to_pylist() if image_id is not None}


def _write(path: Path, rows: Sequence[Post], schema: pa.Schema) -> None:
    columns = {name: [getattr(row, name) for row in rows] for name in schema.names}
    with atomic_path(path) as temporary:
        pq.write_table(pa.table(columns, schema=schema), temporary, compression="zstd")


def _read(path: Path, schema: pa.Schema, split: str | None) -> list[dict[str, Any]]:
    with _readable(path):
        if pq.read_schema(path).names != schema.names:  # else absent columns would be read as nulls
            raise KeyError
        table = pq.read_table(path, schema=schema, filters=[("split", "=", split)] if split else None)
    return table.to_pylist()  # type: ignore[no-any-return]


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowInvalid, OSError, KeyError) as error:
        reason = "not found" if isinstance(error, FileNotFoundError) else "not a readable prepared table of this task"
        raise ValueError(f"{path}: {reason}; run `dvc repro prepare`") from None
