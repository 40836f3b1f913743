"""What the page says of entities."""

from __future__ import annotations

from tandem.reporting.entity_tables import span_table, token_table, type_table
from tandem.reporting.markup import html_table, note
from tandem.reporting.results import Results


def entity_sections(results: Results) -> list[tuple[str, str, str]]:
    """Key, heading and HTML of each section."""
    return [("entities", "Entities", _entities(results)), ("types", "Entity types", _types(results))]


def _entities(results: Results) -> str:
    return (
        "<h3>Span level</h3>"
        + note(
            "An entity counts when its type and both its ends are right. F1, precision and recall are micro-averaged, "
            "by seqeval's default reading, the convention of published tables; strict: IOB2, where an orphan I- tag "
            "opens no entity."
        )
        + html_table(span_table(results), "No corpus has been evaluated yet.")
        + "<h3>Token level, with O</h3>"
        + note("Each word's label counts, the many O among them. Not comparable with the span scores above.")
        + html_table(token_table(results), "No corpus has been evaluated yet.")
    )


def _types(results: Results) -> str:
    return html_table(type_table(results), "No corpus has been evaluated yet.")
