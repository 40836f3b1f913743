"""Training pictures changed at random, so that a model does not learn them by heart."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.transforms import v2

from tandem.params.vision import AugmentParams


class Augmentation:
    """Horizontal flip, random resized crop, colour jitter, in this order, each picture on its own.

    Chance comes from torch's global generator on the CPU, wherever the pictures are, so that a training that goes on
    from a saved random state sees the same views.

    Args:
        params: what is changed, and how much.
        side: S, pixels a side of the square pictures.
    """

    def __init__(self, params: AugmentParams, *, side: int) -> None:
        self._steps: list[v2.Transform] = []
        if params.flip:
            self._steps.append(v2.RandomHorizontalFlip(params.flip))
        if params.crop < 1:
            self._steps.append(v2.RandomResizedCrop(side, scale=(params.crop, 1.0), antialias=True))
        jitter = {name: getattr(params, name) for name in ("brightness", "contrast", "saturation", "hue")}
        if any(jitter.values()):
            self._steps.append(v2.ColorJitter(**jitter))

    def __call__(self, squares: Tensor) -> Tensor:
        """(B, 3, S, S) uint8 -> the same, each picture changed in a way of its own."""
        return _stack([self._change(square) for square in squares]) if len(squares) else squares

    def views(self, squares: Tensor, seeds: Sequence[int]) -> Tensor:
        """(B, 3, S, S) uint8 -> the same, each changed as its seed says; the global generator stays as it is."""
        changed = []
        with torch.random.fork_rng(devices=[]):
            for square, seed in zip(squares, seeds, strict=True):
                torch.manual_seed(seed)
                changed.append(self._change(square))
        return _stack(changed)

    def _change(self, square: Tensor) -> Tensor:
        for step in self._steps:
            square = step(square)
        return square


def _stack(squares: list[Tensor]) -> Tensor:
    """With the channels last in memory, which convolutions compute fastest."""
    return torch.stack(squares).contiguous(memory_format=torch.channels_last)
