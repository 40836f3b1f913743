"""Tables of what is read as what."""

from __future__ import annotations

from html import escape

from tandem.reporting.confusions import Matrix, matrix
from tandem.reporting.markup import heat_table, note, shaded
from tandem.reporting.results import Results
from tandem.reporting.wording import plural

MOST_NAMES = 30  # rows and columns
DARKEST = 52  # per cent, of a cell that has all of its row
NOUNS = {"ner": "rarer type", "re": "rarer relation"}


def confusion_tables(results: Results, task: str) -> str:
    """One for each corpus of a task that has predictions."""
    text = ""
    for name in results.of_task(task):
        found = matrix(results.confusion.get(name, {}), MOST_NAMES)
        if found.names:
            text += f"<h4>{escape(name)}</h4>" + _table(found)
            if found.left_out:
                text += note(f"No room here: {plural(found.left_out, NOUNS[task])}, in plots/confusion.csv.")
    return text


def _table(found: Matrix) -> str:
    def cell(gold: str, predicted: str) -> str:
        count, share = found.count(gold, predicted), found.share(gold, predicted)
        hint = f"{gold} read as {predicted}: {count:.1f}, {share:.1%}" if count else ""
        text = "" if not count else f"{count:.0f}" if count >= 1 else "<1"
        return shaded(escape(text), DARKEST * share, hint, "right" if gold == predicted else "")

    rows = [(gold, [cell(gold, predicted) for predicted in found.columns]) for gold in found.rows]
    turned = len(found.columns) > 7 or max(map(len, found.columns)) > 10
    return heat_table("gold ↓ read as →", found.columns, rows, "confusion turned" if turned else "confusion")
