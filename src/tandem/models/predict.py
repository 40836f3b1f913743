"""What a trained model says about a whole data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from tandem.models.base import Batch, FusedModel
from tandem.models.data import Dataset
from tandem.models.reading import Reading
from tandem.models.runtime import Runtime
from tandem.progress import bar

Ask = Callable[[Batch, Sequence[int]], list[Reading]]
"""Reads a batch, whose rows have these numbers in the data set."""


def predict(model: FusedModel, data: Dataset, runtime: Runtime, *, batch_size: int, description: str) -> list[Any]:
    """What the model decodes for each row, in the order of the data: tags, one a word, or a relation."""
    return _by_row(model, lambda batch, _: model.decode(batch), data, runtime, batch_size, description)


def read(
    model: FusedModel, data: Dataset, runtime: Runtime, *, batch_size: int, description: str, ask: Ask | None = None
) -> list[Reading]:
    """How the model reads each row, in the order of the data; `ask` asks it, by default without anything special."""
    return _by_row(model, ask or (lambda batch, _: model.read(batch)), data, runtime, batch_size, description)


@torch.inference_mode()
def _by_row(
    model: FusedModel,
    decode: Callable[[Batch, Sequence[int]], Iterable[Any]],
    data: Dataset,
    runtime: Runtime,
    batch_size: int,
    description: str,
) -> list[Any]:
    model.eval()
    found: list[Any] = [None] * len(data)
    with bar(description, total=len(data), unit="post") as moving:
        for rows, batch in data.in_order_of_length(batch_size):
            with runtime.autocast():
                decoded = decode(batch.to(runtime.device), rows)
            for row, result in zip(rows, decoded, strict=True):
                found[row] = result
            moving.update(len(rows))
    return found
