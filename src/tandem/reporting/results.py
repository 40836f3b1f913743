"""Every result of the pipeline, and a list of what is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tandem.params import RelationParams

Tree = dict[str, Any]
Counts = dict[str, dict[str, float]]  # gold -> predicted -> how many, mean over the seeds
Row = dict[str, Any]  # of data/predictions/<corpus>/<seed>.parquet


@dataclass(frozen=True)
class Headline:
    """The score that stands for a task: its key in a tree of scores, whose `f1` decides, and its name in words."""

    key: str
    title: str


@dataclass(frozen=True)
class Study:
    """The table of a study that has run: its title, the system that the others are set against, and table.csv."""

    title: str
    baseline: str | None
    table: pd.DataFrame


READ_CAPTIONS = ("caption_prefix",)  # strategies to which the features of pictures are nothing
CHANCE = 0.05  # corrected p-values below it are beyond chance
HEADLINES = {"ner": Headline("span", "span F1"), "re": Headline("relation", "relation F1")}


@dataclass(frozen=True, kw_only=True)
class Results:
    """What was read; a file that does not exist is absent from its mapping and named in `missing`."""

    fusion: str
    decoder: str
    relation: RelationParams
    datasets: Sequence[str]
    seeds: Sequence[int]
    encoder: str
    max_pixels: int
    root: Path
    evaluate: dict[str, Tree]
    transfer: dict[tuple[str, str], Tree]
    data: dict[str, Tree]
    features: dict[str, Tree]
    ceiling: Tree
    history: dict[tuple[str, int], pd.DataFrame]
    predictions: dict[tuple[str, int], list[Row]]
    confusion: dict[str, Counts]
    gates: dict[str, dict[str, list[int]]]
    explore: dict[str, list[Tree]]
    studies: dict[str, Study]
    missing: list[str]

    def rows(self, name: str) -> list[list[Row]]:
        """The predictions of a corpus's models, one list a seed that has them."""
        return [found for seed in self.seeds if (found := self.predictions.get((name, seed)))]

    def task(self, name: str) -> str:
        """`ner` or `re`, as the corpus's metrics say; those of the data alone, where it is not evaluated yet."""
        found = self.evaluate.get(name, {}).get("task") == "re" or "relations" in self.data.get(name, {})
        return "re" if found else "ner"

    def of_task(self, task: str) -> list[str]:
        """The corpora of a task."""
        return [name for name in self.datasets if self.task(name) == task]

    def headline(self, name: str) -> Headline:
        """The score that stands for a corpus."""
        return HEADLINES[self.task(name)]

    def pictures(self, name: str) -> tuple[float | None, float | None]:
        """Usable pictures and all: those with features; for a strategy that reads captions, those with a caption."""
        if self.fusion not in READ_CAPTIONS:
            return number(self.features.get(name), "ok"), number(self.features.get(name), "image_ids")
        present, missing = (number(self.data.get(name), "captions", key) for key in ("present", "missing"))
        return present, None if present is None or missing is None else present + missing

    def f1(self, name: str) -> float | None:
        """The headline's F1 of a corpus's own models on its test split."""
        return number(self.evaluate.get(name), self.headline(name).key, "f1")


def number(tree: Tree | None, *path: str) -> float | None:
    """The number at `path` in a tree; None if there is none. `std` trees are read as `number(tree, "std", ...)`."""
    value: Any = tree
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return None if isinstance(value, bool) or not isinstance(value, int | float) else value


def control_cost(tree: Tree | None, headline: str, control: str) -> tuple[float, float | None] | None:
    """(mean, deviation) of what a control takes: the headline's F1 with the own pictures minus that under it."""
    cost = number(tree, "controls", control, "delta")
    if cost is not None:
        return cost, number(tree, "std", "controls", control, "delta")
    own, under = number(tree, headline, "f1"), number(tree, "controls", control, "f1")
    return None if own is None or under is None else (own - under, None)
