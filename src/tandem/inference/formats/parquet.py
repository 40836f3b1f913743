"""Parquet: a row a post, lists of structs for words, mentions and relations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tandem.inference.formats.base import Answer, Format, Sink

PLACE: list[Any] = [("text", pa.string()), ("start", pa.int32()), ("end", pa.int32())]
SURE: list[Any] = [("confidence", pa.float64()), ("confidence_no_image", pa.float64())]
MENTION = pa.struct([PLACE[0], ("type", pa.string()), *PLACE[1:], *SURE])
RELATION = pa.struct([("type", pa.string()), ("head", pa.int32()), ("tail", pa.int32()), *SURE])
SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("id", pa.string()),
        ("image", pa.string()),
        ("text", pa.string()),
        ("words", pa.list_(pa.struct(PLACE))),
        ("mentions", pa.list_(MENTION)),
        ("relations", pa.list_(RELATION)),
        ("picture", pa.string()),
        ("without_image", pa.list_(MENTION)),
        ("picture_weight", pa.list_(pa.float32())),
        ("region_weight", pa.list_(pa.float32())),
    ]
)
GROUP = 4096  # rows of a row group


class Parquet(Format):
    """The same as JSONL, with ids as strings; see SCHEMA."""

    def open(self, path: Path) -> Sink:
        """As in `Format`."""
        return _ParquetSink(path)

    def join(self, parts: Sequence[Path], target: Path) -> None:
        """As in `Format`."""
        with pq.ParquetWriter(target, SCHEMA) as writer:
            for part in parts:
                with pq.ParquetFile(part) as file:
                    for group in range(file.num_row_groups):
                        writer.write_table(file.read_row_group(group))


class _ParquetSink(Sink):
    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, SCHEMA)
        self._rows: list[dict[str, Any]] = []

    def write(self, answer: Answer) -> None:
        row = answer.to_dict()
        self._rows.append(row | {"id": None if answer.id is None else str(answer.id)})
        if len(self._rows) == GROUP:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._rows, SCHEMA))
        self._rows = []

    def close(self) -> None:
        if self._rows:
            self._flush()
        self._writer.close()

    def abandon(self) -> None:
        self._writer.close()
