"""A file of posts: its columns, its size, its rows."""

from __future__ import annotations

import csv
import json
import sys
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from tandem.inference.posts.fields import Columns, Fields
from tandem.inference.posts.lines import Line, read_lines
from tandem.inference.posts.row import MOST_BYTES, Place, Row, RowError

STDIN = "-"
HEAD = 100  # rows of a JSONL file that tell its columns
DELIMITERS = ",;\t|"  # of CSV; the one that its header has most of


class Source(ABC):
    """A file of posts.

    present: the names of its columns, none in plain text. total: its size in what `Place.offset` counts, None where
    that is not known. resumable: its rows can be read from any place.
    """

    present: Sequence[str]
    total: int | None
    resumable = True

    @abstractmethod
    def rows(self, fields: Fields, start: Place) -> Iterator[Row]:
        """The rows from a place on; one that cannot be read has a reason."""


class TextFile(Source):
    """A file of lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.total = path.stat().st_size
        self.present = []

    def rows(self, fields: Fields, start: Place) -> Iterator[Row]:
        """As in `Source`."""
        with self._path.open("rb") as stream:
            stream.seek(start.offset)
            for line in read_lines(stream, start):
                if line.cut:
                    yield _broken([line], f"a row of more than {MOST_BYTES:,} bytes")
                elif line.content.strip():
                    yield self._row(line, fields)

    def _row(self, line: Line, fields: Fields) -> Row:
        try:
            values = self._values(line.content.decode().rstrip("\r\n"))
        except UnicodeDecodeError as error:
            return _broken([line], _not_utf8(line.content[error.start]))
        except RowError as error:
            return _broken([line], str(error))
        return _made(fields, values, [line])

    def _values(self, line: str) -> Mapping[str, Any]:
        return {"text": line}


class JsonLines(TextFile):
    """A JSON object a line."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with path.open("rb") as stream:
            head = [line for line, _ in zip(read_lines(stream, Place()), range(HEAD), strict=False)]
        self.present = self._names(head)

    def _names(self, head: Sequence[Line]) -> list[str]:
        names: dict[str, None] = {}
        for line in head:
            try:
                names |= dict.fromkeys(self._values(line.content.decode()))
            except ValueError:
                continue  # told where the row is read
        return list(names)

    def _values(self, line: str) -> Mapping[str, Any]:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise RowError(f"not JSON: {' '.join(str(error).split())}") from None
        if not isinstance(found, dict):
            raise RowError(f"expected a JSON object, found {type(found).__name__}")
        return found


class JsonStream(JsonLines):
    """JSONL out of a pipe: its columns are those of the first object, and it is read once."""

    resumable = False

    def __init__(self, stream: BinaryIO) -> None:
        self.total = None
        self._lines = read_lines(stream, Place())
        self._head: list[Line] = []
        self.present = []
        while not self.present and (line := next(self._lines, None)) is not None and len(self._head) < HEAD:
            self._head.append(line)
            self.present = self._names([line])

    def rows(self, fields: Fields, start: Place) -> Iterator[Row]:
        """As in `Source`; from the first one."""
        for line in chain(self._head, self._lines):
            if line.cut:
                yield _broken([line], f"a row of more than {MOST_BYTES:,} bytes")
            elif line.content.strip():
                yield self._row(line, fields)


