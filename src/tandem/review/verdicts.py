"""Whether the scores of a corpus moved by more than chance: predictions here against those of another revision.

Those of the other revision are read out of the DVC cache, or its remote; nothing is checked out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tandem.evaluation.significance import Difference, holm, paired_bootstrap
from tandem.studies.table import read_counts

PREDICTIONS = Path("data/predictions")
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
    found: list[Verdict] = []
    with tempfile.TemporaryDirectory() as scratch:
        for corpus in corpora:
            now = _files(PREDICTIONS / corpus)
            if not now:
                found.append(Verdict(corpus, None, why="there are no predictions here"))
                continue
            try:
                before = _files(_fetch(PREDICTIONS / corpus, revision, Path(scratch)))
            except OSError:
                before = {}
            if not before:
                found.append(Verdict(corpus, None, why=NOT_CACHED))
                continue
            found.append(_verdict(corpus, now, before))
    judged = [verdict for verdict in found if verdict.difference is not None]
    corrected = dict(zip([one.corpus for one in judged], holm([one.difference.p for one in judged]), strict=True))  # type: ignore[union-attr]
    return [Verdict(one.corpus, one.difference, corrected.get(one.corpus), one.equal, one.why) for one in found]


def _verdict(corpus: str, now: Mapping[str, Path], before: Mapping[str, Path]) -> Verdict:
    counts = [[read_counts(path) for path in files.values()] for files in (now, before)]
    try:
        difference = paired_bootstrap(*counts)
    except ValueError as error:
        return Verdict(corpus, None, why=str(error))
    same = [path.read_bytes() for path in now.values()] == [path.read_bytes() for path in before.values()]
    return Verdict(corpus, difference, equal=same or _equal(*counts))


def _equal(now: Sequence[np.ndarray], before: Sequence[np.ndarray]) -> bool:
    return len(now) == len(before) and all(np.array_equal(*pair) for pair in zip(now, before, strict=True))


def _files(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted(folder.glob("*.parquet"))}


def _fetch(folder: Path, revision: str, scratch: Path) -> Path:
    """Copy a folder as it was at a revision. Errors: `OSError`, also where DVC does not find what it knows of."""
    from dvc.api import DVCFileSystem  # noqa: PLC0415 (slow to import)
    from dvc.exceptions import DvcException  # noqa: PLC0415 (as above)
    from dvc_data.index import DataIndexDirError  # noqa: PLC0415 (as above)

    target = scratch / folder.name
    try:
        DVCFileSystem(rev=revision).get(folder.as_posix(), str(target), recursive=True)
    except (DvcException, DataIndexDirError) as error:
        raise OSError(str(error)) from error
    return target
