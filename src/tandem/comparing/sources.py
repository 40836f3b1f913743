"""Where predictions are: a file, a folder, a DVC experiment, a git revision, or the workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

WORKSPACE = "workspace"
PREDICTIONS = "data/predictions"  # of the project's root: <corpus>/<seed>.parquet
SUFFIX = ".parquet"


@dataclass(frozen=True)
class PredictionFile:
    """A file that can be read whole, and what it is called in messages."""

    label: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Source:
    """The prediction files of a system, one a seed, by corpus.

    `named`: whether the corpora have the names of the project; a single file or folder may be called anything.
    """

    name: str
    corpora: Mapping[str, Sequence[PredictionFile]]
    named: bool


def find_source(text: str) -> Source:
    """What is meant by `text`: `workspace`, else a file or folder if there is one, else an experiment or revision.

    A folder has the files of seeds, or folders of such, one a corpus. Errors: `ValueError` naming `text`, if it is none
    of these, or has no predictions.
    """
    path = Path(text)
    if text != WORKSPACE and path.is_file():
        return Source(text, {path.resolve().parent.name: [_on_disk(path)]}, named=False)
    if text != WORKSPACE and path.is_dir():
        return _folder(text, path)
    return _revision(text)


def _on_disk(path: Path) -> PredictionFile:
    return PredictionFile(str(path), path.read_bytes)


def _folder(text: str, path: Path) -> Source:
    def files(folder: Path) -> list[PredictionFile]:
        return [_on_disk(file) for file in sorted(folder.glob(f"*{SUFFIX}"))]

    if own := files(path):
        return Source(text, {path.resolve().name: own}, named=False)
    below = {folder.name: files(folder) for folder in sorted(path.iterdir()) if folder.is_dir()}
    corpora = {name: found for name, found in below.items() if found}
    if not corpora:
        raise ValueError(
            f"{text}: no {SUFFIX} file in it; give a folder with the predictions of seeds, as {PREDICTIONS}/<corpus>, "
            "or one with such folders"
        )
    return Source(text, corpora, named=True)


def _revision(text: str) -> Source:
    """The predictions that DVC knows of at a revision; read out of its cache, the workspace stays as it is."""
    from dvc.api import DVCFileSystem  # noqa: PLC0415
    from dvc.exceptions import DvcException  # noqa: PLC0415

    try:
        system = DVCFileSystem(rev=None if text == WORKSPACE else text)
        known = system.isdir(f"/{PREDICTIONS}")
        # Not what else lies there: folders of corpora that the pipeline no longer has.
        folders = sorted(system.ls(f"/{PREDICTIONS}", detail=False, dvc_only=True)) if known else []
    except DvcException as error:
        raise ValueError(
            f"{text!r} is no file or folder, and cannot be read as a DVC experiment or git revision: {error}"
        ) from None
    corpora = {PurePosixPath(folder).name: _cached_files(system, folder, text) for folder in folders}
    corpora = {name: files for name, files in corpora.items() if files}
    if not corpora:
        raise ValueError(f"{text}: DVC knows of no predictions there ({PREDICTIONS}); run `dvc repro evaluate` on it")
    return Source(text, corpora, named=True)


def _cached_files(system: Any, folder: str, revision: str) -> list[PredictionFile]:
    """The prediction files of a corpus; one that cannot be read where DVC has lost even the list of them."""
    from dvc_data.index.index import DataIndexError  # noqa: PLC0415

    try:
        paths = [path for path in sorted(system.find(folder, dvc_only=True)) if path.endswith(SUFFIX)]
    except DataIndexError:
        paths = [folder]
    labels = [f"{path.lstrip('/')} of {revision}" for path in paths]
    return [
        PredictionFile(label, partial(_cached, system, path, label)) for path, label in zip(paths, labels, strict=True)
    ]


def _cached(system: Any, path: str, label: str) -> bytes:
    from dvc.exceptions import DvcException  # noqa: PLC0415
    from dvc_data.index.index import DataIndexError  # noqa: PLC0415

    try:
        return bytes(system.read_bytes(path))
    except (DvcException, DataIndexError, OSError):
        raise ValueError(
            f"{label}: not in the DVC cache; get it with `dvc fetch --all-commits`, or run it again"
        ) from None