class _Feed:
    """Lines for `csv.reader`, which may be handed back."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._ahead: deque[Line] = deque()
        self.taken: list[Line] = []

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else next(self._lines)
        self.taken.append(line)
        if line.cut or sum(len(one.content) for one in self.taken) > MOST_BYTES:
            raise RowError(f"a row of more than {MOST_BYTES:,} bytes; is a quote left open?")
        return line.content.decode("utf-8", "surrogateescape")

    def hand_back(self, keep: int) -> list[Line]:
        """The first `keep` lines that were taken; the others will be read again."""
        self._ahead.extendleft(reversed(self.taken[keep:]))
        kept, self.taken = self.taken[:keep], []
        return kept


class Csv(Source):
    """Columns parted by a delimiter, named in the first line; a quoted value may hold delimiters and line ends.

    Quotes that do not fit are no text to be guessed at: such a row is broken. With `quotes` off, they are characters.
    """

    def __init__(self, path: Path, *, delimiter: str | None, quotes: bool) -> None:
        self._path = path
        self.total = path.stat().st_size
        with path.open("rb") as stream:
            feed = _Feed(read_lines(stream, Place()))
            first = next(feed, "")
            feed.hand_back(0)
            unquoted = "".join(first.split('"')[::2])
            self._dialect: dict[str, Any] = {
                "delimiter": delimiter or max(DELIMITERS, key=unquoted.count),
                "quoting": csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
                "strict": True,
            }
            try:
                self.present = next(csv.reader(feed, **self._dialect), [])
            except csv.Error as error:
                raise ValueError(f"{path}: its header, {first.strip()[:100]!r}, cannot be read: {error}") from None
            self._body = feed.taken[-1].end if feed.taken else Place()
        self._check_header()

    def _check_header(self) -> None:
        if not self.present:
            raise ValueError(f"{self._path}: empty; expected a header that names the columns")
        try:
            "".join(self.present).encode()
        except UnicodeEncodeError:
            raise ValueError(f"{self._path}: its header is not UTF-8; re-encode the file as UTF-8") from None
        twice = next((name for name in self.present if self.present.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"{self._path}: two columns are named {twice!r}; rename one")

    def rows(self, fields: Fields, start: Place) -> Iterator[Row]:
        """As in `Source`."""
        before = csv.field_size_limit(MOST_BYTES)
        try:
            with self._path.open("rb") as stream:
                begin = max(start, self._body, key=lambda place: place.offset)
                stream.seek(begin.offset)
                yield from self._records(_Feed(read_lines(stream, begin)), fields)
        finally:
            csv.field_size_limit(before)

    def _records(self, feed: _Feed, fields: Fields) -> Iterator[Row]:
        reader = csv.reader(feed, **self._dialect)
        while True:
            feed.taken = []
            try:
                values = next(reader)
            except StopIteration:
                return
            except (csv.Error, RowError) as error:
                # An open quote takes the lines after it along: only the first one is given up.
                yield _broken(feed.hand_back(1), str(error) if isinstance(error, RowError) else _misquoted(error))
                reader = csv.reader(feed, **self._dialect)
                continue
            if not values:
                continue
            if any("\udc80" <= character <= "\udcff" for value in values for character in value):
                content = b"".join(line.content for line in feed.taken)
                yield _broken(feed.taken, _not_utf8(_first_bad(content)))
            elif len(values) != len(self.present):
                yield _broken(feed.taken, f"{len(values)} columns, but the header names {len(self.present)}")
            else:
                row = {name: value or None for name, value in zip(self.present, values, strict=True)}
                yield _made(fields, row, feed.taken)


class Parquet(Source):
    """A Parquet file, read a batch at a time."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa  # noqa: PLC0415 (slow)
        import pyarrow.parquet as pq  # noqa: PLC0415

        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise ValueError(f"{path}: not readable as Parquet: {' '.join(str(error).split())[:200]}") from None
        self.total = self._file.metadata.num_rows
        self.present = self._file.schema_arrow.names

    def rows(self, fields: Fields, start: Place) -> Iterator[Row]:
        """As in `Source`. Of large pictures within the file, a batch has at most a few."""
        groups, skip = self._from(start.offset)
        number = start.offset
        for batch in self._file.iter_batches(batch_size=64, row_groups=groups, columns=fields.columns.named):
            for values in batch.slice(min(skip, batch.num_rows)).to_pylist():
                place = Place(number + 1, number)
                number += 1
                yield _made(fields, values, place, Place(number + 1, number))
            skip = max(0, skip - batch.num_rows)

    def _from(self, row: int) -> tuple[list[int], int]:
        """The row groups from the one that has a row on, and how many rows of that one stand before it."""
        groups = list(range(self._file.num_row_groups))
        while groups and row >= (rows := self._file.metadata.row_group(groups[0]).num_rows):
            row -= rows
            groups.pop(0)
        return groups, row


READERS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "tsv", ".parquet": "parquet", ".txt": "txt"}
"""Ending of a file -> how it is read."""


def open_source(name: str, *, quotes: bool = True) -> Source:
    """A file by its ending, or JSONL from standard input for "-".

    Errors: `ValueError` names the file and the remedy.
    """
    if name == STDIN:
        return JsonStream(sys.stdin.buffer)
    path = Path(name)
    kind = READERS.get(path.suffix.lower())
    if not path.exists():
        raise ValueError(f"{name}: not found")
    if kind is None or not path.is_file():
        raise ValueError(f"{name}: expected a file of posts that ends in {', '.join(READERS)}, or - for standard input")
    if kind in {"csv", "tsv"}:
        return Csv(path, delimiter="\t" if kind == "tsv" else None, quotes=quotes)
    if kind == "parquet":
        return Parquet(path)
    return JsonLines(path) if kind == "jsonl" else TextFile(path)


def columns_of(source: Source, name: str, columns: Columns) -> Columns:
    """Which of the source's columns has what. Errors: `ValueError`, as of `Columns.found_in`; nothing is asked of an
    empty file."""
    if isinstance(source, TextFile) and not isinstance(source, JsonLines):
        if columns.named:
            raise ValueError(f"{name}: plain text has no columns, a line is a post; leave {columns.named[0]!r} out")
        return Columns(text="text")
    if isinstance(source, JsonLines) and not source.present:
        return Columns(text="text")
    return columns.found_in(source.present, name)


def _made(fields: Fields, values: Mapping[str, Any], lines: Sequence[Line] | Place, end: Place | None = None) -> Row:
    """The row of named values; of a text file with its lines, of Parquet with its place and its end."""
    start = lines if isinstance(lines, Place) else lines[0].start
    after = end if isinstance(lines, Place) or end is not None else lines[-1].end
    assert after is not None
    try:
        row_id = fields.id(values)
        query, image = fields.query(values)
    except ValueError as error:
        if isinstance(lines, Place):
            return Row(start.line, after, reason=str(error), raw=_printable(values))
        return _broken(lines, str(error))
    return Row(start.line, after, query, row_id, image)


def _broken(lines: Sequence[Line], reason: str) -> Row:
    content = b"".join(line.content for line in lines)
    if lines[-1].cut:
        content, reason = content[:1000], f"{reason}; `raw` is its beginning"
    raw = content.decode("utf-8", "backslashreplace").rstrip("\r\n")
    return Row(lines[0].start.line, lines[-1].end, reason=reason, raw=raw)


def _printable(value: Any) -> Any:
    """What JSON can say of a value out of a Parquet file."""
    if isinstance(value, Mapping):
        return {str(key): _printable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_printable(inner) for inner in value]
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _not_utf8(byte: int) -> str:
    return f"byte 0x{byte:02x} is not UTF-8"


def _first_bad(content: bytes) -> int:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return content[error.start]
    raise AssertionError("every byte is UTF-8")


def _misquoted(error: csv.Error) -> str:
    return f"not CSV: {error}; a quote in a value is doubled, or, with --no-quotes, a character as others are"
