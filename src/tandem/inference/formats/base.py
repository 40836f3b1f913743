"""What a format of predictions is."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tandem.inference.prediction import Mention, Prediction, Relation, Word

DECIMALS = 6  # of confidences and weights


@dataclass(frozen=True, slots=True)
class Answer:
    """The prediction of a post, with what the post's row says of itself.

    line: of the row, from 1 (of Parquet, its row). image: the picture as the row names it, None if it names none.
    """

    line: int
    prediction: Prediction
    id: str | int | None = None
    image: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values with numbers rounded to DECIMALS: line, id, image, and the prediction's."""
        row: dict[str, Any] = {"line": self.line, "id": self.id, "image": self.image}
        return row | _plain(self.prediction)


class Sink(ABC):
    """Takes the answers of one file, which is whole when it is closed."""

    @abstractmethod
    def write(self, answer: Answer) -> None:
        """Take one answer."""

    @abstractmethod
    def close(self) -> None:
        """Write what is left."""

    @abstractmethod
    def abandon(self) -> None:
        """Let go of the file after an error; it counts for nothing."""


class Format(ABC):
    """A way of writing answers to files of which several can be joined."""

    @abstractmethod
    def open(self, path: Path) -> Sink:
        """A sink that makes the file (or folder) `path`."""

    def owns(self, folder: Path) -> bool:
        """Whether a folder is one that this format wrote, so that it may be replaced."""
        return False

    @abstractmethod
    def join(self, parts: Sequence[Path], target: Path) -> None:
        """Make `target` of parts: the same as one sink would have made of all their answers, in constant memory."""


class TextFormat(Format):
    """A format whose files are texts, one after the other."""

    @abstractmethod
    def text(self, answer: Answer) -> str:
        """An answer, with the end of its last line."""

    def open(self, path: Path) -> Sink:
        """As in `Format`."""
        return _TextSink(self, path)

    def join(self, parts: Sequence[Path], target: Path) -> None:
        """As in `Format`."""
        concatenate(parts, target)


class _TextSink(Sink):
    def __init__(self, form: TextFormat, path: Path) -> None:
        self._text, self._stream = form.text, path.open("w", encoding="utf-8", newline="")

    def write(self, answer: Answer) -> None:
        self._stream.write(self._text(answer))

    def close(self) -> None:
        self._stream.close()

    abandon = close


def concatenate(parts: Sequence[Path], target: Path) -> None:
    """One file after the other."""
    with target.open("wb") as whole:
        for part in parts:
            with part.open("rb") as stream:
                shutil.copyfileobj(stream, whole)


def _plain(value: Any) -> Any:
    """`Prediction.to_dict` with rounded numbers, several times as fast."""
    if isinstance(value, float):
        return round(value, DECIMALS)
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Prediction | Word | Mention | Relation):
        return {name: _plain(getattr(value, name)) for name in value.__slots__}
    return value
