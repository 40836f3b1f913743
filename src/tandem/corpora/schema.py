"""The prepared table: one Parquet file a corpus, one row a sentence.

| column | type | meaning |
|---|---|---|
| id | string | `<split>-<number>`, in a merged corpus `<part>:<split>-<number>`; unique |
| source | string | corpus that the sentence was read from |
| split | string | train, valid or test |
| words | list<string> | every word of the raw file, as it is |
| tags | list<string> | BIO tags, as in the raw file but for `rename`; as many as words |
| image_id | string or null | as in the raw file (`<part>/<id>` in a merged corpus) |
| image_path | string or null | picture file, relative to the project; null = there is none |
| image_hash | string or null | SHA-256 of the picture file's bytes |
| caption | string or null | caption of the picture; null = there is none |
| text_hash | string | SHA-256 (first 16 digits) of the words joined by blanks, for finding duplicates |
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tandem.files import atomic_path

SPLITS = ("train", "valid", "test")
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


@dataclass(frozen=True)
class Sample:
    """One row of the prepared table."""

    id: str
    source: str
    split: str
    words: list[str]
    tags: list[str]
    image_id: str | None
    image_path: str | None
    image_hash: str | None
    caption: str | None
    text_hash: str


def text_hash(words: Sequence[str]) -> str:
    """First 16 hexadecimal digits of the SHA-256 of the words joined by blanks."""
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]


def write_samples(path: Path, samples: Sequence[Sample]) -> None:
    """Write the prepared table; the same samples give the same bytes."""
    columns = {name: [getattr(sample, name) for sample in samples] for name in SCHEMA.names}
    with atomic_path(path) as temporary:
        pq.write_table(pa.table(columns, schema=SCHEMA), temporary, compression="zstd")


def read_samples(path: Path, split: str | None = None) -> list[Sample]:
    """Read the prepared table, or one split of it. Errors: `ValueError` naming the file and the remedy."""
    try:
        table = pq.read_table(path, schema=SCHEMA, filters=[("split", "=", split)] if split else None)
    except (FileNotFoundError, pa.ArrowInvalid, OSError) as error:
        reason = "not found" if isinstance(error, FileNotFoundError) else "not a readable prepared table"
        raise ValueError(f"{path}: {reason}; run `dvc repro prepare`") from None
    columns = [table.column(name).to_pylist() for name in SCHEMA.names]
    return [Sample(*row) for row in zip(*columns, strict=True)]


def read_pictures(path: Path) -> pd.DataFrame:
    """One row an image id: image_id, image_path, image_hash, caption. Errors: as `read_samples`."""
    columns = ["image_id", "image_path", "image_hash", "caption"]
    rows = [[getattr(sample, column) for column in columns] for sample in read_samples(path)]
    table = pd.DataFrame(rows, columns=columns, dtype=object)
    return table.dropna(subset="image_id").drop_duplicates("image_id")
