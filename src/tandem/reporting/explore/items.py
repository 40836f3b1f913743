"""What an analysis is: a table, a sentence on what is to be seen in it, and perhaps a plot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

Tables = Mapping[str, pd.DataFrame]
Plot = Callable[[Tables, str], Figure | None]  # the tables of a corpus and its name; None = nothing worth drawing


@dataclass(frozen=True, kw_only=True)
class Item:
    """One analysis.

    key: stem of its plot's file. table: stem of its table's; None = the same. title: as a heading. say: what there is
    to be seen, in words with numbers. plot: draws it; None = it is only a table. An empty table is not drawn.
    """

    key: str
    table: str | None = None
    title: str
    say: Callable[[Tables], str]
    plot: Plot | None = None
