"""What a model says of one row, how sure it is, and what it has looked at."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor


@dataclass(frozen=True)
class Reading:
    """What a model says of one row.

    `said`: BIO tags, one a word; or a relation. `claims`: what the confidences are about: the entities of the tags
    (`tandem.evaluation.spans.Span`, default reading), or the one relation; those that were asked about instead, where
    any were. `confidences`: how probable the model finds each, in [0, 1].

    `picture_weight`: of each word, the weight on the picture in [0, 1], as the strategy means it (`Fusion.weighs`), and
    None of a word whose fused vector plays no part. `region_weight`: attention over the regions of the picture, a sum
    of 1. Both None where the strategy has no such weight, and where the row has no picture.
    """

    said: Any
    claims: list[Any]
    confidences: list[float]
    picture_weight: list[float | None] | None = None
    region_weight: list[float] | None = None


class Choice(NamedTuple):
    """Relations chosen for B pairs, and the log-probabilities (B, K) of all relations under what the choice knows."""

    relations: list[str]
    log_probabilities: Tensor


Chooser = Callable[[Tensor], Choice]
"""How relations are chosen: of the log-probabilities (B, K) of a softmax."""


def word_weights(weights: Tensor | None, words: Tensor, present: Tensor) -> list[list[float | None] | None]:
    """The weights (B, T) of each row that has a picture, `present` (B,), at its `words` (B, T) bool; NaN is None."""
    rows = len(words)
    if weights is None:
        return [None] * rows
    found: list[list[float | None] | None] = []
    for own, kept, seen in zip(weights.cpu().numpy(), words.cpu().numpy(), present.tolist(), strict=True):
        values: list[float] = own[kept].tolist()
        found.append([None if math.isnan(value) else value for value in values] if seen else None)
    return found


def region_weights(weights: Tensor | None, where: Tensor, valid: Tensor) -> list[list[float] | None]:
    """The mean over places of attention (B, T, R) to the `valid` (B, R) bool regions, R numbers or fewer a row.

    where: (B, T) how much each place counts, a sum above 0. None for a row without any region.
    """
    if weights is None:
        return [None] * len(where)
    shares = where.to(weights.dtype) / where.sum(dim=1, keepdim=True)
    # No matrix product, which autocast would round to bfloat16.
    means = (shares.unsqueeze(-1) * weights).sum(dim=1).cpu().numpy()  # (B, R)
    return [own[there].tolist() if there.any() else None for own, there in zip(means, valid.cpu().numpy(), strict=True)]


def about_or(about: Sequence[list[Any]] | None, own: Sequence[list[Any]]) -> Sequence[list[Any]]:
    """The claims that are asked about, by default a row's own."""
    return own if about is None else about
