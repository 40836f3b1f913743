"""What the page says of confidence: whether it means what it says."""

from __future__ import annotations

from collections.abc import Mapping

from tandem.reporting.cells import Table, count, points
from tandem.reporting.drawing import Drawing
from tandem.reporting.markup import drawn, html_table, note
from tandem.reporting.results import Results, number


def confidence_section(results: Results, drawings: Mapping[str, Drawing]) -> str:
    """Reliability and its errors; nothing where confidence was not measured."""
    table = calibration_table(results)
    if not table.rows:
        return ""
    return (
        note(
            "The confidence of each predicted entity (of each pair of entities, for relations) beside how often such "
            "predictions are right. Expected calibration error: the mean distance between the two over bins of "
            "confidence, weighted by their size. Brier: the mean squared distance between confidence and 0 or 1; lower "
            "is better for both. The larger a point, the more predictions it stands for."
        )
        + drawn(drawings, [f"reliability-{name}" for name in results.datasets])
        + html_table(table, "")
    )


def calibration_table(results: Results) -> Table:
    """Errors of confidence by corpus."""
    rows = []
    for name, tree in results.evaluate.items():
        found = tree.get("calibration")
        if found:
            errors = [points(number(found, key)) for key in ("ece", "brier")]
            rows.append([name, *errors, count(number(found, "items"))])
    return Table(["corpus", "expected calibration error", "Brier score", "predictions"], rows)
