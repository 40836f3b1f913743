"""Counts that both tasks take, as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from tandem.corpora.schema import SPLITS

PICTURES = ("present", "missing", "none named")


def splits_of(rows: pd.DataFrame) -> list[str]:
    """The splits that have rows."""
    return [split for split in SPLITS if (rows["split"] == split).any()]


def lengths(sentences: pd.DataFrame) -> pd.DataFrame:
    """Columns split, words, sentences, out of split and words."""
    counts = Counter(zip(sentences["split"], sentences["words"].map(len), strict=True))
    return spread(["split", "words", "sentences"], counts, splits_of(sentences))


def pictures(sentences: pd.DataFrame) -> pd.DataFrame:
    """Columns split, picture, sentences, out of split, image_id and image_path."""
    counts = Counter(
        (split, "none named" if pd.isna(image_id) else "missing" if pd.isna(image_path) else "present")
        for split, image_id, image_path in zip(
            sentences["split"], sentences["image_id"], sentences["image_path"], strict=True
        )
    )
    return pd.DataFrame(
        [(split, state, counts[split, state]) for split in splits_of(sentences) for state in PICTURES],
        columns=["split", "picture", "sentences"],
    )


def spread(columns: list[str], counts: Counter[tuple[str, int]], splits: Sequence[str]) -> pd.DataFrame:
    """Every value from the smallest to the largest for every split, zeros included, so that plots have no gaps."""
    values = [value for _, value in counts]
    steps = range(min(values), max(values) + 1) if values else range(0)
    return pd.DataFrame([(split, step, counts[split, step]) for split in splits for step in steps], columns=columns)
