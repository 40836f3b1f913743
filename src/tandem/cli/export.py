"""`tandem export`: a trained model as a folder that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def export(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL", help="Folder of a checkpoint, models/<corpus>/<seed>; or models/<corpus>: its best seed."
        ),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write.")],
    onnx: Annotated[
        bool, typer.Option("--onnx", help="With model.onnx: text encoder, fusion and head, for other runtimes.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")] = False,
) -> None:
    """Write a trained model as a folder that moves between machines and loads with one line.

    \b
    tandem export models/embedded_social out/social            the best seed by validation
    tandem export models/embedded_social/2 out/social --onnx   this one, and its ONNX graph
    python -c 'import tandem; print(tandem.load("out/social")("Paris at night").mentions)'
    tandem predict out/social --text "Paris at night" --image photo.jpg

    The folder holds the weights, the tokenizer, the configuration, the labels, the picture encoder with its weights (a
    checkpoint alone finds those on a hub or in a file of yours), a model card, README.md, with corpus, scores and
    limits, and manifest.json with the SHA-256 of every file. Adapters (text.lora) are merged. Nothing in it names a
    place on this machine, and loading it opens no connection. The license in the model card is yours to choose.

    With --onnx (needs `pip install -e '.[onnx]'`) there is model.onnx, compared with the model at once, and
    decoding.json, which turns its scores into labels; docs/export.md shows how without torch. All strategies can be
    such a graph but `joint`; the picture encoder is no part of it.
    """
    from tandem.exporting.export import export as run  # noqa: PLC0415

    done = run(model, out, onnx=onnx, overwrite=overwrite)
    for note in done.notes:
        typer.echo(f"note: {note}", err=True)
    graph = "" if done.difference is None else f", ONNX scores within {done.difference:.0e} of torch's"
    print(f"{out}: {done.files} files, {done.size / 1e6:.1f} MB{graph}")
    print(f'Load it: import tandem; tandem.load("{out}")')
