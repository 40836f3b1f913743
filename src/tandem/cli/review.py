"""`tandem review`: what a change does to the results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def review(
    base: Annotated[str, typer.Argument(help="The revision to compare with.")] = "main",
    *,
    out: Annotated[Path, typer.Option(help="Where the page and its plots go.")] = Path("review"),
    push: Annotated[bool, typer.Option("--push", help="Push to the DVC remote, after success.")] = False,
) -> int:
    """Run the pipeline and write what changed against a revision, as a pull request gets it.

    \b
    tandem review                    against main
    tandem review origin/main        as in a pull request
    tandem review HEAD~1 --push      the last commit; what was computed goes to the DVC remote

    It pulls from the DVC remote if one is set, runs `dvc repro`, and writes review/review.md: what moved and whether
    that is beyond chance, the scores, their significance, the plots that differ, and all of `dvc metrics diff`.
    Where a stage fails, review.md says which one, and the status is 1.
    """
    from tandem.review import steps  # noqa: PLC0415 (slow to import)

    status = steps.review(base, out, push=push)
    print(f"\nReview   {out / steps.PAGE}")
    return status
