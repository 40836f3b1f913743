"""What the page says of relations."""

from __future__ import annotations

from collections.abc import Mapping

from tandem.reporting.confusion_page import confusion_tables
from tandem.reporting.drawing import Drawing
from tandem.reporting.markup import details, drawn, html_table, note
from tandem.reporting.relation_tables import confusion_table, each_relation_table, relation_table
from tandem.reporting.results import Results

NONE_YET = "No corpus has been evaluated yet."


def relation_section(results: Results, drawings: Mapping[str, Drawing]) -> str:
    """Scores by corpus, by relation, and what is taken for what; nothing without a corpus of relations."""
    names = results.of_task("re")
    if not names:
        return ""
    return (
        note(
            "A pair of entities counts when its relation is right. F1, precision and recall are micro-averaged without "
            "None, the convention of published tables: to say None is to say nothing, and a pair that is None is "
            "nothing to find. Macro: the mean over the relations that have a test case. Accuracy and weighted F1 count "
            "the many None pairs too, and are not comparable with F1. Pairs: those of the test split that have a "
            "relation, of all."
        )
        + html_table(relation_table(results), NONE_YET)
        + "<h3>Relation by relation</h3>"
        + note(
            "Beside each name, the number of test pairs; a line across a bar is the 95 % bootstrap interval. A "
            "relation without a test case has no score, for its recall is undefined; where it is predicted, it costs "
            "precision above."
        )
        + drawn(drawings, [f"classes-{name}" for name in names])
        + details("The numbers", html_table(each_relation_table(results), NONE_YET))
        + "<h3>Relations taken for others</h3>"
        + note(
            "Rows are what pairs are, columns what they are read as. Numbers are test pairs, mean over the seeds; the "
            "shade is their share of the row."
        )
        + confusion_tables(results, "re")
        + details(
            "The most frequent confusions",
            html_table(confusion_table(results), "No corpus has been evaluated yet, or no pair is read wrongly."),
        )
    )
