"""Writing the report: the page, the table of the README, and the numbers for `dvc plots`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tandem.files import atomic_path, write_text
from tandem.reporting.cells import markdown
from tandem.reporting.entity_tables import span_table, token_table
from tandem.reporting.figures import drawings
from tandem.reporting.frames import (
    confusion_frame,
    fusion_frame,
    gates_frame,
    learning_frame,
    relation_frame,
    reliability_frame,
    results_frame,
    transfer_frame,
    type_frame,
)
from tandem.reporting.page import page
from tandem.reporting.phrases import score_meant, score_name
from tandem.reporting.relation_tables import joint_table, relation_table
from tandem.reporting.results import Results
from tandem.reporting.tables import ceiling_table, control_table
from tandem.reporting.words import no_pictures, setting

FRAMES = {
    "results": results_frame,
    "per_type": type_frame,
    "per_relation": relation_frame,
    "confusion": confusion_frame,
    "fusion": fusion_frame,
    "gates": gates_frame,
    "learning": learning_frame,
    "reliability": reliability_frame,
    "transfer": transfer_frame,
}


def write_report(results: Results, root: Path = Path()) -> list[Path]:
    """Write report/index.html, report/results.md, report/figures/*.svg, and plots/*.csv of `FRAMES`, below `root`."""
    figures = drawings(results)
    texts = {"report/index.html": page(results, figures), "report/results.md": results_markdown(results)}
    texts |= {f"report/figures/{key}.svg": drawing.file for key, drawing in figures.items()}
    for path, text in texts.items():
        write_text(root / path, text)
    for name, frame in FRAMES.items():
        _write_csv(root / f"plots/{name}.csv", frame(results))
    return [root / path for path in (*texts, *(f"plots/{name}.csv" for name in FRAMES))]


def results_markdown(results: Results) -> str:
    """The main tables in Markdown, each under its name."""
    parts = [setting(results) + " Scores × 100, mean ± sample standard deviation over the seeds."]
    parts += [f"{name}: {sentence}" for name in results.datasets for sentence in no_pictures(results, name)]
    score = score_name(results)
    controls = f"{score[0].upper()}{score[1:]} with own, exchanged, noise and no pictures:{score_meant(results)}"
    tables = {
        "Entities of the test split, span level:": span_table(results),
        "Words of the test split, token level with O (not comparable with the above):": token_table(results),
        "Relations of the test split, without None (what has it, accuracy and weighted F1, is not comparable):": (
            relation_table(results)
        ),
        "Entities and relations of the test split, end to end:": joint_table(results),
        controls: control_table(results),
        f"What can be reached on the generated corpora (best expected {score}):": ceiling_table(results),
    }
    parts += [f"{name}\n\n{markdown(table)}".rstrip() for name, table in tables.items() if table.rows]
    return "\n\n".join(parts) + "\n"


def _write_csv(path: Path, frame: pd.DataFrame) -> None:
    with atomic_path(path) as temporary:
        frame.round(6).to_csv(temporary, index=False, lineterminator="\n")
