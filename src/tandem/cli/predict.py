"""`tandem predict`: entities and relations of posts."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tandem.inference.formats.names import ON_DISK, FormatName, format_of

if TYPE_CHECKING:
    from tandem.inference.counts import Counts
    from tandem.inference.formats.base import Answer
    from tandem.inference.inputs import Input
    from tandem.inference.job import Job
    from tandem.inference.posts.row import Place, Row
    from tandem.inference.predictor import Predictor
    from tandem.inference.ray_engine import RayEngine
    from tandem.models.constraints import Rule

SHOWN_REJECTS = 20  # on standard error, where no file takes them
WORKERS = 2  # of Ray

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def predict(
    model: Annotated[
        str | None,
        typer.Argument(help="Folder of a model: models/<corpus> (its best seed), models/<corpus>/<seed>, or exported."),
    ] = None,
    posts: Annotated[
        str | None,
        typer.Argument(help="File of posts that ends in .jsonl, .csv, .tsv, .parquet or .txt; - is JSONL from a pipe."),
    ] = None,
    *,
    text: Annotated[list[str] | None, typer.Option(help="A post's text; may be given several times.")] = None,
    image: Annotated[list[Path] | None, typer.Option(help="Its picture; one for each --text, or none.")] = None,
    caption: Annotated[
        list[str] | None, typer.Option(help="Its picture's caption, for models that read one; likewise.")
    ] = None,
    relations: Annotated[
        Path | None, typer.Option(help="Folder of a relation model, asked about the entities that MODEL finds.")
    ] = None,
    types: Annotated[
        Literal["none", "names", "ner"] | None,
        typer.Option(
            help="How types bind relations: names decides the types that relations' names give first; ner takes those "
            "of the entities found. Default: relation.types of params.yaml with the project's own models, else none."
        ),
    ] = None,
    no_image: Annotated[bool, typer.Option("--no-image", help="Read the text alone; no picture is opened.")] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Say too what the model finds without the picture.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="File to write; resumes, and is whole or not there at all.")
    ] = None,
    format_: Annotated[
        FormatName | None,
        typer.Option("-f", "--format", help="By default what --out ends in, table on a terminal, jsonl in a pipe."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is at --out, and what another run left half done.")
    ] = False,
    annotate: Annotated[
        Path | None, typer.Option(help="PNG to draw of a single post: the picture, the tagged text beneath.")
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="Default: text, full_text, tweet or post.")] = None,
    image_column: Annotated[str | None, typer.Option(help="Paths of pictures. Default: image or image_path.")] = None,
    id_column: Annotated[str | None, typer.Option(help="Default: id, tweet_id or post_id.")] = None,
    caption_column: Annotated[str | None, typer.Option(help="Default: caption.")] = None,
    words_column: Annotated[
        str | None,
        typer.Option(help="Lists of words (JSON, or parted by blanks) that stand in the text. Default: words, tokens."),
    ] = None,
    image_root: Annotated[
        Path | None, typer.Option(help="Folder that paths of pictures start from. Default: that of the file.")
    ] = None,
    images_anywhere: Annotated[
        bool, typer.Option("--images-anywhere", help="Allow pictures outside that folder: trust the file's paths.")
    ] = False,
    no_quotes: Annotated[
        bool, typer.Option("--no-quotes", help="CSV, TSV: quotes are characters, and hold nothing together.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Read at most so many rows.")] = None,
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="Where models run: here, or in workers of Ray (see below).")
    ] = "local",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Ray: processes that each hold the models. Default: 2.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1.")] = "auto",
    batch_size: Annotated[int, typer.Option(min=1, help="Posts of a forward pass.")] = 64,
    cache: Annotated[
        Path | None, typer.Option(help="Folder that keeps what was made of pictures for the next run.")
    ] = None,
    threads: Annotated[
        int, typer.Option(min=0, help="CPU threads; 0 = one a core. With ray, of each worker; 0 = one.")
    ] = 0,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="No progress, no notes; warnings and errors alone.")
    ] = False,
) -> None:
    """Find the entities of posts, and the relations between them.

    \b
    tandem predict --text "Sunset over Oakland" --image photo.jpg        with this project's own models
    tandem predict models/embedded_social --text "..." --no-image --annotate tagged.png
    tandem predict models/embedded_social posts.csv --text-column tweet --out found.jsonl
    tandem predict posts.parquet --out found.parquet --relations models/embedded_relations
    cat posts.jsonl | tandem predict - --format conll > found.conll
    tandem predict posts.parquet --out found.parquet --engine ray --workers 8

    Without MODEL: the first corpus of `datasets` in params.yaml, of each task; which one is said on standard error.

    A file of posts is read row by row, whatever its size. Its pictures lie in the folder of the file or in
    --image-root; a path that leaves it breaks the row, unless --images-anywhere. A row that cannot be read (no text,
    bad JSON or UTF-8, wrong types) goes to <out>.rejects.jsonl with its line and the reason, and the rest goes on. A
    post whose picture cannot be read is read without it, and says so.

    With --out, a run that was stopped goes on when the same command is given again; until the end its parts lie in
    <out>.parts/.

    --engine ray is for a million posts and more machines than one: windows of 4,096 posts go to workers of Ray, and
    what comes out is what this process alone would write; a run that either stopped the other may finish. It joins the
    cluster at RAY_ADDRESS, or starts one on this machine. Each machine needs tandem, and the models and pictures at the
    same paths; a worker has a GPU, or a share of one, where there are any. pip install 'tandem-mner[ray]'

    \b
    Formats: table    for people, in colour on a terminal
             jsonl    an object a post: text, words, mentions, relations, picture
             parquet  the same in columns
             conll    IMGID:<picture>, word<TAB>tag lines; what tandem trains on (no relations)
             brat     a folder of .txt and .ann with annotation.conf
             spacy    JSONL; Doc(nlp.vocab).from_json(json.loads(line)) makes a Doc of each line

    Offsets count Unicode code points from 0, as Python does (U+1F3C0, a basketball, is one; in UTF-16 it is two), and
    ends are exclusive.
    """
    model, posts = _told_apart(model, posts)
    form = _format(format_, out)
    columns = {
        "text": text_column,
        "image": image_column,
        "id": id_column,
        "caption": caption_column,
        "words": words_column,
    }
    if engine == "local":
        _refuse({"--workers": workers}, "goes with --engine ray")
    if posts is None:
        of_files: dict[str, Any] = {f"--{name}-column": value for name, value in columns.items()}
        of_files |= {"--image-root": image_root, "--images-anywhere": images_anywhere, "--no-quotes": no_quotes}
        _refuse(of_files | {"--limit": limit, "--engine": engine == "ray"}, "goes with a file of posts")
        given = _typed(text or [], image or [], caption or [], no_image=no_image)
        if annotate and len(text or []) != 1:
            raise typer.BadParameter("draws a single post; give one --text", param_hint="'--annotate'")
        if annotate:
            _check_ending(annotate)
    else:
        typed = {"--text": text, "--image": image, "--caption": caption, "--annotate": annotate}
        _refuse(typed, f"is of a single post, and {posts} is a file of them")
        place = {"image_root": image_root, "images_anywhere": images_anywhere}
        given = _file(posts, columns, **place, quotes=not no_quotes, no_image=no_image)
    machine = {"device": device, "batch_size": batch_size, "threads": threads, "cache": cache}
    if engine == "ray":
        machine["workers"] = workers or WORKERS
    predictor, models, rule = _load(model, relations, types, engine, quiet=quiet, no_image=no_image, **machine)
    _run(
        given,
        predictor,
        form,
        out,
        {"models": models, "types": rule, "format": form, "compare": compare, "limit": limit},
        annotate=annotate,
        overwrite=overwrite,
        quiet=quiet,
    )


def _told_apart(model: str | None, posts: str | None) -> tuple[str | None, str | None]:
    """MODEL and POSTS, where one of them may have been left out: a model is a folder, posts are a file or -."""
    if model is None or posts is not None or (model != "-" and Path(model).is_dir()):
        return model, posts
    if model == "-" or Path(model).is_file():
        return None, model
    raise ValueError(f"{model}: neither a model's folder nor a file of posts")


def _format(name: FormatName | None, out: Path | None) -> FormatName:
    if out is None:
        name = name or ("table" if sys.stdout.isatty() else "jsonl")
        if name in ON_DISK:
            raise typer.BadParameter(f"{name} needs --out", param_hint="'--format'")
        return name
    return name or format_of(out)


def _refuse(options: Mapping[str, Any], why: str) -> None:
    for name, value in options.items():
        if value:
            raise typer.BadParameter(why, param_hint=f"'{name}'")


def _check_ending(path: Path) -> None:
    from tandem.inference.drawing.annotate import image_format  # noqa: PLC0415 (here and below: `--help` needs no such)

    image_format(path)


def _typed(texts: list[str], images: list[Path], captions: list[str], *, no_image: bool) -> Input:
    from tandem.inference.inputs import typed_posts  # noqa: PLC0415

    if not texts:
        raise typer.BadParameter("give a post's --text, or a file of posts", param_hint="'--text'")
    for name, values in (("--image", images), ("--caption", captions)):
        if values and len(values) != len(texts):
            given = f"{len(values)} for {len(texts)} texts; give one for each, or none"
            raise typer.BadParameter(given, param_hint=f"'{name}'")
    return typed_posts(texts, images, captions, no_image=no_image)


def _file(posts: str, columns: Mapping[str, str | None], **options: Any) -> Input:
    from tandem.inference.inputs import file_of_posts  # noqa: PLC0415
    from tandem.inference.posts.fields import Columns  # noqa: PLC0415

    return file_of_posts(posts, Columns(**columns), **options)


def _load(
    model: str | None, relations: Path | None, types: Rule | None, engine: str, *, quiet: bool, **options: Any
) -> tuple[Predictor | RayEngine, list[Any], Rule]:
    """What predicts, what identifies its models, and the rule of their relations."""
    from tandem.files import digest_of  # noqa: PLC0415
    from tandem.inference import predictor  # noqa: PLC0415
    from tandem.inference.ray_engine import RayEngine  # noqa: PLC0415
    from tandem.inference.trained import find_models  # noqa: PLC0415

    folder = None if model is None else Path(model)
    found = find_models(folder, relations)
    if types is not None and found.relations is None:
        raise typer.BadParameter("goes with --relations", param_hint="'--types'")
    folders = [one for one in (found.entities, found.relations) if one is not None]
    rule = types or found.types
    options |= {"relations": found.relations, "types": rule}
    loaded = RayEngine(folders[0], **options) if engine == "ray" else predictor.load(folders[0], **options)
    if not quiet and (folder is None or folders[0] != folder):
        print(f"model: {', relations: '.join(map(str, folders))}", file=sys.stderr)
    return loaded, [digest_of(one) for one in folders], rule


def _run(
    given: Input,
    predictor: Predictor | RayEngine,
    form: FormatName,
    out: Path | None,
    identity: dict[str, Any],
    *,
    annotate: Path | None,
    overwrite: bool,
    quiet: bool,
) -> None:
    from tandem.inference.formats import build_format  # noqa: PLC0415
    from tandem.inference.job import Job, engine  # noqa: PLC0415
    from tandem.inference.parts import Parts  # noqa: PLC0415
    from tandem.inference.watch import Watch  # noqa: PLC0415

    answers: list[Answer] = []
    watch = Watch(total=given.total, limit=identity["limit"], quiet=quiet)

    def done(answer: Answer, end: Place, counts: Counts) -> None:
        watch.moved(end, counts)
        if given.typed:
            answers.append(answer)

    job = Job(
        rows=lambda start: given.rows(predictor.check, start),
        engine=engine(predictor, compare=identity["compare"]),
        limit=identity["limit"],
        done=done,
    )
    with watch:
        if out is None:
            counts = _print(job, form, numbered=not given.typed)
        else:
            parts = Parts(
                out,
                build_format(form, numbered=not given.typed),
                identity | given.identity,
                overwrite=overwrite,
                resumable=given.resumable,
            )
            with parts:
                if parts.resumed and not quiet:
                    print(f"{out}: going on after line {parts.start.line - 1:,}", file=sys.stderr)
                counts = job.fill(parts)
    for answer in answers:
        if answer.prediction.picture not in {"ok", "none", "not used"}:
            print(f"warning: {answer.image}: {answer.prediction.picture}; read without the picture", file=sys.stderr)
    if annotate:
        from tandem.inference.drawing.annotate import draw_post  # noqa: PLC0415

        photograph = answers[0].image
        draw_post(answers[0].prediction, annotate, picture=None if photograph is None else Path(photograph))
    if not given.typed and (not quiet or counts.broken):
        print(_summary(counts, out), file=sys.stderr)


def _print(job: Job, form: FormatName, *, numbered: bool) -> Counts:
    """Write to standard output, and broken rows to standard error."""
    from tandem.inference.formats import build_format  # noqa: PLC0415
    from tandem.inference.formats.base import TextFormat  # noqa: PLC0415

    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    built = build_format(form, colour=_colour(), numbered=numbered)
    assert isinstance(built, TextFormat)
    rejected = 0

    def reject(row: Row) -> None:
        nonlocal rejected
        rejected += 1
        if rejected <= SHOWN_REJECTS:
            print(f"warning: line {row.line}: {' '.join((row.reason or '').split())}", file=sys.stderr)

    counts = job.stream(lambda answer: sys.stdout.write(built.text(answer)), reject)
    if rejected > SHOWN_REJECTS:
        print(f"warning: {rejected - SHOWN_REJECTS:,} more rows are broken; --out keeps them all", file=sys.stderr)
    return counts


def _summary(counts: Counts, out: Path | None) -> str:
    """What became of a file, in one line."""
    parts = [str(counts)]
    if counts.broken:
        where = "" if out is None else f" ({out}.rejects.jsonl)"
        parts.append(f"{counts.broken:,} broken {'row' if counts.broken == 1 else 'rows'}{where}")
    return "; ".join([*parts, *([] if out is None else [f"written to {out}"])])


def _colour() -> bool:
    """Whether standard output takes colours (see no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
