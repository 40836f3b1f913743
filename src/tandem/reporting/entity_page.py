"""What the page says of entities."""

from __future__ import annotations

from collections.abc import Mapping

from tandem.reporting.confusion_page import confusion_tables
from tandem.reporting.drawing import Drawing
from tandem.reporting.entity_tables import partial_table, span_table, token_table, type_table
from tandem.reporting.markup import details, drawn, html_table, note
from tandem.reporting.results import Results

NONE_YET = "No corpus has been evaluated yet."


def entity_section(results: Results, drawings: Mapping[str, Drawing]) -> str:
    """Scores by corpus, by type, and by what counts as right; nothing without a corpus of entities."""
    names = results.of_task("ner")
    if not names:
        return ""
    return (
        note(
            "An entity counts when its type and both its ends are right. F1, precision and recall are micro-averaged, "
            "by seqeval's default reading, the convention of published tables; strict: IOB2, where an orphan I- tag "
            "opens no entity."
        )
        + html_table(span_table(results), NONE_YET)
        + _partial(results)
        + "<h3>By type</h3>"
        + note("Beside each name, the number of test entities; a line across a bar is the 95 % bootstrap interval.")
        + drawn(drawings, [f"classes-{name}" for name in names])
        + details("The numbers", html_table(type_table(results), NONE_YET))
        + _confusions(results)
        + "<h3>Token level, with O</h3>"
        + note("Each word's label counts, the many O among them. Not comparable with the span scores above.")
        + html_table(token_table(results), NONE_YET)
    )


def _partial(results: Results) -> str:
    table = partial_table(results)
    if not table.rows:
        return ""
    return (
        "<h3>Partly right</h3>"
        + note(
            "F1 when less is asked for: of exact entities, of types on overlapping words, of boundaries whatever the "
            "type, and of any overlap. Words of entities: F1 of the words that belong to one, O left out."
        )
        + html_table(table, "")
    )


def _confusions(results: Results) -> str:
    tables = confusion_tables(results, "ner")
    if not tables:
        return ""
    return (
        "<h3>Types taken for others</h3>"
        + note(
            "Rows are what entities are, columns what they are read as, paired by their overlap whatever the "
            "boundaries; missed: nothing overlaps; invented: there is nothing. Mean over the seeds; the shade is the "
            "share of the row."
        )
        + tables
    )
