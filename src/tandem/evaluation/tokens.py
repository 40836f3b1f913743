"""Scores of single words: with O among the labels, and without. Never to be set beside those of spans.

A label is the whole BIO tag, so that B-PER and I-PER are two. Both follow scikit-learn: `f1_score` over all labels that
occur on either side, and `precision_recall_fscore_support` over the same labels but O.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tandem.evaluation.rates import rates

Sentences = Sequence[Sequence[str]]


def token_scores(gold: Sentences, predicted: Sentences) -> dict[str, float]:
    """Accuracy, and F1 averaged over all labels that occur on either side, O among them, as scikit-learn has it."""
    right, guessed, support = _by_label(gold, predicted)
    if not support.sum():
        return {"accuracy": 0.0, "weighted_f1": 0.0, "macro_f1": 0.0, "support": 0}
    f1 = 2 * right / (support + guessed)  # no label is absent from both sides
    return {
        "accuracy": float(right.sum() / support.sum()),
        "weighted_f1": float(np.average(f1, weights=support)),
        "macro_f1": float(np.mean(f1)),
        "support": int(support.sum()),
    }


def entity_token_scores(gold: Sentences, predicted: Sentences) -> dict[str, float]:
    """Precision, recall and F1 of labels other than O, pooled over words; F1 averaged over these labels.

    Right is a word with its gold label. `support`: words whose gold label is not O. `weighted_f1` weighs labels by
    support, and is 0 where there is none.
    """
    right, guessed, support = _by_label(gold, predicted, without="O")
    f1 = 2 * right / np.maximum(support + guessed, 1)
    words = int(support.sum())
    return {
        **rates(int(right.sum()), int(guessed.sum()), words),
        "macro_f1": float(np.mean(f1)) if f1.size else 0.0,
        "weighted_f1": float(np.average(f1, weights=support)) if words else 0.0,
        "support": words,
    }


def _by_label(
    gold: Sentences, predicted: Sentences, without: str | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How often each label that occurs on either side is right, predicted and gold: three arrays (labels,)."""
    numbers: dict[str, int] = {}
    true, guess = (
        np.array([numbers.setdefault(tag, len(numbers)) for tags in side for tag in tags], dtype=np.int64)
        for side in (gold, predicted)
    )
    kept = [number for label, number in numbers.items() if label != without]
    right, guessed, support = (
        np.bincount(side, minlength=len(numbers))[kept] for side in (true[true == guess], guess, true)
    )
    return right, guessed, support
