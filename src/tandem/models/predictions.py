"""The table of what models say of the rows of a split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tandem.corpora.schema import PAIR_FIELDS, Post
from tandem.files import atomic_path


def write_table(
    path: Path,
    samples: Sequence[Post],
    gold: Sequence[Any],
    predictions: Mapping[str, Sequence[Any]],
    *,
    pairs: bool,
    more: Mapping[str, pa.Array] | None = None,
) -> None:
    """Write one row a sample: id, image_id, words, the pair (relations only), gold, a column a prediction, `more`."""
    text = pa.string()
    words = pa.list_(text)
    pair, answer = (PAIR_FIELDS, text) if pairs else ([], words)
    kept = [("id", text), ("image_id", text), ("words", words), *pair]
    columns = {name: [getattr(sample, name) for sample in samples] for name, _ in kept}
    said = {"gold": gold, **predictions}
    schema = pa.schema([*kept, *((name, answer) for name in said)])
    table = pa.table({**columns, **said}, schema=schema)
    for name, column in (more or {}).items():
        table = table.append_column(name, column)
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
