"""A file of posts through a predictor, in constant memory."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TextIO

from tandem.inference.counts import Counts
from tandem.inference.formats.base import Answer, Sink
from tandem.inference.parts import Done, Parts
from tandem.inference.posts.row import Place, Row
from tandem.inference.prediction import Prediction, Query

if TYPE_CHECKING:
    from tandem.inference.predictor import Predictor
    from tandem.inference.ray_engine import RayEngine

WINDOW = 4096  # posts that a predictor sorts among themselves, and posts of a part

Engine = Callable[[Iterable[Query]], Iterator[Prediction]]
"""Predictions in the order of the queries. It may read ahead; what it says of a query may depend on the others of its
window (the first WINDOW queries, the next, …) in the last digits, and on nothing else."""


def engine(predictor: Predictor | RayEngine, *, compare: bool) -> Engine:
    """A predictor in this process, or those of Ray's workers, in windows that are parts."""
    return partial(predictor.stream, window=WINDOW, compare=compare)


@dataclass(frozen=True)
class Job:
    """Rows, and what reads them.

    rows: from a place on. limit: most rows, broken ones included; None = all. done: told of each post's answer, of
    where the next post begins, and of the numbers up to there.
    """

    rows: Callable[[Place], Iterator[Row]]
    engine: Engine
    limit: int | None = None
    done: Callable[[Answer, Place, Counts], None] = lambda answer, end, counts: None

    def stream(self, write: Callable[[Answer], object], reject: Callable[[Row], None]) -> Counts:
        """Answers and broken rows as they come. Returns the numbers of both."""
        counts = Counts()
        waiting: deque[Row] = deque()

        def broken(row: Row) -> None:
            counts.broken += 1
            reject(row)

        for prediction in self.engine(self._queries(Place(), 0, waiting, broken)):
            row = waiting.popleft()
            answer = Answer(row.line, prediction, row.id, row.image)
            write(answer)
            counts.add(prediction)
            self.done(answer, row.end, counts)
        return counts

    def fill(self, parts: Parts) -> Counts:
        """Write the parts that are missing, and join them all. Returns the numbers of the whole.

        A part has WINDOW posts and the broken rows before them, so that a window has the same posts whether or not
        the run was stopped before it.
        """
        total = parts.counts
        if not parts.complete:
            part = _Part(parts, len(parts.resumed))
            try:
                self._fill(part, total)
            except BaseException:
                part.abandon()
                raise
        parts.join()
        return total

    def _fill(self, part: _Part, total: Counts) -> None:
        waiting: deque[Row] = deque()
        first, start, read = part.number, part.parts.start, 0

        def counted(queries: Iterator[Query]) -> Iterator[Query]:
            nonlocal read
            for query in queries:
                read += 1
                yield query

        def broken(row: Row) -> None:
            part.reject(row, first + read // WINDOW)
            total.broken += 1

        end = start
        for prediction in self.engine(counted(self._queries(start, total.rows, waiting, broken))):
            if part.counts.posts == WINDOW:
                part.finish(end)
            row = waiting.popleft()
            answer = Answer(row.line, prediction, row.id, row.image)
            part.write(answer)
            total.add(prediction)
            end = row.end
            self.done(answer, end, total)
        if part.last_reject > part.number:  # those after the last post of a part that is full
            part.finish(end)
        part.finish(end, last=True)

    def _queries(
        self, start: Place, before: int, waiting: deque[Row], broken: Callable[[Row], None]
    ) -> Iterator[Query]:
        """The queries from a place on, `before` rows having been read; their rows are put in `waiting`."""
        for number, row in enumerate(self.rows(start), start=before):
            if self.limit is not None and number >= self.limit:
                return
            if row.query is None:
                broken(row)
            else:
                waiting.append(Row(row.line, row.end, id=row.id, image=row.image))
                yield row.query


class _Part:
    """The part that is written, and the rejects of those to come, as far as the input has been read."""

    def __init__(self, parts: Parts, number: int) -> None:
        self.parts, self.number = parts, number
        self.last_reject = -1  # the last part that has one
        self._rejects: dict[int, TextIO] = {}
        self._broken: defaultdict[int, int] = defaultdict(int)
        self._open()

    def _open(self) -> None:
        self.counts = Counts()
        self._sink: Sink = self.parts.open(self.number)

    def abandon(self) -> None:
        """Let go of all files after an error."""
        self._sink.abandon()
        for stream in self._rejects.values():
            stream.close()

    def write(self, answer: Answer) -> None:
        self._sink.write(answer)
        self.counts.add(answer.prediction)

    def reject(self, row: Row, number: int) -> None:
        """Note a broken row with the part that it belongs to, the present one or a later one."""
        if number not in self._rejects:
            self._rejects[number] = self.parts.rejects_of(number).open("w", encoding="utf-8")
        self._rejects[number].write(reject_line(row))
        self._broken[number] += 1
        self.last_reject = number

    def finish(self, end: Place, *, last: bool = False) -> None:
        """Make this part count, and begin the next one unless it is the last."""
        self._sink.close()
        if self.number in self._rejects:
            self._rejects.pop(self.number).close()
        self.counts.broken = self._broken.pop(self.number, 0)
        self.parts.finish(self.number, Done(end, self.counts.to_dict(), last))
        if not last:
            self.number += 1
            self._open()


def reject_line(row: Row) -> str:
    """A broken row as a line of JSON: line, reason, raw."""
    return json.dumps({"line": row.line, "reason": row.reason, "raw": row.raw}, ensure_ascii=False) + "\n"
