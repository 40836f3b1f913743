"""The steps of a review, for a pull request and on any machine alike."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tandem.files import write_text
from tandem.review.commands import CommandError, Ran, answer, check_revision, dvc, remote
from tandem.review.drawings import Drawings, draw
from tandem.review.page import Review, comment, failure, stages_note
from tandem.review.scores import read_scores
from tandem.review.verdicts import judge

PAGE, METRICS = "review.md", "metrics.md"
FAILED = re.compile(r"failed to reproduce '([^']+)'")
SAID = {
    "ran": re.compile(r"Running stage '"),
    "taken from the run cache": re.compile(r"is cached - skipping run"),
    "up to date": re.compile(r"didn't change, skipping"),
}


def review(base: str, folder: Path, *, push: bool) -> int:
    """Pull, run the pipeline, compare with `base`, and write `folder`/review.md with its plots beside it.

    `push`: what was computed goes to the DVC remote, after success. Returns 0, or 1 where the pipeline failed (then
    review.md tells which stage) or the push did.
    Errors: `CommandError` where there is nothing to compare with, or DVC cannot compare.
    """
    check_revision(base)
    folder.mkdir(parents=True, exist_ok=True)
    for old in [folder / PAGE, folder / METRICS, *folder.glob("*.png")]:
        old.unlink(missing_ok=True)
    name = remote()
    notes = [_pull(name)]
    ran = dvc("repro", *(["--pull"] if name else []))
    if ran.status:
        stage = next((found[1] for found in map(FAILED.search, ran.lines) if found), None)
        write_text(folder / PAGE, failure(base, stage, _reason(ran), ran.lines, [*filter(None, notes)]))
        return 1
    notes.append(stages_note(_stages(ran.lines)))
    pushed = not push or _push(name)
    if push:
        notes.append("Pushed to the DVC remote." if pushed else "Nothing could be pushed to the DVC remote.")
    metrics = answer("metrics", "diff", base, "--md")
    write_text(folder / METRICS, metrics)
    scores = read_scores(answer("metrics", "diff", base, "--json", "--all"))
    found = Review(
        base=base,
        notes=[*filter(None, notes)],
        scores=scores,
        verdicts=judge([name for name, score in scores.headlines.items() if score.now is not None], base),
        drawings=_plots(base, folder),
        metrics=metrics,
        params=answer("params", "diff", base, "--md"),
    )
    write_text(folder / PAGE, comment(found))
    return 0 if pushed else 1


def _pull(name: str | None) -> str:
    """Fetch what the remote has. That it has not everything is no error: what is missing is computed."""
    if name is None:
        return "No DVC remote is set: what was not in the cache was computed."
    ran = dvc("pull", "--run-cache", "--allow-missing")
    if ran.status or any("do not exist neither locally nor on remote" in line for line in ran.lines):
        # Why stands in the log alone: DVC names the remote's address there.
        return "Not everything could be pulled from the DVC remote; what was missing was computed."
    return ""


def _push(name: str | None) -> bool:
    if name is None:
        print(
            "error: --push, but no DVC remote is set; set one by `dvc remote add -d <name> <address>`", file=sys.stderr
        )
        return False
    return dvc("push", "--run-cache").status == 0


def _stages(lines: Sequence[str]) -> dict[str, int]:
    return {what: sum(bool(pattern.search(line)) for line in lines) for what, pattern in SAID.items()}


def _reason(ran: Ran) -> str:
    return ran.last.removeprefix("ERROR:").strip()


def _plots(base: str, folder: Path) -> Drawings:
    try:
        return draw(answer("plots", "diff", base, "--json"), folder)
    except CommandError as error:
        return Drawings({}, (), str(error))
