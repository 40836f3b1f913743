"""Every result of the pipeline that is on disk, and a list of what is not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tandem.params import RelationParams

Tree = dict[str, Any]


@dataclass(frozen=True)
class Headline:
    """The score that stands for a task: its key in a tree of scores, whose `f1` decides, and its name in words."""

    key: str
    title: str


READ_CAPTIONS = ("caption_prefix",)  # strategies to which the features of pictures are nothing
HEADLINES = {"ner": Headline("span", "span F1"), "re": Headline("relation", "relation F1")}


@dataclass(frozen=True, kw_only=True)
class Results:
    """What was read; a file that does not exist is absent from its mapping and named in `missing`."""

    fusion: str
    decoder: str
    relation: RelationParams
    datasets: Sequence[str]
    seeds: Sequence[int]
    evaluate: dict[str, Tree]
    transfer: dict[tuple[str, str], Tree]
    data: dict[str, Tree]
    features: dict[str, Tree]
    ceiling: Tree
    history: dict[tuple[str, int], pd.DataFrame]
    missing: list[str]

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


def load_results(
    *,
    fusion: str,
    decoder: str,
    relation: RelationParams,
    datasets: Sequence[str],
    seeds: Sequence[int],
    root: Path = Path(),
) -> Results:
    """Read metrics/ and plots/train/ below `root`.

    Errors: `ValueError` naming a file that exists but is not what it should be.
    """
    missing: list[str] = []

    def tree(path: str, *, required: bool = True) -> Tree:
        try:
            value = json.loads((root / path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            if required:
                missing.append(path)
            return {}
        except ValueError as error:
            raise ValueError(f"{path}: not valid JSON ({error}); remove it and run `dvc repro`") from None
        if not isinstance(value, dict):
            raise ValueError(f"{path}: expected keys and values; remove it and run `dvc repro`")
        return value

    def history(path: str) -> pd.DataFrame | None:
        try:
            frame = pd.read_csv(root / path)
        except FileNotFoundError:
            missing.append(path)
            return None
        absent = [column for column in ("epoch", "loss", "valid_f1") if column not in frame]
        if absent:
            raise ValueError(f"{path}: no column {absent[0]!r}; remove it and run `dvc repro train`")
        return frame

    evaluate = {name: tree(f"metrics/evaluate/{name}.json") for name in datasets}
    transfer = {(one, two): tree(f"metrics/transfer/{one}-{two}.json") for one in datasets for two in datasets}
    data = {name: tree(f"metrics/data/{name}.json") for name in datasets}
    features = {name: tree(f"metrics/features/{name}.json", required=False) for name in datasets}
    curves = {(name, seed): history(f"plots/train/{name}/{seed}/history.csv") for name in datasets for seed in seeds}
    return Results(
        fusion=fusion,
        decoder=decoder,
        relation=relation,
        datasets=list(datasets),
        seeds=list(seeds),
        evaluate={key: value for key, value in evaluate.items() if value},
        transfer={key: value for key, value in transfer.items() if value},
        data={key: value for key, value in data.items() if value},
        features={key: value for key, value in features.items() if value},
        ceiling=tree("metrics/ceiling.json", required=False),
        history={key: value for key, value in curves.items() if value is not None},
        missing=missing,
    )


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
