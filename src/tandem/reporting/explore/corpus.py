"""The analysis of one prepared table, by the task of its corpus."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from tandem.files import atomic_path
from tandem.reporting.explore import entities, relations
from tandem.reporting.explore.plots import Plot
from tandem.reporting.style import save_png, styled


class Analysis(NamedTuple):
    """The columns that are read, the tables that they give, by their file's stem, and the plot of each table."""

    columns: list[str]
    describe: Callable[[pd.DataFrame], dict[str, pd.DataFrame]]
    plots: Mapping[str, Plot]


ANALYSES = {
    "ner": Analysis(entities.COLUMNS, entities.describe, entities.PLOTS),
    "re": Analysis(relations.COLUMNS, relations.describe, relations.PLOTS),
}


def explore(prepared: Path, out: Path, task: str) -> list[Path]:
    """Write the tables (CSV) and plots (PNG) of the prepared table `prepared` into `out`; return what was written.

    Errors: `ValueError` naming the file and the remedy.
    """
    analysis = ANALYSES[task]
    try:
        rows = pd.read_parquet(prepared, columns=analysis.columns)
    except FileNotFoundError:
        raise ValueError(f"{prepared}: not found; run `dvc repro prepare`") from None
    except pa.ArrowInvalid:
        raise ValueError(f"{prepared}: not a prepared table of task {task}; run `dvc repro prepare`") from None
    tables = analysis.describe(rows)
    written = []
    with styled():
        for key, table in tables.items():
            written += [out / f"{key}.csv", out / f"{key}.png"]
            with atomic_path(written[-2]) as temporary:
                table.to_csv(temporary, index=False, lineterminator="\n")
            save_png(analysis.plots[key](tables, prepared.stem), written[-1])
    return written
