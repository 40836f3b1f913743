"""How far a run over a file is: a bar with rate and remaining time."""

from __future__ import annotations

import sys

from tqdm import tqdm

from tandem.inference.counts import Counts
from tandem.inference.posts.row import Place


class Watch:
    """A bar on standard error, for a terminal alone. A context manager.

    It moves by the share of the file's bytes (of Parquet, rows) that are done, or of `limit`, whichever is further:
    how many posts a file holds is known at its end.
    """

    def __init__(self, *, total: int | None, limit: int | None, quiet: bool) -> None:
        """`total`: as of `Input`."""
        self._total, self._limit = total, limit
        known = total is not None or limit is not None
        self._bar = tqdm(
            total=1.0 if known else None,
            disable=quiet or not sys.stderr.isatty(),
            leave=False,
            smoothing=0,  # posts come in windows
            bar_format="{percentage:3.0f}%|{bar}| [{elapsed}<{remaining}{postfix}]" if known else "{elapsed}{postfix}",
        )
        self._posts = 0

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def moved(self, place: Place, counts: Counts) -> None:
        """A post is done: `place` is where the next one begins."""
        if self._bar.disable:
            return
        share = self._share(place, counts.rows)
        if not self._posts:  # what an earlier run did took none of this one's time
            self._bar.initial = self._bar.n = share
        self._posts += 1
        seconds = self._bar.format_dict["elapsed"]
        rate = f", {self._posts / seconds:,.0f} posts/s" if seconds > 0 else ""
        self._bar.set_postfix_str(f"{counts.posts:,} posts{rate}", refresh=False)
        self._bar.update(max(0.0, share - self._bar.n))

    def _share(self, place: Place, rows: int) -> float:
        shares = [place.offset / self._total] if self._total else []
        shares += [rows / self._limit] if self._limit else []
        return min(1.0, max(shares, default=0.0))
