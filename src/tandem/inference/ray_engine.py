"""The predictor on Ray Data, for more posts than one machine reads: blocks of posts in, blocks of predictions out."""

from __future__ import annotations

import base64
import json
import logging
import math
import os
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from io import BytesIO
from itertools import chain, islice
from os import PathLike
from pathlib import Path
from typing import Any

import pyarrow as pa
from PIL import Image

from tandem.inference.prediction import Mention, Prediction, Query
from tandem.text.raw import locate

WINDOW = 4096  # posts of a block; as those of a window of the predictor
AHEAD = 3  # windows a worker that are on their way: one is read, and others wait, so that a slow one holds up no worker
COLUMN = "posts"
DIED = "a worker died, perhaps for want of memory; take fewer workers or a smaller batch size, and run it again"
BEGIN = "begin"  # what the first reader of a feed finds in it


class RayEngine:
    """Predictions as `Predictor.stream` gives them, made by workers that each hold a predictor of their own.

    Blocks are windows: a dataset of one row each, which Ray Data reads from a queue while this process fills it, a few
    windows ahead of the predictions it has taken. Pictures are opened where they are read: paths must mean the same on
    every machine. A cluster that runs is used (RAY_ADDRESS), else one on this machine is started.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        workers: int = 2,
        threads: int = 0,
        device: str = "auto",
        **options: Any,
    ) -> None:
        """workers: how many. threads: CPUs of each, 0 = one. device: auto (a GPU, or a share of one, where the cluster
        has any), cpu, or cuda. path, options: as of `tandem.load`, read by every worker.

        Errors: `ValueError` where Ray is not installed, and for a GPU's number.
        """
        self._ray = _ray()
        if device.startswith("cuda:"):
            raise ValueError(f"device {device}: Ray deals the GPUs out among its workers; say cuda")
        folders = {name: options[name] for name in ("relations", "cache") if options.get(name) is not None}
        absolute = {name: _absolute(folder) for name, folder in [("path", path), *folders.items()]}
        self._workers, self._cpus, self._device = workers, threads or 1, device
        self._options = {**options, **absolute, "device": device, "threads": self._cpus}

    def check(self, query: Query) -> None:
        """That the words stand in the text. Errors: `ValueError`, as of `Predictor.check`."""
        if query.words is not None:
            locate(query.text, query.words)

    def stream(self, queries: Iterable[Query], *, window: int = WINDOW, compare: bool = False) -> Iterator[Prediction]:
        """As `Predictor.stream`, with the same windows; it takes AHEAD windows a worker before the first prediction.

        Errors: `ValueError` for a query that `check` refuses, and with the cause for what went wrong in a worker.
        """
        from ray.util.queue import Queue  # noqa: PLC0415 (an optional extra)

        waiting = iter(queries)
        blocks = (_block(map(self._pack, some)) for some in iter(lambda: list(islice(waiting, window)), []))
        if (first := next(blocks, None)) is None:
            return
        gpus = self._connect()
        feed = Queue(actor_options={"num_cpus": 0})
        feed.put(BEGIN)
        try:
            yield from self._read(chain([first], blocks), feed, gpus, compare)
        except self._ray.exceptions.RayError as error:
            dead = isinstance(error, self._ray.exceptions.RayActorError)
            raise ValueError(f"ray: {cause(str(error), DIED if dead else None)}") from error
        finally:
            feed.shutdown(force=True)  # and so the task that reads it ends, if it has not

    def _pack(self, query: Query) -> str:
        self.check(query)
        return pack(query)

    def _connect(self) -> float:
        """Have a cluster, and say how many GPUs each worker gets. Errors: `ValueError` if it has too little."""
        ray, cpus = self._ray, self._workers * self._cpus
        if not ray.is_initialized():
            quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
            named = os.environ.get("RAY_ADDRESS")
            try:
                ray.init(address=named or "auto", **quiet)
            except (ConnectionError, RuntimeError) as error:
                if named:
                    raise ValueError(f"ray: RAY_ADDRESS {named}: {cause(str(error))}") from error
                own = max(cpus, os.cpu_count() or 1)
                ray.init(address="local", num_cpus=own, include_dashboard=False, **quiet)
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what goes wrong is raised
        for known in ("The minimum number of concurrent actors", "`ray_remote_args` is deprecated"):
            warnings.filterwarnings("ignore", known)
        there = ray.cluster_resources()
        if cpus > there.get("CPU", 0):
            raise ValueError(
                f"ray: {self._workers} workers with {self._cpus} CPUs each, but the cluster has "
                f"{there.get('CPU', 0):g}; take fewer workers or threads"
            )
        if self._device == "cuda" and not there.get("GPU"):
            raise ValueError("ray: device cuda, but the cluster has no GPU; say cpu, or auto")
        return gpus_each(self._workers, int(there.get("GPU", 0))) if self._device in ("auto", "cuda") else 0.0

    def _read(self, blocks: Iterator[pa.Table], feed: Any, gpus: float, compare: bool) -> Iterator[Prediction]:
        """The predictions of blocks, which are put into the feed as those of earlier ones are taken."""
        ray = self._ray
        posts = ray.data.read_datasource(_source(feed), override_num_blocks=1, num_cpus=0)
        posts.context.execution_options.preserve_order = True
        posts.context.enable_progress_bars = False
        posts.context.target_max_block_size = 1  # of each row a block, and none waits for others
        answers = posts.map_batches(
            Worker,
            fn_constructor_args=(self._options, compare),
            batch_size=1,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(size=self._workers),
            num_cpus=self._cpus,
            num_gpus=gpus,
            # A window that ends its worker, as by its memory, would end the next one too, and so without end.
            max_restarts=0,
        )
        found = iter(answers.iter_batches(batch_size=1, batch_format="pyarrow", prefetch_batches=0))
        under_way, more = 0, True
        while True:
            while more and under_way < AHEAD * self._workers:
                block = next(blocks, None)
                feed.put(None if block is None else [ray.put(block)])  # the queue holds its address, not the block
                more = block is not None
                under_way += more
            if not under_way:
                return
            for row in _rows(next(found)):
                yield Prediction.from_dict(json.loads(row))
            under_way -= 1


def gpus_each(workers: int, gpus: int) -> float:
    """The share of a GPU that each worker gets, such that all of them have a place."""
    return 1 / math.ceil(workers / gpus) if gpus else 0.0


def _source(feed: Any) -> Any:
    """What reads a feed of blocks, as Ray Data reads files: one task, which ends at the feed's None."""
    from ray.data import Datasource  # noqa: PLC0415 (an optional extra)
    from ray.data.block import BlockMetadata  # noqa: PLC0415
    from ray.data.datasource import ReadTask  # noqa: PLC0415

    class Windows(Datasource):  # type: ignore[misc]
        def estimate_inmemory_data_size(self) -> None:
            return None

        def get_read_tasks(self, *_: Any, **__: Any) -> list[Any]:
            nothing = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
            return [ReadTask(lambda: drain(feed), nothing)]

    return Windows()


