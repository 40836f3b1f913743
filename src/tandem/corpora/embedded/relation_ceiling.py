r"""The best relation F1 that a model of the embedded relation corpus can reach, with and without the picture.

F1 is micro-averaged over the relations without None, as the field does: rows predicted None are no predictions, rows
that are None no gold. Take as known the types of both mentions and what the words tell: a strong model reaches both.
So U gold rows are right in any case, and no row whose words or types rule a relation out is predicted. What is left
are the open sentences, each a riddle: a relation r of the riddle's types, or None, which puts w rows into the gold
(w = 2 where the relations are symmetric, else 1, as the row the other way round is None). A model tells open sentences
apart by riddle and by what it sees, in groups i of n_i sentences; saying in their w_i rows each the relation g_i, right
with chance p_i, or else None, it has

    F1 = 2 TP / (predicted + gold) = 2 (U + sum n_i w_i p_i) / ((U + sum n_i w_i) + (U + sum n_j w_j (1 - p_j(None)))),

the first two sums over the groups for which it says a relation, the last over all. As for the other two corpora, the
best choice is the most certain groups first, as many as raise it. The chances:

- text only: nothing but the riddle is seen, so p = max prior of its relations;
- picture, where a scene c is seen: Bayes, p(r | c) ~ prior(r) * ((1 - q) [r = c] + q / K), with q the share of
  irrelevant pictures, drawn from the K scenes alike; where the file is absent: as for text only;
- exchanged pictures: the same rule, but the scene seen says nothing about the sentence.

U and the numbers of sentences by riddle and of absent pictures are those of the split; relations and scenes are
averaged over, as the ratio of expectations, which the realised F1 approaches as the split grows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tandem.corpora.embedded.ceiling import Group, best_f1, f1_of, modal, posterior, seen_share
from tandem.corpora.schema import NO_RELATION

ABSENT = "absent"

# What to say by (name of the riddle, scene seen or `absent`); where there is no entry, None.
Rule = dict[tuple[str, str], str]


@dataclass(frozen=True)
class Open:
    """The open sentences of one riddle in a split: `present` and `absent` count those with and without a picture.

    prior: chance of each scene's relation, None among them, of all K scenes. rows: w above.
    """

    name: str
    prior: Mapping[str, float]
    rows: int
    present: int
    absent: int

    def blind(self) -> Open:
        """The same sentences to a model without pictures."""
        return Open(self.name, self.prior, self.rows, 0, self.present + self.absent)


@dataclass(frozen=True)
class Reach:
    """Expected F1, the standard deviation of the realised one around it, and the rule that reaches it."""

    f1: float
    deviation: float
    rule: Rule


def gold_rows(opens: Sequence[Open], told: float) -> float:
    """Expected rows with a relation; `told` of them by words."""
    return told + sum(o.rows * (o.present + o.absent) * (1 - o.prior[NO_RELATION]) for o in opens)


def ceiling_of(opens: Sequence[Open], *, irrelevant: float, told: int) -> Reach:
    """The best rule and what it reaches; of `blind` sentences, the ceiling of text."""
    groups: dict[tuple[str, str], Group] = {}
    for o in opens:
        for seen, count, chances in _views(o, irrelevant):
            relations = {name: chance for name, chance in chances.items() if name != NO_RELATION}
            guess = modal(relations)
            groups[o.name, seen] = Group(o.rows * count, guess, relations[guess])
    best = best_f1(groups.values(), unambiguous=told, gold=gold_rows(opens, told))
    rule = {place: group.guess for place, group in groups.items() if group in best.guessed}
    return Reach(best.f1, _deviation(opens, irrelevant, told, rule, best.f1), rule)


def exchanged_f1(opens: Sequence[Open], *, irrelevant: float, told: int, other: int, rule: Rule) -> float:
    """Expected F1 of a rule after the pictures were exchanged between all sentences at random.

    Args:
        other: sentences that are not open and have a picture; theirs show the scenes alike.
    """
    scenes = opens[0].prior
    pool = dict.fromkeys(scenes, other / len(scenes))
    for o in opens:
        for scene, share in seen_share(o.prior, irrelevant).items():
            pool[scene] += o.present * share
    pictures = sum(pool.values())
    right = predicted = float(told)
    for o in opens:
        seen = {scene: o.present * count / pictures for scene, count in pool.items()} if pictures else {}
        for view, count in {**seen, ABSENT: o.absent}.items():
            guess = rule.get((o.name, view))
            if guess is not None:
                right += o.rows * count * o.prior[guess]
                predicted += o.rows * count
    return f1_of(right, predicted, gold_rows(opens, told))


def realised_f1(drawn: Sequence[tuple[Open, str, str | None]], rule: Rule, told: int) -> float:
    """F1 of a rule on a split: its open sentences as (their riddle, the relation drawn, the scene seen)."""
    right = predicted = gold = told
    for o, relation, seen in drawn:
        guess = rule.get((o.name, seen or ABSENT))
        right += o.rows * (guess == relation)
        predicted += o.rows * (guess is not None)
        gold += o.rows * (relation != NO_RELATION)
    return f1_of(right, predicted, gold)


def _views(o: Open, irrelevant: float) -> list[tuple[str, float, Mapping[str, float]]]:
    """(what is seen, in how many sentences, chance of each relation then)."""
    views: list[tuple[str, float, Mapping[str, float]]] = [
        (seen, o.present * share, posterior(o.prior, irrelevant, seen))
        for seen, share in seen_share(o.prior, irrelevant).items()
    ]
    return [*views, (ABSENT, float(o.absent), o.prior)]


def _deviation(opens: Sequence[Open], irrelevant: float, told: int, rule: Rule, f1: float) -> float:
    """Of the realised F1, by the delta method.

    A sentence moves F1 by z / (predicted + gold), z = w (2 [right] - F1 ([says a relation] + [has one])); sentences
    are independent, and the sentences of a riddle with a picture (without one) are alike.
    """
    variance = predicted = 0.0
    for o in opens:
        views = _views(o, irrelevant)
        for total, alike in ((o.present, views[:-1]), (o.absent, views[-1:])):
            mean = square = 0.0
            for seen, count, chances in alike:
                guess = rule.get((o.name, seen))
                predicted += o.rows * count * (guess is not None)
                for relation, chance in chances.items():
                    z = o.rows * (2 * (guess == relation) - f1 * ((guess is not None) + (relation != NO_RELATION)))
                    share = chance * count / total if total else 0.0
                    mean += share * z
                    square += share * z * z
            variance += total * (square - mean * mean)
    total_rows = predicted + told + gold_rows(opens, told)
    return math.sqrt(max(variance, 0.0)) / total_rows if total_rows else 0.0
