r"""The best span F1 that a model of the embedded corpora can reach, with and without the picture.

Take as known where every mention is, and the type of the unambiguous ones: a strong model reaches both. What is left
is the type of each of the A ambiguous mentions, beside U unambiguous ones. A model that guesses the groups of mentions
i (n_i mentions, guess right with chance p_i) and leaves the others out has the micro-averaged

    F1 = 2 TP / (predicted + gold) = 2 (U + sum n_i p_i) / ((U + sum n_i) + (U + A)),

and the best choice of groups is the most certain ones first, as many as raise it (a group pays exactly while
p_i > F1 / 2). The chances:

- text only: the type is independent of the text, so p = max prior, for all A mentions;
- picture, where a class c is seen: Bayes, p(t | c) ~ prior(t) * ((1 - q) [t = c] + q / 4), with q the share of
  irrelevant pictures, drawn from the four classes alike; where the file is absent: max prior;
- exchanged pictures: the same guesses, but the class seen says nothing about the sentence.

A, U and the number of absent pictures are those of the split; types and picture classes are averaged over.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """Mentions that a model cannot tell apart: how many (an expectation), the guess, the chance that it is right."""

    count: float
    guess: str
    right: float


@dataclass(frozen=True)
class Ceiling:
    """Expected F1, the standard deviation of the realised one around it, and the groups that are worth a guess."""

    f1: float
    deviation: float
    guessed: tuple[Group, ...]


def f1_of(true_positives: float, predicted: float, gold: float) -> float:
    """Micro-F1 of counts; 0 where nothing is predicted and nothing is gold."""
    total = predicted + gold
    return 2 * true_positives / total if total else 0.0


def best_f1(groups: Iterable[Group], *, unambiguous: float, gold: float) -> Ceiling:
    """The highest expected F1 over all choices of groups to guess, with `unambiguous` mentions right in any case.

    Exact where every group is guessed, since then the number of predictions is fixed; otherwise the ratio of
    expectations, which the realised F1 approaches as the split grows.
    """
    guessed: list[Group] = []
    true_positives = predicted = float(unambiguous)
    for group in sorted(groups, key=lambda group: -group.right):
        if group.right * 2 <= f1_of(true_positives, predicted, gold):
            break
        guessed.append(group)
        true_positives += group.count * group.right
        predicted += group.count
    variance = sum(group.count * group.right * (1 - group.right) for group in guessed)
    deviation = f1_of(math.sqrt(variance), predicted, gold)
    return Ceiling(f1_of(true_positives, predicted, gold), deviation, tuple(guessed))


def modal(prior: Mapping[str, float]) -> str:
    """The most frequent type; the first of them where several are."""
    return max(prior, key=lambda kind: prior[kind])


def text_groups(prior: Mapping[str, float], count: float) -> list[Group]:
    """All `count` ambiguous mentions look alike to a model without pictures."""
    guess = modal(prior)
    return [Group(count, guess, prior[guess])]


def seen_share(prior: Mapping[str, float], irrelevant: float) -> dict[str, float]:
    """Chance of each class in the picture of a sentence with an ambiguous mention."""
    return {kind: (1 - irrelevant) * share + irrelevant / len(prior) for kind, share in prior.items()}


def posterior(prior: Mapping[str, float], irrelevant: float, seen: str) -> dict[str, float]:
    """Chance of each type of the ambiguous mention once the class `seen` is in the picture."""
    joint = {
        kind: share * ((1 - irrelevant) * (kind == seen) + irrelevant / len(prior)) for kind, share in prior.items()
    }
    total = sum(joint.values())
    return {kind: value / total for kind, value in joint.items()} if total else dict(prior)


def picture_groups(prior: Mapping[str, float], irrelevant: float, present: float, absent: float) -> dict[str, Group]:
    """One group per class seen, and one under the key `absent`, for a model that reads the picture by Bayes."""
    groups = {}
    for seen, share in seen_share(prior, irrelevant).items():
        chances = posterior(prior, irrelevant, seen)
        guess = modal(chances)
        groups[seen] = Group(present * share, guess, chances[guess])
    groups["absent"] = text_groups(prior, absent)[0]
    return groups


def text_ceiling(prior: Mapping[str, float], *, ambiguous: int, unambiguous: int) -> Ceiling:
    """Best expected F1 of any model without pictures."""
    return best_f1(text_groups(prior, ambiguous), unambiguous=unambiguous, gold=ambiguous + unambiguous)


def picture_ceiling(
    prior: Mapping[str, float], *, irrelevant: float, present: int, absent: int, unambiguous: int
) -> Ceiling:
    """Best expected F1 with pictures; `present` and `absent` count ambiguous mentions with and without one."""
    groups = picture_groups(prior, irrelevant, present, absent).values()
    return best_f1(groups, unambiguous=unambiguous, gold=present + absent + unambiguous)


def exchanged_f1(
    prior: Mapping[str, float], *, irrelevant: float, present: int, absent: int, unambiguous: int, other: int
) -> float:
    """Expected F1 of the model of `picture_ceiling` after the pictures were exchanged between all sentences at random.

    Args:
        other: sentences without an ambiguous mention that have a picture; theirs show the four classes alike.
    """
    groups = picture_groups(prior, irrelevant, present, absent)
    worth = picture_ceiling(prior, irrelevant=irrelevant, present=present, absent=absent, unambiguous=unambiguous)
    true_positives = predicted = float(unambiguous)
    for seen, group in groups.items():
        if group not in worth.guessed:
            continue
        count = group.count
        if seen != "absent" and present:
            in_pool = (group.count + other / len(prior)) / (present + other)
            count = present * in_pool
        true_positives += count * prior[group.guess]
        predicted += count
    return f1_of(true_positives, predicted, present + absent + unambiguous)


def realised_f1(
    types: Sequence[str],
    seen: Sequence[str | None],
    groups: Mapping[str, Group],
    worth: Sequence[Group],
    unambiguous: int,
) -> float:
    """F1 on a split: the rule of `groups` (key: class seen, or `absent`) against the `types` that were drawn."""
    chosen = [groups[picture or "absent"] for picture in seen]
    right = sum(group in worth and group.guess == kind for group, kind in zip(chosen, types, strict=True))
    predicted = sum(group in worth for group in chosen)
    return f1_of(unambiguous + right, unambiguous + predicted, unambiguous + len(types))