def drain(feed: Any) -> Iterator[pa.Table]:
    """The blocks of a feed as they come. Errors: `ValueError` for a second reader: the first has taken some."""
    import ray  # noqa: PLC0415 (an optional extra)

    if feed.empty() or feed.get() != BEGIN:
        raise ValueError("the process that hands posts to the workers died; run it again")
    while (held := feed.get()) is not None:
        yield ray.get(held[0])


class Worker:
    """Holds a predictor, and reads blocks with it."""

    def __init__(self, options: dict[str, Any], compare: bool) -> None:
        from tandem.inference.predictor import load  # noqa: PLC0415 (torch is imported where models run, not here)

        self._predictor, self._compare = load(**options), compare

    def __call__(self, block: pa.Table) -> pa.Table:
        """A block of queries (`pack`) -> the block of their predictions, as JSON."""
        queries = list(map(unpack, _rows(block)))
        read = self._predictor.stream(queries, window=len(queries), compare=self._compare)
        return _block(json.dumps(prediction.to_dict()) for prediction in read)


def cause(report: str, otherwise: str | None = None) -> str:
    """The message of the exception that a report of Ray ends with, among its advice and traces.

    Without one, `otherwise`, or the report's last line.
    """
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    found = [line for line in lines if re.match(r"[\w.]*(?:Error|Exception): ", line)]
    if found:
        return found[-1].partition(": ")[2]
    return otherwise or (lines[-1] if lines else "no cause given")


def pack(query: Query) -> str:
    """A query as JSON in ASCII, which keeps every text exact, halves of surrogate pairs included."""
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
    """A window as a table of one row, which Ray Data never parts."""
    return pa.table({COLUMN: pa.array([list(rows)], pa.list_(pa.large_string()))})


def _rows(block: pa.Table) -> list[str]:
    """What `_block` was given."""
    (rows,) = block.column(COLUMN).to_pylist()
    return list(rows)


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
