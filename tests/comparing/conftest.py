"""Small prediction files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

TAGS = pa.list_(pa.string())


@pytest.fixture
def write_tags() -> Callable[..., Path]:
    """`write_tags(path, 0.8)`: a file of 60 sentences, of whose tags the share given is right."""

    def write(path: Path, right: float, *, sentences: int = 60, seed: int = 0, **changes: list) -> Path:
        generator = np.random.default_rng([seed, int(1000 * right)])
        gold = [["B-PER", "O", "B-LOC", "I-LOC"] for _ in range(sentences)]
        said = [[tag if generator.random() < right else "O" for tag in tags] for tags in gold]
        columns = {
            "id": [f"test-{row}" for row in range(sentences)],
            "image_id": ["a"] * sentences,
            "words": [["a", "b", "c", str(row)] for row in range(sentences)],
            "gold": gold,
            "predicted": said,
            "no_image": [["O"] * 4] * sentences,
            **changes,
        }
        types = [pa.string(), pa.string()] + [TAGS] * (len(columns) - 2)
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns, schema=pa.schema(list(zip(columns, types, strict=True)))), path)
        return path

    return write


@pytest.fixture
def write_relations() -> Callable[..., Path]:
    """`write_relations(path, 0.8)`: a file of 60 pairs, two a sentence, of which the share given is right."""

    def write(path: Path, right: float, *, seed: int = 0) -> Path:
        generator = np.random.default_rng([seed, int(1000 * right)])
        gold = [["peer", "None", "couple"][row % 3] for row in range(60)]
        said = [name if generator.random() < right else "peer" for name in gold]
        words = [["a", str(row // 2)] for row in range(60)]
        table = {"id": [f"test-{row}" for row in range(60)], "words": words, "gold": gold, "predicted": said}
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(table), path)
        return path

    return write
