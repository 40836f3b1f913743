"""What the page says of the worth of the pictures: controls, ceilings, and how much the model looks at them."""

from __future__ import annotations

from collections.abc import Mapping

from tandem.reporting.cells import Table, count, points
from tandem.reporting.drawing import Drawing
from tandem.reporting.markup import details, drawn, html_table, note
from tandem.reporting.phrases import score_meant, score_name
from tandem.reporting.results import Results, number
from tandem.reporting.tables import ceiling_table, control_table

KINDS = {"gate": "how far the gate is open to the picture", "modality_weight": "the weight of the picture's modality"}


def pictures_section(results: Results, drawings: Mapping[str, Drawing]) -> str:
    """Controls, what the picture changes, ceilings, weights."""
    score = score_name(results)
    text = note(
        "The same checkpoints, read with their own pictures, with every picture exchanged for that of another "
        f"sentence, and without any. The cost is {score} with the own pictures minus {score} under the control, seed "
        f"by seed: a model that uses its pictures pays.{score_meant(results)}"
    )
    text += drawn(drawings, ["pictures"])
    text += html_table(control_table(results), "No corpus has been evaluated yet.")
    changes = change_table(results)
    if changes.rows:
        text += "<h3>What taking the picture away changes</h3>" + note(
            "Test sentences whose prediction differs without the picture, mean over the seeds: of these, those that "
            "are wrong without it and right with it, and the reverse."
        )
        text += html_table(changes, "")
    ceilings = ceiling_table(results)
    if ceilings.rows:
        text += "<h3>What can be reached</h3>" + note(
            f"Generated corpora are made so that the best expected {score} is known: with pictures, from text alone, "
            "and of the best reader of pictures once they are exchanged. A test split may lie a little to either side."
        )
        text += html_table(ceilings, "")
    return text + _weights(results, drawings)


def change_table(results: Results) -> Table:
    """How many test sentences the picture changes, and for better or worse; no rows where it was not counted."""
    rows = []
    for name, tree in results.evaluate.items():
        cells = [number(tree, "picture", key) for key in ("changed", "helped", "harmed")]
        if cells[0] is not None:
            rows.append([name, *map(count, cells)])
    return Table(["corpus", "changed", "right only with it", "right only without it"], rows)


def weight_table(results: Results) -> Table:
    """Mean weight on the picture by gold type; no rows for a strategy that has no such weight."""
    rows = []
    for name, tree in results.evaluate.items():
        found = tree.get("explanation", {})
        for kind in found.get("per_type", {}):
            rows.append([name, kind, points(number(found, "per_type", kind))])
        if found.get("per_type") or number(found, "outside") is not None:
            rows.append([name, "outside", points(number(found, "outside"))])
    return Table(["corpus", "words of", "mean weight"], rows, names=2)


def _weights(results: Results, drawings: Mapping[str, Drawing]) -> str:
    figures = drawn(drawings, [f"gates-{name}" for name in results.datasets])
    table = weight_table(results)
    if not figures and not table.rows:
        return ""
    kinds = {tree.get("explanation", {}).get("kind") for tree in results.evaluate.values()}
    meant = "".join(f": {text}" for kind, text in KINDS.items() if kind in kinds)
    return (
        "<h3>How much words look at the picture</h3>"
        + note(
            f"By the type of the gold entity that a word belongs to{meant}; × 100 in the table. "
            "A weight says what enters the sum, not what it does to the answer: for that, see the controls above."
        )
        + figures
        + details("Mean weights", html_table(table, "") if table.rows else "")
    )
