"""Output in parts, so that a run that was killed goes on where it stopped and never leaves half a file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tandem.files import write_json
from tandem.inference.counts import Counts
from tandem.inference.formats.base import Format, Sink, concatenate
from tandem.inference.posts.row import Place

VERSION = 1  # of what stands in the folder


@dataclass(frozen=True)
class Done:
    """A part that is finished: where the next one begins, its numbers, and whether it is the last."""

    end: Place
    counts: Mapping[str, Any]
    last: bool = False


class Parts:
    """The folder `<out>.parts`: for each part its answers, its rejects, and at last an entry that makes it count.

    `resumed`: parts that an earlier run finished. A context manager that holds the folder against a second run.
    """

    def __init__(
        self, target: Path, form: Format, identity: Mapping[str, Any], *, overwrite: bool, resumable: bool = True
    ) -> None:
        """`identity`: all that decides what is written; parts of another identity are not gone on with. `resumable`:
        the rows can be read from any place; if not, parts of an earlier run are written anew.

        Errors: `ValueError` if the output is there already, or half of another run, without `overwrite`.
        """
        self.target, self._form = target, form
        self.folder = target.with_name(f"{target.name}.parts")
        self.rejects = target.with_name(f"{target.name}.rejects.jsonl")
        self._identity = json.loads(json.dumps({"version": VERSION, **identity}))
        self._overwrite, self._resumable = overwrite, resumable
        self._lock = FileLock(target.with_name(f".{target.name}.lock"))
        self.resumed: list[Done] = []

    def __enter__(self) -> Parts:
        self.target.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise ValueError(f"{self.target}: another run is writing it") from None
        try:
            self._prepare()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        Path(self._lock.lock_file).unlink(missing_ok=True)
        self._lock.release()

    @property
    def start(self) -> Place:
        """Where the first part that is not finished begins."""
        return self.resumed[-1].end if self.resumed else Place()

    @property
    def complete(self) -> bool:
        """Whether nothing is left but to join the parts."""
        return bool(self.resumed) and self.resumed[-1].last

    @property
    def counts(self) -> Counts:
        """Numbers of the parts that are finished."""
        counts = Counts()
        for done in self.resumed:
            counts.include(done.counts)
        return counts

    def open(self, number: int) -> Sink:
        """A sink for a part's answers."""
        return self._form.open(self._answers_of(number))

    def _answers_of(self, number: int) -> Path:
        return self.folder / f"{number:06d}"

    def rejects_of(self, number: int) -> Path:
        """Where a part's broken rows go."""
        return self.folder / f"{number:06d}.rejects.jsonl"

    def finish(self, number: int, done: Done) -> None:
        """Make a part count."""
        write_json(self.folder / f"{number:06d}.json", asdict(done))

    def join(self) -> None:
        """Make the output, all at once, and remove the parts."""
        numbers = range(len(list(self.folder.glob("*.json"))) - 1)  # and about.json
        whole, rejects = self.folder / "whole", self.folder / "rejects"
        remove(whole)
        self._form.join([self._answers_of(number) for number in numbers], whole)
        concatenate([path for path in map(self.rejects_of, numbers) if path.exists()], rejects)
        if rejects.stat().st_size:
            rejects.replace(self.rejects)
        else:
            self.rejects.unlink(missing_ok=True)
        if whole.is_dir():  # no rename takes the place of a folder that is not empty
            remove(self.target)
        whole.replace(self.target)
        remove(self.folder)

    def _prepare(self) -> None:
        about = self.folder / "about.json"
        before = _read(about) if about.is_file() else None
        same = before == self._identity
        if same and self._resumable:
            self._resume()
            return
        if before is None and self.folder.is_dir() and any(self.folder.iterdir()):
            raise ValueError(f"{self.folder}: holds files that are not of this command; move them away")
        self._check_target()
        if not self._overwrite:
            if before is not None and not same:
                changed = [key for key in self._identity if before.get(key) != self._identity[key]]
                raise ValueError(
                    f"{self.folder}: parts of another run (not the same: {', '.join(changed) or 'version'}); "
                    "finish that one by its own command, or add --overwrite"
                )
            if self.target.exists() and not same:
                raise ValueError(f"{self.target}: already there; name another file or add --overwrite")
        remove(self.folder)
        self.folder.mkdir()
        write_json(about, self._identity)

    def _check_target(self) -> None:
        """A folder is replaced only by a folder, and only if it was written by this command."""
        if self.target.is_dir() and not (self._form.owns(self.target) or not any(self.target.iterdir())):
            raise ValueError(f"{self.target}: a folder that this format did not write; name another")

    def _resume(self) -> None:
        while (entry := self.folder / f"{len(self.resumed):06d}.json").is_file():
            found = _read(entry)
            if found is None:
                break
            self.resumed.append(Done(Place(**found["end"]), found["counts"], found["last"]))
        for path in self.folder.iterdir():
            if path.name[:6].isdigit() and int(path.name[:6]) >= len(self.resumed):
                remove(path)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return found
