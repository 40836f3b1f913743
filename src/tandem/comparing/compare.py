"""One system against others: the difference on each corpus, its interval, and p-values for all of them together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tandem.comparing.answers import Answers, check_same_rows, read_answers
from tandem.comparing.sources import PredictionFile, Source
from tandem.evaluation.significance import holm, micro_f1, paired_bootstrap
from tandem.evaluation.tallies import METRICS, by_group
from tandem.params.base import suggest


@dataclass(frozen=True, kw_only=True)
class Row:
    """A system against the first on a corpus. F1 are means over seeds, in [0, 1]; delta is `f1` minus `f1_first`."""

    corpus: str
    system: str
    metric: str
    sentences: int
    seeds_first: int
    seeds: int
    f1_first: float
    f1: float
    delta: float
    low: float
    high: float
    p: float
    p_holm: float


@dataclass(frozen=True)
class Comparison:
    """The rows, and the corpora that were left out with the reason."""

    rows: Sequence[Row]
    left_out: Mapping[str, str]


@dataclass(frozen=True)
class Scored:
    """What the seeds of a system add to a score, sentence by sentence: each (N, 3)."""

    first: Answers  # of the first seed
    tallies: Sequence[np.ndarray]

    @property
    def f1(self) -> float:
        """Mean over seeds."""
        return float(np.mean([micro_f1(tally.sum(0)) for tally in self.tallies]))


def compare(
    first: Source,
    others: Sequence[Source],
    *,
    corpora: Sequence[str] = (),
    metric: str | None = None,
    column: str = "predicted",
    resamples: int = 10_000,
    random: int = 0,
) -> Comparison:
    """Each of `others` against `first` on every corpus that both have; p-values corrected over all rows (Holm).

    corpora: these alone. metric: a key of METRICS; None: each task's headline. column: the predictions that are scored.
    Sentences are drawn, for relations with all their pairs; seeds are averaged in every resample.

    Errors: `ValueError` for unknown names, files that cannot be read, and systems scored on different rows.
    """
    if metric is not None and not any(metric in tallies for tallies in METRICS.values()):
        raise ValueError(
            f"unknown metric {metric!r}; {suggest(metric, [key for known in METRICS.values() for key in known])}"
        )
    left_out: dict[str, str] = {}
    mine: dict[str, Sequence[Answers]] = {}
    read: dict[str, Scored] = {}
    found = []
    for other in others:
        for corpus, base_files, files in _common(first, other, corpora, left_out):
            answers = [read_answers(file, column) for file in files]
            key = metric or next(iter(METRICS[answers[0].task]))
            if key not in METRICS[answers[0].task]:
                left_out[corpus] = f"its task has no {key}"
                continue
            if corpus not in mine:
                mine[corpus] = [read_answers(file, column) for file in base_files]
            if (task := mine[corpus][0].task) != answers[0].task:
                left_out[corpus] = f"task {task} in {first.name}, {answers[0].task} in {other.name}"
                continue
            if corpus not in read:
                read[corpus] = _score(mine[corpus], key)
            base = read[corpus]
            check_same_rows(base.first, answers[0])
            found.append((corpus, key, base, other.name, _score(answers, key)))
    if not found:
        reasons = "; ".join(f"{corpus}: {reason}" for corpus, reason in left_out.items())
        raise ValueError(f"nothing to compare ({reasons}); --corpus says of which corpus a file or folder is")
    pairs = [
        paired_bootstrap(one.tallies, base.tallies, resamples=resamples, random=random) for _, _, base, _, one in found
    ]
    corrected = holm([pair.p for pair in pairs])
    rows = [
        Row(
            corpus=corpus,
            system=system,
            metric=key,
            sentences=len(one.tallies[0]),
            seeds_first=len(base.tallies),
            seeds=len(one.tallies),
            f1_first=base.f1,
            f1=one.f1,
            delta=pair.delta,
            low=pair.low,
            high=pair.high,
            p=pair.p,
            p_holm=p_holm,
        )
        for (corpus, key, base, system, one), pair, p_holm in zip(found, pairs, corrected, strict=True)
    ]
    return Comparison(rows, left_out)


def _score(answers: Sequence[Answers], metric: str) -> Scored:
    first = answers[0]
    for one in answers[1:]:
        check_same_rows(first, one)
    tally = METRICS[first.task][metric]
    return Scored(first, [by_group(tally(one.gold, one.predicted), one.sentences) for one in answers])


def _common(
    first: Source, other: Source, corpora: Sequence[str], left_out: dict[str, str]
) -> Iterator[tuple[str, Sequence[PredictionFile], Sequence[PredictionFile]]]:
    """The corpora that both have, with the files of each; what only one has goes to `left_out`."""
    if not (first.named or other.named):
        own, others = (next(iter(one.corpora.values())) for one in (first, other))
        yield _only_name(first, other, corpora), own, others
        return
    here, there = (_as_named(one, corpora) for one in (first, other))
    for corpus in corpora or dict.fromkeys([*here, *there]):
        lacking = [one.name for one, has in ((first, here), (other, there)) if corpus not in has]
        if not lacking:
            yield corpus, here[corpus], there[corpus]
        elif corpora:
            known = ", ".join(name for name in here if name in there)
            raise ValueError(f"corpus {corpus!r} is not in {lacking[0]}; in both: {known or 'none'}")
        else:
            left_out[corpus] = f"not in {lacking[0]}"


def _as_named(source: Source, corpora: Sequence[str]) -> Mapping[str, Sequence[PredictionFile]]:
    """The files by corpus. A single file or folder is of the one corpus that is asked for, whatever it is called."""
    if source.named or len(corpora) != 1:
        return source.corpora
    return {corpora[0]: next(iter(source.corpora.values()))}


def _only_name(first: Source, other: Source, corpora: Sequence[str]) -> str:
    """What to call the corpus of two files or folders."""
    names = {*first.corpora, *other.corpora}
    return corpora[0] if len(corpora) == 1 else names.pop() if len(names) == 1 else Path(first.name).name
