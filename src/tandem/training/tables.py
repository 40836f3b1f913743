"""Gradients of large embedding tables, kept in memory from step to step.

A batch looks up a few hundred of a table's rows, yet its gradient is as large as the table: 47 MB for MiniLM, taken
from the operating system, cleared and given back in every step, which cost a fifth of the step on one core. Here the
gradient stays where it is and only the rows that the last step wrote are cleared. The numbers are the same.
"""

from __future__ import annotations

import torch
from torch import nn

LARGE = 2**20  # elements; below that the allocator keeps the memory anyway


class _Table:
    """Gives an embedding's weight the same tensor as its gradient in every step."""

    def __init__(self, embedding: nn.Embedding) -> None:
        embedding.sparse = True  # the backward pass then hands over rows, and autograd adds them to what `grad` holds
        self.weight = embedding.weight
        self.gradient: torch.Tensor | None = None
        self.written: list[torch.Tensor] = []  # numbers of the rows that are not zero
        self.weight.register_hook(self._before_accumulation)

    def _before_accumulation(self, arriving: torch.Tensor) -> None:
        if not arriving.is_sparse:  # the weight is used elsewhere too (a tied head): any row may be written
            self.gradient = None
            return
        if self.weight.grad is None:  # first backward pass of a step
            self.weight.grad = self._cleared()
        self.written.append(arriving._indices()[0])

    def _cleared(self) -> torch.Tensor:
        if self.gradient is None:
            self.gradient = torch.zeros_like(self.weight)
        for rows in self.written:
            self.gradient[rows] = 0
        self.written.clear()
        return self.gradient


def keep_table_gradients(model: nn.Module) -> None:
    """Keep the gradients of the large embedding tables that train; to be called once, when the model is on its device.

    On a GPU, where memory is pooled and clearing it costs nothing, gradients stay as they are.
    """
    for module in model.modules():
        if isinstance(module, nn.Embedding) and not module.scale_grad_by_freq:
            weight = module.weight
            if weight.requires_grad and weight.device.type == "cpu" and weight.numel() >= LARGE:
                _Table(module)
