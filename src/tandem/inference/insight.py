"""How sure the models of a corpus are, what they look at, and what the picture changes, over seeds.

The keys are those of `tandem.evaluation.calibration`, `tandem.evaluation.explanation` and
`tandem.evaluation.contribution`. Claims are the predicted entities (right: type and both ends), or the relations of the
pairs, `None` among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tandem.evaluation.calibration import calibration, reliability
from tandem.evaluation.contribution import contribution
from tandem.evaluation.explanation import mean_weights
from tandem.evaluation.metrics import Tree
from tandem.evaluation.spans import spans
from tandem.fusion.base import WeightKind
from tandem.inference.held_out import HeldOut
from tandem.inference.runner import Readings
from tandem.tasks import RE


class Insight:
    """Gathers it, one seed after the other."""

    def __init__(self, held_out: HeldOut) -> None:
        gold = held_out.task.gold(held_out.samples)
        self._relations = held_out.task is RE
        self._gold = self._claims(gold)
        self._names: list[list[str | None]]  # of each word: its type, None outside; or the relation of its row
        if self._relations:
            self._names = [[name] * len(row.words) for name, row in zip(gold, held_out.samples, strict=True)]
        else:
            self._names = [_types(tags) for tags in gold]
        self._kinds: set[WeightKind] = set()
        self._confidences: list[float] = []
        self._right: list[bool] = []

    def score(self, readings: Readings, weighs: WeightKind) -> Tree:
        """What there is to say of one seed's model, whose strategy has weights of this kind."""
        own, without = readings["predicted"], readings["no_image"]
        confidences = [one for reading in own for one in reading.confidences]
        right = [claim in gold for reading, gold in zip(own, self._gold, strict=True) for claim in reading.claims]
        self._confidences += confidences
        self._right += right
        self._kinds.add(weighs)
        found: Tree = {
            "calibration": calibration(confidences, right),
            "picture": contribution(
                self._gold, *(self._claims([reading.said for reading in side]) for side in (own, without))
            ),
        }
        if weighs != "none":
            weights = mean_weights([reading.picture_weight for reading in own], self._names)
            outside = {} if None not in weights else {"outside": weights[None]}
            named = {name: weights[name] for name in sorted(name for name in weights if name is not None)}
            found["explanation"] = {("per_relation" if self._relations else "per_type"): named, **outside}
        return found

    def complete(self, summary: Tree) -> Tree:
        """A summary over the seeds with what is no mean: the bins of all seeds together, the kind of the weights."""
        bins = reliability(self._confidences, self._right)
        (kind,) = self._kinds
        return {
            **summary,
            "calibration": {**summary["calibration"], "bins": bins},
            "explanation": {"kind": kind, **summary.get("explanation", {})},
        }

    def _claims(self, said: Sequence[Any]) -> list[frozenset[Any]]:
        """What rows claim, whatever the tags that say it."""
        return [frozenset([one] if self._relations else spans(one, "default")) for one in said]


def _types(tags: Sequence[str]) -> list[str | None]:
    """The entity type of each word, default reading."""
    found: list[str | None] = [None] * len(tags)
    for kind, start, end in spans(tags, "default"):
        found[start:end] = [kind] * (end - start)
    return found
