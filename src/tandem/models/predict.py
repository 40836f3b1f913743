"""What a trained model says about a whole data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from tandem.models.base import Batch, FusedModel
from tandem.models.data import Dataset
from tandem.models.runtime import Runtime
from tandem.progress import bar

Ask = Callable[[Batch, Sequence[int]], Iterable[Any]]
"""Something for each row of a batch, whose rows have these numbers in the data set."""


def predict(model: FusedModel, data: Dataset, runtime: Runtime, *, batch_size: int, description: str) -> list[Any]:
    """What the model decodes for each row, in the order of the data: tags, one a word, or a relation."""

    def decode(batch: Batch, _: Sequence[int]) -> list[Any]:
        return model.decode(batch)

    return ask_all(model, data, runtime, decode, batch_size=batch_size, description=description)


@torch.inference_mode()
def ask_all(
    model: FusedModel, data: Dataset, runtime: Runtime, ask: Ask, *, batch_size: int, description: str
) -> list[Any]:
    """What `ask` finds for each row, in the order of the data, out of batches of at most `batch_size` like lengths."""
    model.eval()
    found: list[Any] = [None] * len(data)
    with bar(description, total=len(data), unit="post") as moving:
        for rows, batch in data.in_order_of_length(batch_size):
            with runtime.autocast():
                asked = ask(batch.to(runtime.device), rows)
            for row, result in zip(rows, asked, strict=True):
                found[row] = result
            moving.update(len(rows))
    return found
