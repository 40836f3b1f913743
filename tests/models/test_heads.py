"""The heads: their layers, and the error for an unknown kind."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tandem.models.heads import build_head


def test_heads_linear_is_one_layer() -> None:
    head = build_head("linear", 6, 9, hidden=512, dropout=0.1)
    assert isinstance(head, nn.Linear)
    assert head(torch.zeros(2, 3, 6)).shape == (2, 3, 9)


def test_heads_mlp_has_the_published_layers() -> None:
    head = build_head("mlp", 6, 9, hidden=512, dropout=0.1)
    assert isinstance(head, nn.Sequential)
    assert [type(layer) for layer in head] == [nn.Linear, nn.ReLU, nn.Dropout, nn.Linear]
    assert (head[0].out_features, head[2].p, head[3].out_features) == (512, 0.1, 9)
    assert head(torch.zeros(2, 3, 6)).shape == (2, 3, 9)


def test_heads_unknown_kind_names_the_allowed() -> None:
    with pytest.raises(ValueError, match=r"unknown head 'deep'; allowed: linear, mlp"):
        build_head("deep", 6, 9, hidden=512, dropout=0.1)
