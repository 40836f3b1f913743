"""Gradients kept from step to step are those that autograd makes anew."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tandem.training import tables
from tandem.training.tables import keep_table_gradients

ROWS, WIDTH = 12, 3
Steps = list[list[list[int]]]


class Tagger(nn.Module):
    """Looks words up in a table, of which row 0 is padding; `tied` uses the table as its head too."""

    def __init__(self, *, tied: bool = False) -> None:
        super().__init__()
        self.words = nn.Embedding(ROWS, WIDTH, padding_idx=0)
        self.unused = nn.Embedding(ROWS, WIDTH)
        self.tied = tied

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(self.words(rows))
        return (hidden @ self.words.weight.T if self.tied else hidden).pow(2).sum()


def trained(model: Tagger, steps: Steps) -> list[torch.Tensor]:
    """Gradients of every step, then the weights; a step has one backward pass for each of its parts."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, fused=True)
    seen = []
    for parts in steps:
        optimizer.zero_grad(set_to_none=True)
        for part in parts:
            model(torch.tensor(part)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        gradient = model.words.weight.grad
        assert gradient is not None
        seen.append(gradient.clone())
        optimizer.step()
    return [*seen, model.words.weight.detach(), model.unused.weight.detach()]


words = st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=6)


@pytest.mark.parametrize("tied", [False, True])
@settings(max_examples=30, deadline=None)
@given(steps=st.lists(st.lists(words, min_size=1, max_size=3), min_size=1, max_size=4))
def test_tables_gradients_and_weights_are_those_of_autograd(tied: bool, steps: Steps) -> None:
    with pytest.MonkeyPatch.context() as patch:  # no fixture: hypothesis runs many examples in one
        patch.setattr(tables, "LARGE", 1)
        plain = Tagger(tied=tied)
        kept = copy.deepcopy(plain)
        keep_table_gradients(kept)
        for expected, found in zip(trained(plain, steps), trained(kept, steps), strict=True):
            torch.testing.assert_close(found, expected)


def test_tables_gradient_is_the_same_memory_in_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LARGE", 1)
    model = Tagger()
    keep_table_gradients(model)
    places = set()
    for row in (1, 2, 3):
        model.zero_grad(set_to_none=True)
        model(torch.tensor([row])).backward()
        gradient = model.words.weight.grad
        assert gradient is not None
        assert not gradient.is_sparse
        assert gradient.abs().sum(1).nonzero().flatten().tolist() == [row]
        places.add(gradient.data_ptr())
    assert len(places) == 1


def test_tables_leave_small_and_frozen_ones_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LARGE", 1)
    frozen = Tagger()
    frozen.words.weight.requires_grad_(False)
    keep_table_gradients(frozen)
    assert not frozen.words.sparse
    monkeypatch.setattr(tables, "LARGE", ROWS * WIDTH + 1)
    small = Tagger()
    keep_table_gradients(small)
    assert not small.words.sparse
