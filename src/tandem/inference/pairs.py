"""Mentions of a sentence as rows for a relation model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import permutations
from typing import Any

from tandem.corpora.schema import NO_RELATION, Post, RelationSample, Sample
from tandem.evaluation.spans import Span

# Mentions of a sentence that form pairs. A NER model that finds more (an untrained one may tag every word) is wrong
# about most of them, and pairs grow with their square.
MOST_MENTIONS = 32
BLOCK = 4096  # pairs that are in memory at once
# Words of a long text that a relation model gets of it, about a window of its encoder, more than any post of the
# corpora has: words in different windows never see each other, and pairs times length would take minutes.
REACH = 100

Pair = tuple[Span, Span]


def candidate_pairs(mentions: Sequence[Span]) -> list[Pair]:
    """Every ordered pair of different mentions, of the first MOST_MENTIONS."""
    return list(permutations(mentions[:MOST_MENTIONS], 2))


def pair_row(post: Post, pair: Pair) -> RelationSample:
    """A pair as a row of a relation corpus; its relation is what the model is asked for."""
    head, tail = pair
    return RelationSample(
        **post_fields(post),
        head_start=head.start,
        head_end=head.end,
        tail_start=tail.start,
        tail_end=tail.end,
        relation=NO_RELATION,
    )


def excerpt(post: Sample, pair: Pair) -> tuple[Sample, Pair] | None:
    """The REACH words around a pair, all of a shorter text, and the pair in them; None if it does not fit in."""
    first, last = min(span.start for span in pair), max(span.end for span in pair)
    if len(post.words) <= REACH:
        return post, pair
    if last - first > REACH:
        return None
    start = min(max(0, (first + last - REACH) // 2), len(post.words) - REACH)
    head, tail = (Span(span.type, span.start - start, span.end - start) for span in pair)
    return replace(post, words=post.words[start : start + REACH]), (head, tail)


def post_fields(row: Post) -> dict[str, Any]:
    """What a row of either task has."""
    return {column.name: getattr(row, column.name) for column in fields(Post)}
