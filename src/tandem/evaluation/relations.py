"""Scores of predicted relations against gold, as one tree of numbers.

| key | meaning |
|---|---|
| relation.{precision,recall,f1,support} | micro average without `None`; what papers print |
| relation_macro.{precision,recall,f1} | mean over the relations, but `None`, that have a test case |
| accuracy | share of pairs that are right, those without a relation among them: never to be set beside F1 |
| weighted_f1 | mean over all relations by their support, `None` among them: likewise |
| per_relation.NAME.{precision,recall,f1,support} | one relation that has a test case |
| confusion.GOLD.PREDICTED | how many pairs, `None` included; a count of zero is absent |

To predict `None` is to predict nothing, and a gold `None` is nothing to find. A relation without a test case has no
scores of its own, for its recall is undefined; where it is predicted, it costs precision in the micro average.
Precision of nothing predicted, recall of nothing gold and F1 of both are 0, as with `zero_division=0`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tandem.corpora.schema import NO_RELATION
from tandem.evaluation.metrics import Tree
from tandem.evaluation.rates import averages, rates


def score_relations(gold: Sequence[str], predicted: Sequence[str]) -> Tree:
    """All scores of `predicted` against `gold`, one relation a pair. Errors: `ValueError` if lengths differ."""
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold relations but {len(predicted)} predicted; score the same split")
    confusions = Counter(zip(gold, predicted, strict=True))
    support, guessed = Counter(gold), Counter(predicted)
    right = Counter(name for name, guess in zip(gold, predicted, strict=True) if name == guess)
    accuracy = right.total() / len(gold) if gold else 0.0
    everything = {name: rates(right[name], guessed[name], support[name]) for name in support}
    weighted = averages(everything, list(support.values()))
    for counts in (support, guessed, right):
        del counts[NO_RELATION]
    rows = {name: rates(right[name], guessed[name], support[name]) for name in sorted(support)}
    confusion: Tree = {}
    for (name, guess), count in sorted(confusions.items()):
        confusion.setdefault(name, {})[guess] = count
    return {
        "relation": {**rates(right.total(), guessed.total(), support.total()), "support": support.total()},
        "relation_macro": averages(rows, [1] * len(rows)),
        "accuracy": accuracy,
        "weighted_f1": weighted["f1"],
        "per_relation": {name: {**row, "support": support[name]} for name, row in rows.items()},
        "confusion": confusion,
    }


def without_test_case(names: Iterable[str], gold: Iterable[str]) -> list[str]:
    """The relations of a corpus that its test split does not have, in their order; `None` is no relation."""
    tested = {NO_RELATION, *gold}
    return [name for name in names if name not in tested]
