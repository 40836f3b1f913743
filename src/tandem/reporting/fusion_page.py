"""What the page says of studies that compare ways of fusing text and picture."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from tandem.reporting.cells import DASH, Table, points
from tandem.reporting.drawing import Drawing
from tandem.reporting.markup import details, drawn, html_table, note
from tandem.reporting.results import Results, Study


def fusion_section(results: Results, drawings: Mapping[str, Drawing]) -> str:
    """Each study that has run, its systems against its baseline; nothing where none has."""
    text = ""
    for key, study in results.studies.items():
        corpora = [str(corpus) for corpus in study.table["corpus"].unique()]
        text += f"<h3>{escape(study.title)}</h3>" + drawn(drawings, [f"fusion-{key}-{one}" for one in corpora])
        text += details("The numbers", html_table(study_table(study), ""))
    if not text:
        return ""
    return (
        note(
            "The tables of the studies that have run, whatever the knobs of this report. Differences from a study's "
            "baseline come with their 95 % interval (paired bootstrap over test sentences), p with Holm's correction "
            "over the systems of a corpus. Filled: beyond chance after the correction (p below .05)."
        )
        + text
    )


def study_table(study: Study) -> Table:
    """A row for each corpus and system."""
    rows = [[str(row["corpus"]), str(row["system"]), *_cells(row)] for row in study.table.to_dict("records")]
    above = f"above {study.baseline}" if study.baseline else "above baseline"
    return Table(["corpus", "system", "F1", above, "95 % interval", "p", "exchanged pictures"], rows, names=2)


def _cells(row: Mapping[Any, Any]) -> list[str]:
    known = {key: None if pd.isna(row[key]) else row[key] for key in ("mean", "std", "exchanged", "p_holm")}
    known |= {key: None if pd.isna(row[key]) else row[key] for key in ("above_baseline", "low", "high")}
    low, high, p = known["low"], known["high"], known["p_holm"]
    between = DASH if low is None else f"{points(low, signed=True)} to {points(high, signed=True)}"
    chance = DASH if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"
    above = points(known["above_baseline"], signed=True)
    return [points(known["mean"], known["std"]), above, between, chance, points(known["exchanged"])]
