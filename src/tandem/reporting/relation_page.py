"""What the page says of relations."""

from __future__ import annotations

from html import escape

from tandem.reporting.confusions import Matrix, matrix
from tandem.reporting.markup import heat_table, html_table, note, shaded
from tandem.reporting.relation_tables import confusion_table, each_relation_table, relation_table
from tandem.reporting.results import Results

MOST_NAMES = 30  # rows and columns of a table of confusions
DARKEST = 52  # per cent, of a cell that has all pairs of its row

RELATION_STYLE = """.confusion { font-size: .8rem; }
.confusion td { text-align: center; border: 1px solid var(--paper); padding: .2rem .3rem; min-width: 2.1rem; }
.confusion thead th:not(.name) { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; }
.confusion td.right { outline: 1px solid var(--soft); outline-offset: -1px; }
"""


def relation_sections(results: Results) -> list[tuple[str, str, str]]:
    """Key, heading and HTML of each section."""
    return [
        ("relations", "Relations", _relations(results)),
        ("each", "Relation by relation", _each(results)),
        ("confusions", "Relations taken for others", _confusions(results)),
    ]


def _relations(results: Results) -> str:
    return note(
        "A pair of entities counts when its relation is right. F1, precision and recall are micro-averaged without "
        "None, the convention of published tables: to say None is to say nothing, and a pair that is None is nothing "
        "to find. Macro: the mean over the relations that have a test case. Accuracy and weighted F1 count the many "
        "None pairs too, and are not comparable with F1. Pairs: those of the test split that have a relation, of all."
    ) + html_table(relation_table(results), "No corpus has been evaluated yet.")


def _each(results: Results) -> str:
    return note(
        "A relation without a test case has no score, for its recall is undefined; where it is predicted, it costs "
        "precision above."
    ) + html_table(each_relation_table(results), "No corpus has been evaluated yet.")


def _confusions(results: Results) -> str:
    text = note(
        "The most frequent confusions, then all of them: rows are what pairs are, columns what they are read as. "
        "Numbers are test pairs, mean over the seeds; the shade is their share of the row."
    ) + html_table(confusion_table(results), "No corpus has been evaluated yet, or no pair is read wrongly.")
    for name in results.of_task("re"):
        found = matrix(results.evaluate.get(name, {}), MOST_NAMES)
        if found.names:
            text += f"<h3>{escape(name)}</h3>" + _matrix(found)
            if found.left_out:
                text += note(f"{found.left_out} rarer relations have no room here; plots/confusion.csv has them.")
    return text


def _matrix(found: Matrix) -> str:
    def cell(gold: str, predicted: str) -> str:
        count, share = found.count(gold, predicted), found.share(gold, predicted)
        hint = f"{gold} read as {predicted}: {count:.1f} test pairs, {share:.1%}" if count else ""
        text = "" if not count else f"{count:.0f}" if count >= 1 else "<1"
        return shaded(escape(text), DARKEST * share, hint, "right" if gold == predicted else "")

    rows = [(gold, [cell(gold, predicted) for predicted in found.names]) for gold in found.rows]
    return heat_table("relation ↓ read as →", found.names, rows, "confusion")
