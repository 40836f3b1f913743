"""The scores that a reader looks at first, out of `dvc metrics diff --json`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from tandem.reporting.results import HEADLINES

OWN = {
    "precision": "precision",
    "recall": "recall",
    "clean.f1": "without test sentences that also stand in train or valid",
    "controls.shuffled_image.f1": "pictures exchanged",
    "controls.noise_image.f1": "noise for pictures",
    "controls.no_image.f1": "no pictures",
    "twin.f1": "text-only twin",
}
"""Of a corpus, below its headline: key -> what a reader calls it. The first two are the headline's own."""
JOINT = ("joint", "entities and relations F1")
SAME = 1e-9  # scores that differ by less are equal: what is left over from writing and reading them


@dataclass(frozen=True)
class Score:
    """A score before and now, in [0, 1]; None where there is none."""

    corpus: str
    name: str
    before: float | None
    now: float | None

    @property
    def moved(self) -> bool:
        """Whether there is a difference, or it is new, or gone."""
        if self.before is None or self.now is None:
            return self.before is not self.now
        return abs(self.now - self.before) > SAME


@dataclass(frozen=True)
class Scores:
    """What `dvc metrics diff` found: the headline of each corpus, what stands below them, and all that is counted."""

    headlines: Mapping[str, Score]
    below: Sequence[Score]
    files: int
    values: int
    moved: int


def read_scores(answer: str) -> Scores:
    """Sort the answer of `dvc metrics diff --json --all`: a file -> a key, with dots -> `old`, `new`."""
    tree: dict[str, dict[str, Any]] = json.loads(answer)
    headlines: dict[str, Score] = {}
    below: list[Score] = []
    transfers: list[Score] = []
    for path, values in tree.items():
        place = PurePosixPath(path)
        if place.parts[:2] == ("metrics", "evaluate"):
            own = _own(place.stem, values)
            if own:
                headlines[place.stem] = own[0]
                below += own[1:]
        elif place.parts[:2] == ("metrics", "transfer"):
            transfers += _transfer(place.stem, values)
    flat = [score for values in tree.values() for score in _all(values)]
    return Scores(headlines, below + transfers, len(tree), len(flat), sum(score.moved for score in flat))


def _own(corpus: str, values: Mapping[str, Any]) -> list[Score]:
    for headline in HEADLINES.values():
        if f"{headline.key}.f1" in values:
            keys = {f"{headline.key}.f1": headline.title}
            keys |= {f"{headline.key}.{key}" if "." not in key else key: name for key, name in OWN.items()}
            return [_score(corpus, name, values[key]) for key, name in keys.items() if key in values]
    return []


def _transfer(name: str, values: Mapping[str, Any]) -> Iterator[Score]:
    """Scores of one corpus's models on another; a corpus on itself repeats its own."""
    half = len(name) // 2
    if name[:half] == name[half + 1 :]:
        return
    kinds = [(headline.key, headline.title) for headline in HEADLINES.values()]
    for key, title in [*kinds, JOINT]:
        if f"{key}.f1" in values:
            yield _score(name, f"transfer, {title}", values[f"{key}.f1"])


def _all(values: Mapping[str, Any]) -> Iterator[Score]:
    for key, value in values.items():
        score = _score("", key, value)
        if score.before is not None or score.now is not None:  # not words, such as the task
            yield score


def _score(corpus: str, name: str, value: Mapping[str, Any]) -> Score:
    return Score(corpus, name, _number(value.get("old")), _number(value.get("new")))


def _number(value: Any) -> float | None:
    return None if isinstance(value, bool) or not isinstance(value, int | float) else float(value)
