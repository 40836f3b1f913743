"""Tables of the corpora of relations."""

from __future__ import annotations

from tandem.corpora.schema import NO_RELATION, SPLITS
from tandem.reporting.cells import DASH, Table, cost, count, mean_std
from tandem.reporting.confusions import confusions
from tandem.reporting.results import Results, Tree, number

MOST_CONFUSIONS = 10  # of a corpus
NOT_TESTED = "no test case"


def relation_table(results: Results) -> Table:
    """Relations: micro average without None; accuracy and weighted F1 with it."""
    paths: list[tuple[str, ...]] = [("relation", "f1"), ("relation", "precision"), ("relation", "recall")]
    paths += [("relation_macro", "f1"), ("accuracy",), ("weighted_f1",), ("valid", "f1")]
    rows = []
    for name in results.of_task("re"):
        tree = results.evaluate.get(name)
        pairs = f"{count(number(tree, 'relation', 'support'))} / {count(number(tree, 'pairs'))}"
        rows.append([name, *(mean_std(tree, *path) for path in paths), pairs, count(number(tree, "seeds"))])
    columns = ["corpus", "F1", "precision", "recall", "F1 macro", "accuracy with None", "weighted F1 with None"]
    return Table([*columns, "validation", "pairs", "seeds"], rows)


def each_relation_table(results: Results) -> Table:
    """One row for each corpus and relation, most test pairs first; at the end those that have none, and no score."""
    rows = []
    for name in results.of_task("re"):
        tree = results.evaluate.get(name, {})
        found: Tree = tree.get("per_relation", {})
        for relation in sorted(found, key=lambda key: (-(number(found, key, "support") or 0), key)):
            scores = [mean_std(tree, "per_relation", relation, key) for key in ("f1", "precision", "recall")]
            rows.append([name, relation, *scores, count(number(found, relation, "support"))])
        rows += [[name, relation, NOT_TESTED, DASH, DASH, count(0)] for relation in untested(tree)]
    return Table(["corpus", "relation", "F1", "precision", "recall", "test pairs"], rows, names=2)


def untested(tree: Tree) -> list[str]:
    """The relations without a test case."""
    return [str(relation) for relation in tree.get("without_test_case", [])]


def confusion_table(results: Results) -> Table:
    """The most frequent confusions of each corpus."""
    rows = []
    for name in results.of_task("re"):
        for found in confusions(results.evaluate.get(name, {}))[:MOST_CONFUSIONS]:
            rows.append([name, found.gold, found.predicted, f"{found.pairs:.1f}", f"{100 * found.share:.1f} %"])
    return Table(["corpus", "relation", "read as", "test pairs", "of its test pairs"], rows, names=3)


def joint_table(results: Results) -> Table:
    """Entities by the models of one corpus, relations by those of another, scored together."""
    paths = [("joint", "f1"), ("joint", "precision"), ("joint", "recall"), ("joint_boundaries", "f1")]
    paths += [("mentions", "f1"), ("gold_pairs", "f1")]
    columns = ["entities by", "relations by", "F1", "precision", "recall", "without types", "entities"]
    columns += ["on gold pairs", "exchanged", "to find"]
    rows = [
        [
            source,
            target,
            *(mean_std(tree, *path) for path in paths),
            cost(tree, "joint", "shuffled_image"),
            count(number(tree, "joint", "support")),
        ]
        for (source, target), tree in results.transfer.items()
        if "joint" in tree
    ]
    return Table(columns, rows, names=2)


def pair_table(results: Results) -> Table:
    """Sizes by corpus and split."""
    rows = []
    for name in results.of_task("re"):
        data = results.data.get(name, {})
        for split in SPLITS:
            size = data.get("splits", {}).get(split, {})
            relations = [key for key in size.get("relations", {}) if key != NO_RELATION]
            related = sum(number(size, "relations", key) or 0 for key in relations) if size else None
            cells = [number(size, "rows"), related, len(relations) if size else None]
            cells += [number(size, "sentences"), number(size, "tokens")]
            cells.append(number(data, "oddities", split, "conflicting_pairs"))
            rows.append([name, split, *map(count, cells)])
    columns = ["corpus", "split", "pairs", "with a relation", "relations", "sentences", "words", "conflicting"]
    return Table(columns, rows, names=2)
