"""What became of the posts of a file, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tandem.inference.prediction import Prediction


@dataclass
class Counts:
    """posts: those that were read. broken: rows without a post. pictures: how many by `Prediction.picture`."""

    posts: int = 0
    broken: int = 0
    mentions: int = 0
    relations: int = 0
    pictures: Counter[str] = field(default_factory=Counter)

    def add(self, prediction: Prediction) -> None:
        """Count a post."""
        self.posts += 1
        self.mentions += len(prediction.mentions)
        self.relations += len(prediction.relations)
        self.pictures[prediction.picture] += 1

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**vars(self), "pictures": dict(self.pictures)}

    def include(self, other: Mapping[str, Any]) -> None:
        """Add what `to_dict` gave."""
        for name in ("posts", "broken", "mentions", "relations"):
            setattr(self, name, getattr(self, name) + other[name])
        self.pictures.update(other["pictures"])

    @property
    def rows(self) -> int:
        """How many rows were read, broken ones included."""
        return self.posts + self.broken

    def __str__(self) -> str:
        """One line, without what there is none of."""
        parts = [f"{self.posts:,} {'post' if self.posts == 1 else 'posts'}", f"{self.mentions:,} entities"]
        parts += [f"{self.relations:,} relations"] * bool(self.relations)
        shown = {name: number for name, number in sorted(self.pictures.items()) if name not in {"none", "not used"}}
        if shown:
            parts.append("pictures: " + ", ".join(f"{number:,} {name}" for name, number in shown.items()))
        return "; ".join(parts)
