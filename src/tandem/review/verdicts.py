"""Whether the scores of a corpus moved by more than chance: predictions here against those of another revision.

Those of the other revision are read out of the DVC cache, or its remote; nothing is checked out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tandem.comparing.compare import compare
from tandem.comparing.sources import PREDICTIONS, Source, find_source
from tandem.evaluation.significance import Difference, holm

NOT_CACHED = "the predictions of the base are in no cache; `tandem review --push` on its branch keeps them"


@dataclass(frozen=True)
class Verdict:
    """The difference of a corpus's headline with its p-value corrected for the number of corpora, or why not."""

    corpus: str
    difference: Difference | None
    p: float | None = None
    equal: bool = False
    why: str = ""


def judge(corpora: Sequence[str], revision: str) -> list[Verdict]:
    """A verdict for each corpus, the predictions here against those of `revision`; Holm over those that have one."""
    here, base = _source(PREDICTIONS), _source(revision)
    found = [_verdict(corpus, here, base) for corpus in corpora]
    judged = [verdict for verdict in found if verdict.difference is not None]
    corrected = holm([verdict.difference.p for verdict in judged if verdict.difference is not None])
    by_corpus = {verdict.corpus: p for verdict, p in zip(judged, corrected, strict=True)}
    return [replace(verdict, p=by_corpus.get(verdict.corpus)) for verdict in found]


def _source(text: str) -> Source | None:
    """Predictions by corpus; None where there are none."""
    try:
        return find_source(text)
    except ValueError:
        return None


def _verdict(corpus: str, here: Source | None, base: Source | None) -> Verdict:
    if here is None or corpus not in here.corpora:
        return Verdict(corpus, None, why="there are no predictions here")
    if base is None or corpus not in base.corpora:
        return Verdict(corpus, None, why=NOT_CACHED)
    try:
        for file in base.corpora[corpus]:
            file.read()
    except ValueError:
        return Verdict(corpus, None, why=NOT_CACHED)
    try:
        (row,) = compare(base, [here], corpora=[corpus]).rows
    except ValueError as error:
        return Verdict(corpus, None, why=str(error))
    # What no resample tells apart is right and wrong in the same sentences.
    return Verdict(corpus, Difference(row.delta, row.low, row.high, row.p), equal=row.low == row.high == 0)
