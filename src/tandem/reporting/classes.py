"""Scores of single entity types and relations, with their intervals."""

from __future__ import annotations

from typing import NamedTuple

from tandem.reporting.results import Results, number

GROUPS = {"ner": "per_type", "re": "per_relation"}


class ClassScore(NamedTuple):
    """F1 of a type or relation with the 95 % interval of the bootstrap, and how many test cases it has."""

    name: str
    f1: float
    low: float | None
    high: float | None
    support: float


def class_scores(results: Results, name: str) -> list[ClassScore]:
    """Those of a corpus, most test cases first (ties by name)."""
    tree, group = results.evaluate.get(name), GROUPS[results.task(name)]
    found = [
        ClassScore(
            kind,
            number(tree, group, kind, "f1") or 0.0,
            number(tree, "interval", group, kind, "low"),
            number(tree, "interval", group, kind, "high"),
            number(tree, group, kind, "support") or 0.0,
        )
        for kind in (tree or {}).get(group, {})
    ]
    return sorted(found, key=lambda score: (-score.support, score.name))
