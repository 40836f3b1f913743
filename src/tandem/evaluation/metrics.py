"""Scores of predicted tags against gold, as one tree of numbers.

| key | meaning |
|---|---|
| span.{precision,recall,f1,support} | micro average over entities, seqeval's default reading; what papers print |
| span_strict.{...} | the same by strict IOB2 |
| span_macro.{...}, span_weighted.{...} | mean over types, plain and by support, default reading |
| per_type.TYPE.{precision,recall,f1,support} | one type, default reading; types that were only predicted included |
| partial.{exact,type,boundary,overlap}.{precision,recall,f1} | credit for what is almost right, see `partial` |
| token.{accuracy,weighted_f1,macro_f1,support} | of single words, with O: never to be set beside span F1 |
| token_entities.{precision,recall,f1,macro_f1,weighted_f1,support} | of words whose label is not O: likewise |

Support is the number of gold entities (of gold words, under `token`; of those that are not O, under `token_entities`).
Precision of nothing predicted, recall of nothing gold and F1 of both are 0, as with `zero_division=0`.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tandem.evaluation.partial import partial_scores
from tandem.evaluation.rates import averages, rates
from tandem.evaluation.spans import Mode, spans
from tandem.evaluation.tokens import entity_token_scores, token_scores

Sentences = Sequence[Sequence[str]]
Tree = dict[str, Any]


def score(gold: Sentences, predicted: Sentences) -> Tree:
    """All scores of `predicted` against `gold`, one list of tags a sentence.

    Errors: `ValueError` naming the first sentence whose lengths differ, or a tag that is not BIO.
    """
    _check_lengths(gold, predicted)
    default, strict = span_scores(gold, predicted, "default"), span_scores(gold, predicted, "strict")
    return {
        "span": default["micro"],
        "span_strict": strict["micro"],
        "span_macro": default["macro"],
        "span_weighted": default["weighted"],
        "per_type": default["per_type"],
        "partial": partial_scores(gold, predicted),
        "token": token_scores(gold, predicted),
        "token_entities": entity_token_scores(gold, predicted),
    }


def span_scores(gold: Sentences, predicted: Sentences, mode: Mode) -> Tree:
    """Precision, recall and F1 of whole entities (type and both ends right), as seqeval has them.

    Keys: `micro`, `macro`, `weighted` and `per_type`. Macro and weighted go over all types that are gold or predicted.
    """
    right: Counter[str] = Counter()
    support: Counter[str] = Counter()
    guessed: Counter[str] = Counter()
    for gold_tags, predicted_tags in zip(gold, predicted, strict=True):
        gold_spans, predicted_spans = spans(gold_tags, mode), spans(predicted_tags, mode)
        support.update(span.type for span in gold_spans)
        guessed.update(span.type for span in predicted_spans)
        if gold_spans and predicted_spans:
            right.update(span.type for span in set(gold_spans).intersection(predicted_spans))
    types = sorted(support | guessed)
    rows = {kind: rates(right[kind], guessed[kind], support[kind]) for kind in types}
    weights = [support[kind] for kind in types]
    return {
        "micro": {**rates(right.total(), guessed.total(), support.total()), "support": support.total()},
        "macro": averages(rows, [1] * len(types)),
        "weighted": averages(rows, weights),
        "per_type": {kind: {**rows[kind], "support": support[kind]} for kind in types},
    }


def mean_and_std(scores: Sequence[Tree]) -> tuple[Tree, Tree]:
    """Mean and sample standard deviation (ddof 1; 0.0 of a single one) of every number in trees of one shape.

    A type or relation that one seed has in `per_type` or `per_relation` and another has not was neither gold nor
    predicted there: it counts as zeros. A count that a `confusion` lacks is 0. Numbers that are equal integers
    everywhere stay integers in the mean.

    Errors: `ValueError` for no trees at all, or any other key that is missing from one.
    """
    if not scores:
        raise ValueError("no scores to average; give at least one seed")
    return _mean_and_std(scores, path="")


def _mean_and_std(trees: Sequence[Tree], path: str) -> tuple[Tree, Tree]:
    mean: Tree = {}
    std: Tree = {}
    keys = dict.fromkeys(key for tree in trees for key in tree)
    absent = _absent(path)
    if absent is not None:
        keys = dict.fromkeys(sorted(keys))
        trees = [{key: tree.get(key, absent) for key in keys} for tree in trees]
    for key in keys:
        place = f"{path}.{key}" if path else key
        missing = [number for number, tree in enumerate(trees) if key not in tree]
        if missing:
            raise ValueError(f"score {place!r} is missing from tree {missing[0]} of {len(trees)}; all need one shape")
        values = [tree[key] for tree in trees]
        if isinstance(values[0], dict):
            mean[key], std[key] = _mean_and_std(values, place)
        elif all(isinstance(value, int) and value == values[0] for value in values):
            mean[key], std[key] = values[0], 0.0
        else:
            mean[key] = statistics.fmean(values)
            std[key] = statistics.stdev(values) if len(values) > 1 else 0.0
    return mean, std


def _absent(path: str) -> Any:
    """What a key stands for that one tree has at `path` and another has not; None where that is an error."""
    if path in ("per_type", "per_relation"):
        return {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
    if path == "confusion":
        return {}
    return 0 if path.startswith("confusion.") else None


def _check_lengths(gold: Sentences, predicted: Sentences) -> None:
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold sentences but {len(predicted)} predicted; score the same split")
    for number, (gold_tags, predicted_tags) in enumerate(zip(gold, predicted, strict=True)):
        if len(gold_tags) != len(predicted_tags):
            raise ValueError(
                f"sentence {number}: {len(gold_tags)} gold tags but {len(predicted_tags)} predicted; "
                "every word needs one of each"
            )
