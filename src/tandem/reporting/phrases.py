"""Phrases that tables, figures and sentences share."""

from __future__ import annotations

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
