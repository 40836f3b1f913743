"""Right, predicted and gold entities (or relations) of each test sentence: all that a comparison of systems needs.

A study keeps them as text beside its scores, so that what was run on one machine can be compared with what is run on
another, long after the predictions are gone: counts/<system>/<corpus>.csv, a line a sentence, with the columns `gold`
and, for each seed, `predicted_<seed>` and `right_<seed>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tandem.corpora.schema import text_hash
from tandem.evaluation.tallies import by_group, headline_tally
from tandem.files import write_text

Counts = dict[int, np.ndarray]
"""By seed: right, predicted and gold items of each sentence (N, 3)."""


def count_predictions(path: Path) -> np.ndarray:
    """The counts (N, 3) of a prediction file. Pairs of one sentence are counted together: they are drawn together."""
    table = pq.read_table(path, columns=["words", "gold", "predicted"])
    task = "re" if pa.types.is_string(table.schema.field("gold").type) else "ner"
    tally = headline_tally(task, *(table[name].to_pylist() for name in ("gold", "predicted")))
    return by_group(tally, [text_hash(words) for words in table["words"].to_pylist()]) if task == "re" else tally


def write_counts(path: Path, counts: Mapping[int, np.ndarray]) -> None:
    """Write the counts of every seed, of the same sentences."""
    columns = {"gold": next(iter(counts.values()))[:, 2]}
    for seed, found in counts.items():
        columns |= {f"predicted_{seed}": found[:, 1], f"right_{seed}": found[:, 0]}
    write_text(path, pd.DataFrame(columns).to_csv(index=False, lineterminator="\n"))


def read_counts(path: Path) -> Counts:
    """What `write_counts` wrote. Errors: `ValueError` naming a file that is none of its."""
    try:
        table = pd.read_csv(path, dtype=np.int64)
        names = [str(name) for name in table.columns]
        seeds = [int(name.removeprefix("predicted_")) for name in names if name.startswith("predicted_")]
        if not seeds:
            raise KeyError("predicted_<seed>")
        return {seed: table[[f"right_{seed}", f"predicted_{seed}", "gold"]].to_numpy() for seed in seeds}
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path}: not the counts of a study ({error}); run its evaluate stage again") from None
