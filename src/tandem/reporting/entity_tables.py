"""Tables of the corpora of entities."""

from __future__ import annotations

from tandem.corpora.schema import SPLITS
from tandem.reporting.cells import Table, count, mean_std
from tandem.reporting.results import Results, number


def span_table(results: Results) -> Table:
    """Entities: span level."""
    columns = ["corpus", "F1", "precision", "recall", "F1 strict", "F1 macro", "F1 weighted", "validation F1", "seeds"]
    paths = [("span", "f1"), ("span", "precision"), ("span", "recall"), ("span_strict", "f1"), ("span_macro", "f1")]
    paths += [("span_weighted", "f1"), ("valid", "f1")]
    rows = []
    for name in results.of_task("ner"):
        tree = results.evaluate.get(name)
        rows.append([name, *(mean_std(tree, *path) for path in paths), count(number(tree, "seeds"))])
    return Table(columns, rows)


def partial_table(results: Results) -> Table:
    """F1 when less than an exact entity is asked for; no rows where that was not scored."""
    kinds = ("exact", "type", "boundary", "overlap")
    rows = []
    for name in results.of_task("ner"):
        tree = results.evaluate.get(name)
        if number(tree, "partial", "exact", "f1") is not None:
            scores = [mean_std(tree, "partial", kind, "f1") for kind in kinds]
            rows.append([name, *scores, mean_std(tree, "token_entities", "f1")])
    return Table(["corpus", *kinds, "words of entities"], rows)


def token_table(results: Results) -> Table:
    """Words: token level, with O."""
    keys = ("accuracy", "weighted_f1", "macro_f1")
    rows = [
        [name, *(mean_std(results.evaluate.get(name), "token", key) for key in keys)] for name in results.of_task("ner")
    ]
    return Table(["corpus", "token accuracy", "token weighted F1", "token macro F1"], rows)


def type_table(results: Results) -> Table:
    """One row for each corpus and entity type."""
    rows = []
    for name, tree in results.evaluate.items():
        for kind in tree.get("per_type", {}):
            scores = [mean_std(tree, "per_type", kind, key) for key in ("f1", "precision", "recall")]
            rows.append([name, kind, *scores, count(number(tree, "per_type", kind, "support"))])
    return Table(["corpus", "type", "F1", "precision", "recall", "test entities"], rows, names=2)


def data_table(results: Results) -> Table:
    """Sizes by corpus and split."""
    rows = []
    for name in results.of_task("ner"):
        splits = results.data.get(name, {}).get("splits", {})
        for split in SPLITS:
            keys = ("sentences", "tokens", "entities_default", "entities_strict", "orphan_inside")
            rows.append([name, split, *(count(number(splits, split, key)) for key in keys)])
    columns = ["corpus", "split", "sentences", "words", "entities", "entities strict", "orphan I- tags"]
    return Table(columns, rows, names=2)
