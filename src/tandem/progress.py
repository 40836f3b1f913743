"""Progress bars that are lively on a terminal and brief in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
LOG_SECONDS = 30.0  # between two lines of a bar that nobody watches live


def bar(description: str, *, total: int, unit: str) -> tqdm[Any]:
    """A bar to be moved by hand with `update`; it leaves no line behind."""
    watched = sys.stderr.isatty()
    interval = 0.2 if watched else LOG_SECONDS
    delay = 0 if watched else LOG_SECONDS
    return tqdm(
        desc=description, total=total, unit=unit, leave=False, mininterval=interval, maxinterval=interval, delay=delay
    )


def progress(items: Iterable[Item], description: str, *, total: int, unit: str) -> Iterator[Item]:
    """The items, one after the other, with a bar that moves along."""
    with bar(description, total=total, unit=unit) as moving:
        for item in items:
            yield item
            moving.update()
