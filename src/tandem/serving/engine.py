"""One post at a time through the predictor, in a thread of its own; the others wait, and not too many of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING

from tandem.inference.prediction import Prediction
from tandem.serving.answer import Answer, changes_of, note_of
from tandem.serving.asked import Asked
from tandem.serving.limits import Limits, Refused

if TYPE_CHECKING:
    from tandem.inference.predictor import Predictor

Gone = Callable[[], Awaitable[bool]]
LOOK = 0.2  # seconds between looks whether the client is still there


class Engine:
    """Reads posts one after the other."""

    def __init__(self, predictor: Predictor, limits: Limits) -> None:
        self.predictor, self.limits = predictor, limits
        self._thread = ThreadPoolExecutor(1, "tandem-serve")
        self._lock, self._inside = Lock(), 0

    @property
    def busy(self) -> int:
        """Posts that are read or wait."""
        return self._inside

    async def answer(self, asked: Asked, gone: Gone) -> Answer:
        """What the model says. gone: whether nobody waits for it any more.

        Errors: `Refused` where too many wait (503), and after `limits.seconds` (504). A post that is being read then
        is read to its end, before the next.
        """
        with self._lock:
            if self._inside > self.limits.waiting:
                raise Refused(503, "Too many posts are waiting to be read. Try again in a moment.")
            self._inside += 1
        job = self._thread.submit(self._read, asked)
        job.add_done_callback(lambda _: self._leave())
        reading = asyncio.wrap_future(job)
        end = time.monotonic() + self.limits.seconds
        try:
            while not reading.done():
                await asyncio.wait([reading], timeout=max(0.0, min(LOOK, end - time.monotonic())))
                if not reading.done() and (time.monotonic() >= end or await gone()):
                    spent = f"This took more than {self.limits.seconds:g} seconds and was given up."
                    raise Refused(504, f"{spent} Try a shorter text.")
            return reading.result()
        finally:
            job.cancel()  # one that waits is never begun

    def close(self) -> None:
        """Begin no other post."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _read(self, asked: Asked) -> Answer:
        begin = time.perf_counter()
        prediction: Prediction = next(self.predictor.stream([asked.query], compare=asked.compare))
        return Answer(
            prediction=prediction,
            changes=changes_of(prediction),
            regions_grid=self.predictor.regions_grid,
            note=note_of(prediction),
            milliseconds=round(1000 * (time.perf_counter() - begin), 1),
        )

    def _leave(self) -> None:
        with self._lock:
            self._inside -= 1
