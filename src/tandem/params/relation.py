"""Knobs of relation extraction."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tandem.params.base import Knobs


class RelationParams(Knobs):
    """How a pair of entities becomes a vector, and how its relation is decided."""

    pooling: Literal["start", "span"] = Field(
        "start", description="of head and tail: the vector of its start marker, or the mean of its words"
    )
    types: Literal["none", "names", "ner"] = Field(
        "none",
        description="constrain relations by entity types: `names` decides the pair of types that the relations' own "
        "names give first; `ner` takes the types from a NER model, where there is one (transfer)",
    )
