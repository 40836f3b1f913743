"""Phrases that tables, figures and sentences share."""

from __future__ import annotations

from collections.abc import Sequence

from tandem.reporting.results import HEADLINES, Results


def score_name(results: Results) -> str:
    """What the scores of a table of all corpora are called: `span F1`, `relation F1`, or `F1` for some of both."""
    titles = {results.headline(name).title for name in results.datasets}
    return titles.pop() if len(titles) == 1 else "F1"


def score_meant(results: Results) -> str:
    """A sentence on what `F1` is where there are corpora of both tasks, with a blank before it; else nothing."""
    if len({results.task(name) for name in results.datasets}) == 1:
        return ""
    return f" F1 is {HEADLINES['ner'].title} of entities, and {HEADLINES['re'].title} without None of relations."


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def plural(number_of: int, noun: str) -> str:
    """`1 seed`, `2 seeds`."""
    return f"{number_of:,} {noun}{'' if number_of == 1 else 's'}"
