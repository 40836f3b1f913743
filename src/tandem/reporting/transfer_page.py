"""What the page says of models that meet another corpus."""

from __future__ import annotations

from tandem.reporting.cells import DASH, points
from tandem.reporting.markup import heat_table, html_table, note, shaded
from tandem.reporting.relation_tables import joint_table
from tandem.reporting.results import HEADLINES, Results, number

NOTES = {
    "ner": (
        "Test span F1 of models trained on the row's corpus and tested on the column's, in brackets the difference to "
        "the column's own models. Types that the two corpora name differently (MISC, OTHER) are mapped; types that one "
        "of them lacks count as errors."
    ),
    "re": (
        "Test relation F1 of models trained on the row's corpus and tested on the column's, in brackets the difference "
        "to the column's own models. Relations are the same where their names are; those that one of the corpora lacks "
        "count as errors."
    ),
}
JOINT_NOTE = (
    "The entities that the one corpus's models find, in every pair of them the relation that the other's say, scored "
    "together: a relation counts when its name and the words and types of both its entities are right, and pairs that "
    "the corpus does not name have none. Without types: F1 when the entities' types may be wrong. Entities: span F1 of "
    "the entities. On gold pairs: F1 of the relations where the entities are given. Exchanged: what exchanging the "
    "pictures costs. To find: relations of the test split."
)
HEADINGS = {"ner": "Entities", "re": "Relations", "joint": "End to end"}


def transfer_section(results: Results) -> str:
    """The tables of the two tasks, and of both together."""
    if not results.transfer:
        return note("No transfer has been scored yet.")
    parts = {task: _matrix(results, task) for task in HEADLINES} | {"joint": _joint(results)}
    parts = {task: text for task, text in parts.items() if text}
    if len(parts) == 1:
        return "".join(parts.values())
    return "".join(f"<h3>{HEADINGS[task]}</h3>{text}" for task, text in parts.items())


def _matrix(results: Results, task: str) -> str:
    names, headline = results.of_task(task), HEADLINES[task].key
    trees = {pair: tree for pair, tree in results.transfer.items() if set(pair) <= set(names)}
    if not trees:
        return ""
    scores = [value for tree in trees.values() if (value := number(tree, headline, "f1")) is not None]
    low, high = min(scores, default=0.0), max(scores, default=1.0)
    rows = [(source, [_cell(results, source, target, low, high) for target in names]) for source in names]
    return note(NOTES[task]) + heat_table("trained on ↓ tested on →", names, rows)


def _cell(results: Results, source: str, target: str, low: float, high: float) -> str:
    tree, headline = results.transfer.get((source, target)), results.headline(target).key
    f1, own = number(tree, headline, "f1"), results.f1(target)
    if f1 is None:
        return f"<td>{DASH}</td>"
    deviation = None if number(tree, "seeds") == 1 else number(tree, "std", headline, "f1")
    strength = 8 + 44 * ((f1 - low) / (high - low) if high > low else 0.5)
    difference = "" if own is None or source == target else f"<br>({points(f1 - own, signed=True)})"
    return shaded(f"{points(f1, deviation)}{difference}", strength)


def _joint(results: Results) -> str:
    """Both tasks together, and on which corpora that cannot be scored."""
    reasons = dict.fromkeys(
        f"{source} to {target}: {tree['not_applicable']}."
        for (source, target), tree in results.transfer.items()
        if "not_applicable" in tree and results.task(target) == "re"
    )
    table = joint_table(results)
    if table.rows:
        return note(JOINT_NOTE) + html_table(table, "") + "".join(map(note, reasons))
    return "".join(map(note, reasons))
