"""Heads: from fused word vectors to label scores."""

from __future__ import annotations

from torch import nn

KINDS = ("linear", "mlp")


def build_head(kind: str, in_dim: int, labels: int, *, hidden: int, dropout: float) -> nn.Module:
    """A module from (..., in_dim) to scores (..., labels).

    "linear" is one Linear layer (`hidden` and `dropout` play no part); "mlp" is Linear(in_dim, hidden), ReLU, Dropout,
    Linear(hidden, labels), the FiLM study's head with hidden 512 and dropout 0.1. Other kinds raise `ValueError`.
    """
    if kind == "linear":
        return nn.Linear(in_dim, labels)
    if kind == "mlp":
        return nn.Sequential(nn.Linear(in_dim, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, labels))
    raise ValueError(f"unknown head {kind!r}; allowed: {', '.join(KINDS)}")
