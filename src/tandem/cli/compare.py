"""`tandem compare`: whether one system beats another, or the noise."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="What the others are compared with.")],
    others: Annotated[list[str], typer.Argument(metavar="B...", help="One or more, each compared with A.")],
    corpus: Annotated[
        list[str] | None, typer.Option(help="This corpus alone; may be given again. Default: all that both have.")
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            help="Score by its key in metrics/evaluate: span, span_strict, partial.type, partial.boundary, "
            "partial.overlap, token_entities; relation. Default: span for entities, relation for relations."
        ),
    ] = None,
    column: Annotated[
        str, typer.Option(help="Predictions to score: predicted, or a control as no_image or shuffled_image.")
    ] = "predicted",
    resamples: Annotated[
        int, typer.Option(min=100, max=1_000_000, help="How often sentences are drawn anew.")
    ] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws; equal seeds give equal numbers.")] = 0,
    md: Annotated[bool, typer.Option("--md", help="As a Markdown table.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, shares instead of points.")] = False,
) -> None:
    """Whether B is better than A, or the difference is noise: F1, delta, 95 % interval and p, for each corpus.

    A and B are each a prediction file, a folder of them (the seeds of a corpus, or folders of corpora), a DVC
    experiment, a git revision (branch, tag, commit), or `workspace`. Nothing is checked out: predictions come out of
    the DVC cache.

    \b
    tandem compare main workspace                        what the change at hand does, on every corpus
    tandem compare main vocal-rung --md                  an experiment of `dvc exp show`, for a pull request
    tandem compare base film gated concat                each against base, p corrected for all rows
    tandem compare main workspace --column no_image      the same without pictures
    tandem compare studies/fusion/predictions/{text_only,film}
    tandem compare a/1.parquet b/1.parquet --metric partial.boundary

    Delta is B minus A. Both have to be scored on the same test sentences; these are drawn with replacement, the same
    ones for A and B, a relation corpus with all pairs of a sentence, and F1 is averaged over seeds each time. An
    interval without 0, and p (Holm) below .05, say that other test sentences would hardly turn the difference.
    """
    if md and as_json:
        raise typer.BadParameter("--md and --json exclude each other")
    from tandem.comparing import tables  # noqa: PLC0415
    from tandem.comparing.compare import compare as run  # noqa: PLC0415
    from tandem.comparing.sources import find_source  # noqa: PLC0415

    found = run(
        find_source(first),
        [find_source(other) for other in others],
        corpora=corpus or [],
        metric=metric,
        column=column,
        resamples=resamples,
        random=seed,
    )
    show = tables.as_json if as_json else tables.as_markdown if md else tables.as_text
    print(show(found, first, column=column, resamples=resamples))
