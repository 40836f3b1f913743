"""Tags of a trained model for a whole data set."""

from __future__ import annotations

import torch

from tandem.models.data import Dataset
from tandem.models.runtime import Runtime
from tandem.models.tagger import Tagger
from tandem.progress import bar


@torch.inference_mode()
def predict_tags(
    model: Tagger, data: Dataset, runtime: Runtime, *, batch_size: int, description: str
) -> list[list[str]]:
    """Predicted tags in the order of the data, one a word, whatever the sentence's length."""
    model.eval()
    tags: list[list[str]] = [[] for _ in range(len(data))]
    with bar(description, total=len(data), unit="post") as moving:
        for rows, batch in data.in_order_of_length(batch_size):
            with runtime.autocast():
                decoded = model.decode(batch.to(runtime.device))
            for row, sentence in zip(rows, decoded, strict=True):
                tags[row] = sentence
            moving.update(len(rows))
    return tags
