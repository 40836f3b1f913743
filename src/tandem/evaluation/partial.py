"""Scores that give credit for entities that are almost right.

| criterion | a predicted entity gets, for a gold one with which it has a word in common | SemEval | nervaluate |
|---|---|---|---|
| exact | 1 if type and both ends are equal: span F1 | strict | strict |
| type | 1 if the types are equal | type | ent_type |
| boundary | 1 if both ends are equal, whatever the types | exact | exact |
| overlap | 1 if both ends are equal, else 1/2, whatever the types | partial | partial |

The four are those of SemEval-2013 task 9.1 (Segura-Bedmar et al. 2013), the half is that of a partial match in MUC-5
(Chinchor and Sundheim 1993). Precision is the sum of credits over the number of predicted entities, recall over that of
gold ones, and F1 is twice the sum over both numbers. Entities are read as seqeval's default does.

Each gold entity gives credit to one predicted entity at most, and each of these gets it from one gold entity: of all
such alignments of a sentence, a criterion takes the one with the most credit. So the order of entities does not matter,
and no score is above 1. nervaluate instead takes the first gold entity that overlaps, which it may take again for the
next predicted one; where no entity overlaps two of the other side, both agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tandem.evaluation.rates import rates
from tandem.evaluation.spans import Span, spans

CRITERIA: dict[str, Callable[[Span, Span], float]] = {
    "exact": lambda gold, guess: float(gold == guess),
    "type": lambda gold, guess: float(gold.type == guess.type),
    "boundary": lambda gold, guess: float(gold[1:] == guess[1:]),
    "overlap": lambda gold, guess: 1.0 if gold[1:] == guess[1:] else 0.5,
}
"""The credit of two entities that have a word in common."""


def partial_scores(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 by each criterion, one list of BIO tags a sentence."""
    credits = dict.fromkeys(CRITERIA, 0.0)
    support = guessed = 0
    for gold_tags, predicted_tags in zip(gold, predicted, strict=True):
        true, guess = spans(gold_tags, "default"), spans(predicted_tags, "default")
        support += len(true)
        guessed += len(guess)
        if true == guess:  # most sentences
            for name in credits:
                credits[name] += len(true)
            continue
        pairs = overlapping(true, guess)
        for name in credits:
            credits[name] += credit(pairs, name)
    return {name: rates(credits[name], guessed, support) for name in CRITERIA}


def overlapping(gold: Sequence[Span], predicted: Sequence[Span]) -> list[tuple[Span, Span]]:
    """Pairs of a gold and a predicted entity with a word in common, in the order of the sentence.

    The entities of each side are in order and have no word in common among themselves, as those of tags are.
    """
    pairs = []
    first = 0
    for true in gold:
        while first < len(predicted) and predicted[first].end <= true.start:
            first += 1
        for guess in predicted[first:]:
            if guess.start >= true.end:
                break
            pairs.append((true, guess))
    return pairs


def credit(pairs: Sequence[tuple[Span, Span]], criterion: str) -> float:
    """The most credit of any one-to-one alignment of one sentence's entities; `pairs` as of `overlapping`.

    Pairs in order are a staircase: those before a pair that share an entity with it stand together just before it. So
    the best of the first k pairs is that of k - 1, or the k-th with the best of those before the ones it excludes.
    """
    of_two = CRITERIA[criterion]
    best = [0.0]
    for place, (true, guess) in enumerate(pairs):
        free = place
        while free and (pairs[free - 1][0] == true or pairs[free - 1][1] == guess):
            free -= 1
        best.append(max(best[-1], best[free] + of_two(true, guess)))
    return best[-1]
