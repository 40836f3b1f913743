"""What the models said of each test post, as `evaluate` left it, with the picture that it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tandem.evaluation.spans import Span, spans
from tandem.reporting.alignment import align
from tandem.reporting.results import Row

MISSED, INVENTED = "missed", "invented"  # column and row of a confusion of spans
OUTSIDE = "O"
BINS = 20  # of a weight on the picture


def read_rows(path: Path) -> list[Row]:
    """The rows of a prediction file; none if there is no such file.

    Errors: `ValueError` naming a file that is no prediction file.
    """
    try:
        rows: list[Row] = pq.read_table(path).to_pylist()
    except FileNotFoundError:
        return []
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path}: not a Parquet file ({error}); remove it and run `dvc repro evaluate`") from None
    for column in ("id", "words", "gold", "predicted"):
        if rows and column not in rows[0]:
            raise ValueError(f"{path}: no column {column!r}; remove it and run `dvc repro evaluate`")
    return rows


def read_pictures(prepared: Path) -> dict[str, tuple[str | None, str | None]]:
    """Path and caption of the picture of each test post, by the post's id; nothing without the file."""
    if not prepared.is_file():
        return {}
    columns = ["id", "image_path", "caption"]
    rows = pq.read_table(prepared, columns=columns, filters=[("split", "=", "test")]).to_pylist()
    return {row["id"]: (row["image_path"], row["caption"]) for row in rows}


def span_confusion(seeds: Sequence[Sequence[Row]]) -> dict[str, dict[str, float]]:
    """How many entities of a gold type are read as which: gold -> predicted -> mean over the seeds.

    Entities are paired by `align`, whatever their boundaries. What is not found is read as `missed`; what is found
    where there is nothing is `invented`.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for rows in seeds:
        for row in rows:
            for gold, predicted in align(spans(row["gold"], "default"), spans(row["predicted"], "default")):
                counts[gold.type if gold else INVENTED, predicted.type if predicted else MISSED] += 1
    found: dict[str, dict[str, float]] = {}
    for (gold_type, predicted_type), count in sorted(counts.items()):
        found.setdefault(gold_type, {})[predicted_type] = count / len(seeds)
    return found


def picture_weights(seeds: Sequence[Sequence[Row]]) -> dict[str, list[int]]:
    """How many words give how much weight to the picture: gold type (`O`: outside) -> counts in `BINS` equal bins.

    Nothing where the strategy has no such weight. Words of relations are those of `head`, of `tail`, and others.
    """
    found: dict[str, list[int]] = {}
    for kind, weight in _weights(seeds):
        bins = found.setdefault(kind, [0] * BINS)
        bins[min(BINS - 1, max(0, int(weight * BINS)))] += 1
    return {kind: found[kind] for kind in sorted(found, key=lambda kind: (kind == OUTSIDE, kind))}


def _weights(seeds: Sequence[Sequence[Row]]) -> Iterator[tuple[str, float]]:
    for rows in seeds:
        for row in rows:
            weights = row.get("picture_weight")
            if not weights:
                continue
            kinds = [OUTSIDE] * len(weights)
            for kind, start, end in _marked(row):
                kinds[start:end] = [kind] * (end - start)
            yield from ((kind, weight) for kind, weight in zip(kinds, weights, strict=True) if weight is not None)


def _marked(row: Row) -> list[Span]:
    """The entities of a row: those of the gold tags, or head and tail of a pair."""
    if isinstance(row["gold"], str):
        return [Span(role, row[f"{role}_start"], row[f"{role}_end"]) for role in ("head", "tail")]
    return spans(row["gold"], "default")
