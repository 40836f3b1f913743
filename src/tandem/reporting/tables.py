"""Tables of corpora of either task."""

from __future__ import annotations

from tandem.reporting.cells import DASH, Table, cost, count, mean_std, points
from tandem.reporting.results import Results, number


def control_table(results: Results) -> Table:
    """The headline's F1 with own pictures and under each control that was scored."""
    names = {"shuffled_image": "exchanged", "noise_image": "noise", "no_image": "no pictures"}
    rows = []
    for name in results.datasets:
        tree = results.evaluate.get(name)
        headline = results.headline(name).key
        row = [name, mean_std(tree, headline, "f1")]
        for control in names:
            row += [mean_std(tree, "controls", control, "f1"), cost(tree, headline, control)]
        rows.append(row)
    return Table(["corpus", "own pictures", *(column for name in names.values() for column in (name, "cost"))], rows)


def ceiling_table(results: Results) -> Table:
    """What can be reached on the generated corpora, beside what was; no rows without such a corpus."""
    rows = []
    for name in results.datasets:
        ceiling = results.ceiling.get(name)
        if isinstance(ceiling, dict):
            reached = [points(number(ceiling, rule, "expected_f1")) for rule in ("picture", "text_only", "shuffled")]
            rows.append([name, mean_std(results.evaluate.get(name), results.headline(name).key, "f1"), *reached])
    columns = ["corpus", "this model", "best with pictures", "best from text alone", "best reader, pictures exchanged"]
    return Table(columns, rows)


def picture_table(results: Results) -> Table:
    """Pictures by corpus, and the release."""
    rows = []
    for name in results.datasets:
        pictures, features = results.data.get(name, {}).get("pictures"), results.features.get(name)
        broken = number(features, "broken")
        broken = number(pictures, "broken") if broken is None else broken
        row = [count(number(pictures, key)) for key in ("ids", "present", "distinct", "missing")]
        rows.append([name, str(results.data.get(name, {}).get("release") or DASH), *row, count(broken)])
    return Table(["corpus", "release", "pictures named", "present", "distinct", "missing", "broken"], rows, names=2)
