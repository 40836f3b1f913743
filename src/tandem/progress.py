"""Progress bars that are lively on a terminal and brief in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
LOG_SECONDS = 30.0  # between two lines of a bar that nobody watches live


def progress(
    items: Iterable[Item] | None, description: str, *, total: int | None = None, unit: str = "it"
) -> tqdm[Item]:
    """A bar over `items`, or one to be moved by hand if there are none; it leaves no line behind."""
    watched = sys.stderr.isatty()
    interval = 0.2 if watched else LOG_SECONDS
    return tqdm(
        items,
        desc=description,
        total=total,
        unit=unit,
        leave=False,
        mininterval=interval,
        maxinterval=interval,
        delay=0 if watched else LOG_SECONDS,
    )
