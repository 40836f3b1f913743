"""What a trained model says about a whole data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from tandem.models.base import Batch, FusedModel
from tandem.models.data import Dataset
from tandem.models.relation import RelationClassifier
from tandem.models.runtime import Runtime
from tandem.progress import bar


def predict(model: FusedModel, data: Dataset, runtime: Runtime, *, batch_size: int, description: str) -> list[Any]:
    """What the model decodes for each row, in the order of the data: tags, one a word, or a relation."""
    return _by_row(model, model.decode, data, runtime, batch_size, description)


def predict_log_probabilities(
    model: RelationClassifier, data: Dataset, runtime: Runtime, *, batch_size: int, description: str
) -> Tensor:
    """log p(relation | pair) of every pair, (N, K) float32 on the CPU, in the order of the data."""

    def decode(batch: Batch) -> Tensor:
        return model.log_probabilities(batch).cpu()

    rows = _by_row(model, decode, data, runtime, batch_size, description)
    return torch.stack(rows) if rows else torch.zeros(0, len(model.label_names))


@torch.inference_mode()
def _by_row(
    model: FusedModel,
    decode: Callable[[Batch], Iterable[Any]],
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
                decoded = decode(batch.to(runtime.device))
            for row, result in zip(rows, decoded, strict=True):
                found[row] = result
            moving.update(len(rows))
    return found
