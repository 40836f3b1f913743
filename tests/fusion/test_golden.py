"""Fixed numbers on fixed weights: a change of any strategy's arithmetic or of its parameters' order shows here."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tandem.fusion import Fusion, Picture


def _wave(*shape: int, phase: float) -> Tensor:
    """Numbers between -1 and 1 that no random generator decides."""
    size = int(torch.tensor(shape).prod())
    return torch.sin(torch.arange(size, dtype=torch.float64) * 0.7 + phase).float().reshape(shape)


# The first three numbers of the fused second word, then the mean of its squares.
GOLDEN: dict[str, list[float]] = {
    "text_only": [-0.95402, -0.53657, 0.13323, 0.49463],
    "add": [0.08282, -2.65236, 0.61343, 2.157],
    "concat": [3.96886, 0.0, 6.27329, 9.28556],
    "bimodal": [1.90036, 0.04794, 0.0, 0.66953],
    "film": [-3.92624, -0.76855, 2.81782, 3.65225],
    "attention": [0.01934, -1.30868, 0.30287, 0.52475],
    "cross_attention": [0.99783, -0.14849, 0.16347, 3.47622],
    "gated": [-0.95402, -0.53657, 0.13323, 0.64546],
    "guided_attention": [-0.95402, -0.53657, 0.13323, 0.40548],
    "bilinear": [8.20662, -6.01485, -8.32001, 56.42569],
    "hybrid": [0.35459, 10.0662, 2.19956, 9.04074],
    "partial_prediction": [-0.64785, 2.02492, 1.77629, 2.5584],
    "caption_prefix": [-0.95402, -0.53657, 0.13323, 0.49463],
    "joint": [-0.95402, -0.53657, 0.13323, 0.49463],
}


@pytest.mark.parametrize("name", list(GOLDEN))
def test_golden_values(build: Callable[..., Fusion], name: str) -> None:
    fusion = build(name, hidden=5) if name in ("attention", "hybrid") else build(name)
    with torch.no_grad():
        for number, parameter in enumerate(fusion.parameters()):
            parameter.copy_(0.5 * _wave(*parameter.shape, phase=float(number)))
    picture = Picture(
        pooled=_wave(1, 12, phase=0.3),
        regions=_wave(1, 6, 10, phase=0.6),
        region_mask=torch.tensor([[True, True, True, True, False, False]]),
        present=torch.tensor([True]),
    )
    word = fusion.requires_grad_(False)(_wave(1, 2, 16, phase=0.1), torch.ones(1, 2, dtype=torch.bool), picture)[0, 1]
    found = [*word[:3].tolist(), float(word.square().mean())]
    assert found == pytest.approx(GOLDEN[name], rel=1e-4, abs=1e-5)
