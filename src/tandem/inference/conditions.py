"""The same rows read under several conditions, which differ in the pictures alone: their words are encoded once.

The text encoder takes nearly all the time of a reading. Batch by batch, every condition is asked in turn, so that only
one batch's word vectors are kept, whatever the length of the corpus.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tandem.models.base import Batch, FusedModel
from tandem.models.data import Dataset
from tandem.models.predict import ask_all
from tandem.models.reading import Reading
from tandem.models.runtime import Runtime
from tandem.text.base import TextBatch, TextEncoder

PREDICTED, NO_IMAGE = "predicted", "no_image"


class AskAbout(Protocol):
    """Reads a batch, whose rows have these numbers in the data set; about these claims, None = those that it makes."""

    def __call__(self, batch: Batch, rows: Sequence[int], about: Sequence[list[Any]] | None) -> list[Reading]: ...


def read_conditions(
    model: FusedModel,
    conditions: Mapping[str, Dataset],
    runtime: Runtime,
    *,
    batch_size: int,
    description: str,
    ask: AskAbout,
) -> dict[str, list[Reading]]:
    """How the model reads the rows of each of the data sets, by name; the data sets differ in their pictures alone.

    `no_image` is asked about the claims of `predicted`, where that one comes before it.
    """
    sets = list(conditions.values())
    first = sets[0]
    # Captions are as long as they are: a batch must be small enough under every condition.
    first.costs = [max(costs) for costs in zip(*(data.costs for data in sets), strict=True)]

    def under_each(batch: Batch, rows: Sequence[int]) -> list[dict[str, Reading]]:
        found: dict[str, list[Reading]] = {}
        for name, data in conditions.items():
            shown = batch if data is first else data.batch(rows).to(runtime.device)
            own = found.get(PREDICTED) if name == NO_IMAGE else None
            found[name] = ask(shown, rows, None if own is None else [one.claims for one in own])
        return [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]

    with words_encoded_once(model):
        by_row = ask_all(model, first, runtime, under_each, batch_size=batch_size, description=description)
    return {name: [row[name] for row in by_row] for name in conditions}


@contextmanager
def words_encoded_once(model: FusedModel) -> Iterator[None]:
    """The text encoder of the model remembers its last batch; one that reads pictures too is left as it is."""
    encoder = model.text
    if not model.fusion.joint:
        model.text = _Remembering(encoder)  # type: ignore[assignment]  # stands in for it
    try:
        yield
    finally:
        model.text = encoder


class _Remembering(nn.Module):
    """Says what a text encoder said, without asking again, while the words are the same."""

    def __init__(self, encoder: TextEncoder) -> None:
        super().__init__()
        self._encoder = encoder
        self._last: tuple[TextBatch, Tensor] | None = None

    def forward(self, batch: TextBatch) -> Tensor:
        if self._last is None or not _equal(self._last[0], batch):
            self._last = batch, self._encoder(batch)
        return self._last[1]


def _equal(one: TextBatch, other: TextBatch) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
