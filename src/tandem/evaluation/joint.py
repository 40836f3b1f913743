"""Entities and relations found together, scored as one task.

| key | meaning |
|---|---|
| joint.{precision,recall,f1,support} | relations whose words, entity types and name are all right |
| joint_boundaries.{...} | the same, whatever the types |
| mentions.{...} | the entities alone: span scores, default reading |

Support is the number of gold relations (of gold entities, under `mentions`). Counts are over distinct relations of
distinct sentences; a pair of entities that no row of the corpus names has no relation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

from tandem.corpora.schema import NO_RELATION, Post, RelationSample, Sample
from tandem.evaluation.metrics import Tree, span_scores
from tandem.evaluation.rates import rates
from tandem.evaluation.spans import spans

Entity = tuple[str | None, int, int]  # type (None = not known), first word, the word after its last: a Span is one


class Triple(NamedTuple):
    """A relation of a head to a tail."""

    head: Entity
    tail: Entity
    relation: str


class Reading(NamedTuple):
    """What someone finds in a sentence: its BIO tags, and its relations."""

    tags: list[str]
    triples: frozenset[Triple]


class Joint:
    """Entities and relations as one task; see `tandem.evaluation.summary`."""

    headline = "joint"
    title = "joint F1"

    def score(self, gold: Sequence[Reading], predicted: Sequence[Reading]) -> Tree:
        """All scores of `predicted` against `gold`, one reading a sentence."""
        pairs = [(true.triples, guess.triples) for true, guess in zip(gold, predicted, strict=True)]
        bare = [(_without_types(true), _without_types(guess)) for true, guess in pairs]
        tags = [reading.tags for reading in gold], [reading.tags for reading in predicted]
        return {
            self.headline: _rates(pairs),
            "joint_boundaries": _rates(bare),
            "mentions": span_scores(*tags, "default")["micro"],
        }


JOINT = Joint()


@dataclass(frozen=True)
class Sentences:
    """The distinct sentences (words, picture and tags) of a relation corpus, in order, and what is true of each."""

    samples: list[Sample]
    gold: list[Reading]
    of_row: list[int]  # number of the sentence of each row

    @property
    def unmatched(self) -> int:
        """Gold relations that no prediction can be right on: an end is not exactly a tagged span, or both are one."""
        return sum(
            None in (triple.head[0], triple.tail[0]) or triple.head == triple.tail
            for reading in self.gold
            for triple in reading.triples
        )


def gather(rows: Sequence[RelationSample]) -> Sentences:
    """The sentences of pairs with tags.

    An entity of a gold relation has the type of the tagged span that has exactly its words, None if there is none. A
    row without a relation adds its sentence, and no relation. Errors: `ValueError` naming a row without tags.
    """
    numbers: dict[tuple[object, ...], int] = {}
    samples: list[Sample] = []
    triples: list[set[Triple]] = []
    of_row = []
    for row in rows:
        if row.tags is None:
            raise ValueError(f"pair {row.id}: its sentence has no tags; joint scores need the entities of every one")
        number = numbers.setdefault((tuple(row.words), row.image_id, tuple(row.tags)), len(samples))
        if number == len(samples):
            shared = {column.name: getattr(row, column.name) for column in fields(Post)}
            samples.append(Sample(**shared, tags=row.tags))
            triples.append(set())
        of_row.append(number)
        if row.relation != NO_RELATION:
            types = span_types(row.tags)
            head, tail = ((types.get(place), *place) for place in (row.head, row.tail))
            triples[number].add(Triple(head, tail, row.relation))
    gold = [Reading(sample.tags, frozenset(true)) for sample, true in zip(samples, triples, strict=True)]
    return Sentences(samples, gold, of_row)


def span_types(tags: Sequence[str]) -> dict[tuple[int, int], str]:
    """Type of each entity by its first word and the one after its last, default reading."""
    return {(span.start, span.end): span.type for span in spans(tags, "default")}


def _without_types(triples: frozenset[Triple]) -> frozenset[tuple[tuple[int, int], tuple[int, int], str]]:
    return frozenset((head[1:], tail[1:], relation) for head, tail, relation in triples)


def _rates(pairs: Sequence[tuple[frozenset[object], frozenset[object]]]) -> Tree:
    support = sum(len(true) for true, _ in pairs)
    right = sum(len(true & guess) for true, guess in pairs)
    return {**rates(right, sum(len(guess) for _, guess in pairs), support), "support": support}
