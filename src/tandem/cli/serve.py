"""`tandem serve`: a page to try a model on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tandem.serving.examples import Example

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def serve(
    model: Annotated[
        Path | None,
        typer.Argument(help="Folder of a model: models/<corpus> (its best seed), models/<corpus>/<seed>, or exported."),
    ] = None,
    *,
    relations: Annotated[
        Path | None, typer.Option(help="Folder of a relation model, asked about the entities that MODEL finds.")
    ] = None,
    no_image: Annotated[bool, typer.Option("--no-image", help="Read the text alone; no picture is opened.")] = False,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets the whole network in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 = any that is free.")] = 8000,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    max_characters: Annotated[int, typer.Option(min=1, help="Longest text that is read.")] = 10_000,
    max_upload: Annotated[int, typer.Option(min=1, help="Biggest file of a picture, in MB.")] = 20,
    max_waiting: Annotated[int, typer.Option(min=0, help="Posts that may wait while one is read.")] = 8,
    max_seconds: Annotated[float, typer.Option(min=0.1, help="From a post's arrival to its answer.")] = 60.0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 = one a core.")] = 0,
) -> None:
    """Try a model on a page: type a post, drop a picture, see entities, relations, and what the picture changed.

    \b
    tandem serve                                          this project's own models, at http://127.0.0.1:8000/
    tandem serve models/embedded_social --relations models/embedded_relations --open
    curl http://127.0.0.1:8000/api/predict -F text='Sunset over Oakland' -F image=@photo.jpg

    Without MODEL: the first corpus of `datasets` in params.yaml, of each task. Programs ask /api/predict, which is
    described at /api. It listens on this machine alone, unless --host says otherwise, knows no users and encrypts
    nothing. What is sent to it is read in memory, and neither written to disk nor logged. Ctrl-C ends it.
    """
    try:
        import python_multipart  # noqa: F401, PLC0415
        import starlette  # noqa: F401, PLC0415
        import uvicorn  # noqa: F401, PLC0415
    except ImportError as error:
        raise ValueError(
            f"tandem serve needs the package {error.name}, which is not installed; run `pip install -e '.[serve]'`"
        ) from None
    from tandem.inference.trained import load_models  # noqa: PLC0415
    from tandem.serving import server  # noqa: PLC0415
    from tandem.serving.app import create_app  # noqa: PLC0415
    from tandem.serving.guard import LOOPBACK  # noqa: PLC0415
    from tandem.serving.limits import Limits  # noqa: PLC0415

    limits = Limits(characters=max_characters, picture_bytes=max_upload << 20, waiting=max_waiting, seconds=max_seconds)
    with server.listen(host, port) as listening:  # first, for a port that is taken is said before the model is loaded
        loopback = server.is_loopback(listening)
        if not loopback:
            print(
                f"warning: --host {host}: whoever reaches this machine can use the page; it knows no users, and "
                "nothing is encrypted",
                file=sys.stderr,
            )
        predictor, folders = load_models(model, relations, no_image=no_image, device=device, threads=threads)
        print(f"model: {', relations: '.join(map(str, folders))}", file=sys.stderr)
        hosts = LOOPBACK | {host} if loopback else None
        application = create_app(predictor, limits=limits, examples=_examples(folders), hosts=hosts)
        address = server.address_of(listening)
        print(f"Tandem is at {address}  (Ctrl-C ends it)", flush=True)
        if open_:
            import webbrowser  # noqa: PLC0415

            webbrowser.open(address)
        try:
            server.build_server(application).run(sockets=[listening])
        except KeyboardInterrupt:
            print(file=sys.stderr)


def _examples(folders: list[Path]) -> list[Example]:
    import json  # noqa: PLC0415

    from tandem.serving.examples import examples  # noqa: PLC0415

    about = [json.loads((folder / "tandem.json").read_text(encoding="utf-8")) for folder in folders]
    return examples([(one["corpus"], folder) for one, folder in zip(about, folders, strict=True) if "corpus" in one])
