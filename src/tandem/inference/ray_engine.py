"""The predictor on Ray Data, for more posts than one machine reads: blocks of posts in, blocks of predictions out."""

from __future__ import annotations

import base64
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from io import BytesIO
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any

import pyarrow as pa
from PIL import Image

from tandem.inference.prediction import Mention, Prediction, Query
from tandem.text.raw import locate

WINDOW = 4096  # posts of a block; as those of a window of the predictor
COLUMN = "post"


class RayEngine:
    """Predictions as `Predictor.stream` gives them, made by workers that each hold a predictor of their own.

    The posts wait in Ray's object store, which spills to disk, and not in this process. Pictures are opened where they
    are read: paths must mean the same on every machine. A cluster that runs is used (RAY_ADDRESS), else one on this
    machine is started.
    """

    def __init__(
        self, path: str | PathLike[str], *, workers: int = 2, cpus: float = 1, gpus: float = 0, **options: Any
    ):
        """workers: how many. cpus, gpus: what each is given. path, options: as of `tandem.load`, read by every worker.

        Errors: `ValueError` where Ray is not installed.
        """
        self._ray = _ray()
        folders = {name: options[name] for name in ("relations", "cache") if options.get(name) is not None}
        self._options = {**options, "path": _absolute(path), **{name: _absolute(own) for name, own in folders.items()}}
        pool = self._ray.data.ActorPoolStrategy(size=workers)
        self._resources = {"compute": pool, "num_cpus": cpus, "num_gpus": gpus}

    def stream(self, queries: Iterable[Query], *, window: int = WINDOW, compare: bool = False) -> Iterator[Prediction]:
        """As `Predictor.stream`, with the same windows; all queries are taken before the first prediction comes.

        Errors: `ValueError` for a query whose words do not stand in its text, and with the cause for what went wrong in
        a worker.
        """
        ray = self._ray
        if not ray.is_initialized():
            ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.WARNING)
        logging.getLogger("ray.data").setLevel(logging.WARNING)
        waiting = iter(queries)
        blocks = [ray.put(_block(map(pack, some))) for some in iter(lambda: list(islice(waiting, window)), [])]
        if not blocks:
            return
        posts = ray.data.from_arrow_refs(blocks)
        posts.context.execution_options.preserve_order = True
        posts.context.enable_progress_bars = False
        settings: dict[str, Any] = {"batch_size": window, "batch_format": "pyarrow", **self._resources}
        read = posts.map_batches(Worker, fn_constructor_args=(self._options, compare), **settings)
        try:
            for block in read.iter_batches(batch_size=None, batch_format="pyarrow"):
                for row in block.column(COLUMN).to_pylist():
                    yield Prediction.from_dict(json.loads(row))
        except ray.exceptions.RayError as error:
            raise ValueError(f"ray: {cause(str(error))}") from error


class Worker:
    """Holds a predictor, and reads blocks with it."""

    def __init__(self, options: dict[str, Any], compare: bool) -> None:
        from tandem.inference.predictor import load  # noqa: PLC0415 (torch is imported where models run, not here)

        self._predictor, self._compare = load(**options), compare

    def __call__(self, block: pa.Table) -> pa.Table:
        """A block of queries (`pack`) -> the block of their predictions, as JSON."""
        queries = map(unpack, block.column(COLUMN).to_pylist())
        read = self._predictor.stream(queries, window=max(1, block.num_rows), compare=self._compare)
        return _block(json.dumps(prediction.to_dict()) for prediction in read)


def cause(report: str) -> str:
    """The message of the exception that a report of Ray ends with, among its advice and traces; else its last line."""
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    found = [line for line in lines if re.match(r"[\w.]*(?:Error|Exception): ", line)]
    return found[-1].partition(": ")[2] if found else lines[-1] if lines else "no cause given"


def pack(query: Query) -> str:
    """A query as JSON in ASCII, which keeps every text exact, halves of surrogate pairs included.

    Errors: `ValueError` for words that do not stand in the text.
    """
    if query.words is not None:
        locate(query.text, query.words)
    tree = {**asdict(replace(query, image=None)), "path": None}
    if isinstance(query.image, (str, PathLike)):
        tree["path"] = _absolute(query.image)
    elif query.image is not None:
        tree["image"] = base64.b64encode(_bytes(query.image)).decode("ascii")
    return json.dumps(tree)


def _bytes(image: bytes | Image.Image) -> bytes:
    if not isinstance(image, Image.Image):
        return bytes(image)
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def unpack(row: str) -> Query:
    """What `pack` was given."""
    tree = json.loads(row)
    path, image = tree.pop("path"), tree.pop("image")
    words, mentions = tree.pop("words"), tree.pop("mentions")
    return Query(
        **tree,
        image=Path(path) if path is not None else None if image is None else base64.b64decode(image),
        words=None if words is None else tuple(words),
        mentions=None if mentions is None else tuple(Mention(**mention) for mention in mentions),
    )


def _block(rows: Iterable[str]) -> pa.Table:
    return pa.table({COLUMN: pa.array(list(rows), pa.large_string())})


def _absolute(path: str | PathLike[str]) -> str:
    return os.path.abspath(path)


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray  # noqa: PLC0415 (an optional extra)
        import ray.data  # noqa: PLC0415
    except ImportError:
        raise ValueError("the engine ray: Ray is not installed; run `pip install 'tandem-mner[ray]'`") from None
    return ray
