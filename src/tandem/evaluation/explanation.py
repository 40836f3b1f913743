"""What weight words give to the picture, by what they are.

| key | meaning |
|---|---|
| explanation.kind | gate: how far it is open; modality_weight: the picture's share; none: there is no such weight |
| explanation.per_type.TYPE | mean weight of the words of gold entities of a type |
| explanation.outside | mean weight of the other words |
| explanation.per_relation.NAME | mean weight of the words of head and tail of pairs with this gold relation |

Sentences without a picture, which have no weights, do not count.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)
Weights = Sequence[float | None] | None


def mean_weights(weights: Sequence[Weights], names: Sequence[Sequence[Name]]) -> dict[Name, float]:
    """The mean weight of the words of each name, in the order in which names come first.

    weights: of each word of each row; None of a word, or of a row, without any. names: of each word of each row.
    """
    totals: dict[Name, float] = {}
    counts: dict[Name, int] = {}
    for own, named in zip(weights, names, strict=True):
        for weight, name in zip(own, named, strict=True) if own is not None else ():
            if weight is not None:
                totals[name] = totals.get(name, 0.0) + weight
                counts[name] = counts.get(name, 0) + 1
    return {name: total / counts[name] for name, total in totals.items()}
