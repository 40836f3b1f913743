"""What the picture does to single rows: the same model's answer with it and without.

| key | rows of the test split |
|---|---|
| picture.changed | whose answer is another one without the picture |
| picture.helped | of these, right with the picture and wrong without |
| picture.harmed | of these, wrong with the picture and right without |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def contribution(gold: Sequence[Any], own: Sequence[Any], without: Sequence[Any]) -> dict[str, int]:
    """How many rows are `changed`, `helped` and `harmed`; answers are right if they equal the gold's."""
    changed = [(one, other, true) for true, one, other in zip(gold, own, without, strict=True) if one != other]
    return {
        "changed": len(changed),
        "helped": sum(one == true for one, _, true in changed),
        "harmed": sum(other == true for _, other, true in changed),
    }
