"""The headline without the test sentences that stand in what the model was trained on or chosen by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tandem.evaluation.metrics import Tree
from tandem.evaluation.summary import Scored


def clean_scores(task: Scored, gold: Sequence[Any], predicted: Sequence[Any], leaked: Sequence[bool]) -> Tree:
    """`clean`: precision, recall, F1 and support of the headline over the rows that are not leaked."""
    rows = [(true, guess) for true, guess, left in zip(gold, predicted, leaked, strict=True) if not left]
    scores = task.score([true for true, _ in rows], [guess for _, guess in rows])[task.headline]
    return {"clean": {key: scores[key] for key in ("precision", "recall", "f1", "support")}}
