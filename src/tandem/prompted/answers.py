"""What a server answered, and answers kept on disk so that nothing is asked twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from threading import Lock
from typing import Literal

from tandem.files import home

Status = Literal["ok", "declined", "truncated"]
_COLUMNS = "text, status, prompt_tokens, completion_tokens"
_MOST_KEYS = 500  # in one SELECT; SQLite allows 999 everywhere


@dataclass(frozen=True)
class Answer:
    """The text of an answer, whole (`ok`), cut off by `max_tokens` (`truncated`), or refused by the model (`declined`).

    Tokens are None where the server does not report them.
    """

    text: str
    status: Status
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class AnswerStore:
    """An SQLite file of answers by the key of their question; rows are added, never changed.

    Every answer is committed as it comes: what was kept survives a kill at any moment. Several processes may share the
    file, and the threads of one the store.
    """

    def __init__(self, path: Path) -> None:
        """Errors: `ValueError` naming a file that is no such store."""
        self._path = path
        self._lock = Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._readable():
            # SQLite's own rollback journal: unlike write-ahead logging it works on network file systems too.
            self._connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
            with self._connection:
                self._connection.execute(
                    "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, text TEXT NOT NULL, "
                    "status TEXT NOT NULL, prompt_tokens INTEGER, completion_tokens INTEGER)"
                )

    def find(self, keys: Iterable[str]) -> dict[str, Answer]:
        """The answers to those of the questions that have one."""
        wanted = list(dict.fromkeys(keys))
        found: dict[str, Answer] = {}
        with self._lock, self._readable():
            for start in range(0, len(wanted), _MOST_KEYS):
                some = wanted[start : start + _MOST_KEYS]
                marks = ", ".join("?" * len(some))
                rows = self._connection.execute(f"SELECT key, {_COLUMNS} FROM answers WHERE key IN ({marks})", some)
                found |= {key: Answer(*values) for key, *values in rows}
        return found

    def keep(self, key: str, answer: Answer) -> None:
        """Add the answer to a question; the first one of a question stays."""
        with self._lock, self._readable(), self._connection:
            row = (key, *astuple(answer))
            self._connection.execute(f"INSERT OR IGNORE INTO answers (key, {_COLUMNS}) VALUES (?, ?, ?, ?, ?)", row)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ValueError(f"{self._path}: {error}; mend the file system, or move the file away") from None


def store_path() -> Path:
    """Where answers are kept; queued experiments share those of the project that they belong to.

    Outside data/cache, which `make clean` empties: answers may have cost money.
    """
    return home(Path.cwd()) / "data/answers/chat.sqlite"
