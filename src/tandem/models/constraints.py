"""Relations decided under the types of their entities, which names such as `/per/org/member_of` state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from tandem.corpora.labels import SAME_CLASS
from tandem.corpora.schema import NO_RELATION, argument_types
from tandem.models.reading import Choice, Chooser

Types = tuple[str, str]  # of head and tail
Rule = Literal["none", "names", "ner"]  # as `relation.types`


def signature(relation: str) -> Types | None:
    """The types of head and tail that a relation's name states, as one way to write each; None if it states none."""
    types = argument_types(relation)
    return None if types is None else same_way(types)


def same_way(types: Types) -> Types:
    """Types without regard to case, and with one name for those that are one class (MISC, OTHER)."""
    head, tail = (kind.upper() for kind in types)
    one = {kind: min(group) for group in SAME_CLASS for kind in group}
    return one.get(head, head), one.get(tail, tail)


class TypeConstraints:
    """Which relation is the best one for a pair, if types have a say.

    `relations` are the classes of the model, in order. A relation whose name states no types, and so `None`, is never
    ruled out by them.
    """

    def __init__(self, relations: Sequence[str]) -> None:
        self.relations = list(relations)
        self.signatures = [None if name == NO_RELATION else signature(name) for name in relations]

    def chooser(self, rule: Rule, types: Sequence[Types | None] | None) -> Chooser | None:
        """What chooses the relations of pairs of these types under a rule of `relation.types`; None = the best ones.

        types: entity types of each pair, None = not known of this one, or of none.
        """
        if rule == "names":
            return lambda logs: Choice(self.by_names(logs), logs)  # no relation is ruled out
        if rule == "ner" and types is not None:
            return lambda logs: Choice(self.by_types(logs, types), self.given(logs, types))
        return None

    def by_names(self, log_probabilities: Tensor) -> list[str]:
        """The most probable pair of types first, then the best relation of these types, for each row of (B, K).

        The probability of a pair of types is the sum over its relations. A relation without types stands alone.
        """
        keys = [types or name for types, name in zip(self.signatures, self.relations, strict=True)]
        groups = list(dict.fromkeys(keys))
        member = torch.tensor([[key == group for group in groups] for key in keys])  # (K, G)
        member = member.to(log_probabilities.device)
        best = (log_probabilities.double().exp() @ member.double()).argmax(-1)  # (B,)
        return self._best(log_probabilities, member.t()[best])

    def by_types(self, log_probabilities: Tensor, types: Sequence[Types | None]) -> list[str]:
        """The best relation whose types are those of its row, for each row of (B, K); None allows every relation."""
        return self._best(log_probabilities, self._allowed(log_probabilities, types))

    def given(self, log_probabilities: Tensor, types: Sequence[Types | None]) -> Tensor:
        """The log-probabilities (B, K) when the types of each row are known: -inf for what they rule out."""
        allowed = self._allowed(log_probabilities, types)
        return torch.log_softmax(log_probabilities.masked_fill(~allowed, -math.inf), dim=-1)

    def _allowed(self, log_probabilities: Tensor, types: Sequence[Types | None]) -> Tensor:
        """(B, K) bool."""
        allowed = [[self._fits(own, kinds) for own in self.signatures] for kinds in types]
        shape, device = log_probabilities.shape, log_probabilities.device
        return torch.tensor(allowed, dtype=torch.bool, device=device).reshape(shape)

    @staticmethod
    def _fits(own: Types | None, kinds: Types | None) -> bool:
        return own is None or kinds is None or own == same_way(kinds)

    def _best(self, log_probabilities: Tensor, allowed: Tensor) -> list[str]:
        """The best allowed relation of each row; `allowed` (B, K) bool."""
        best = log_probabilities.masked_fill(~allowed, -math.inf).argmax(-1)
        return [self.relations[number] for number in best.tolist()]
