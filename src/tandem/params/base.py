"""What every group of knobs shares: unknown keys are errors, values never change after reading."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict


class Knobs(BaseModel):
    """A frozen group of knobs that rejects keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def suggest(name: str, allowed: Iterable[str]) -> str:
    """One sentence that lists the allowed names and, where one is near, asks whether it was meant."""
    names = sorted(allowed)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}Allowed: {', '.join(names)}"
