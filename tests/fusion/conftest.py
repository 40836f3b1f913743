"""Small words and pictures for the tests of the fusion strategies."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tandem.fusion import Fusion, Picture, build_fusion
from tandem.params.fusions import FUSION_PARAMS

TEXT, POOLED, REGION, CLASSES = 16, 12, 10, 3

Build = Callable[..., Fusion]
Array = np.ndarray[Any, Any]


@pytest.fixture
def build() -> Build:
    """Build a strategy in evaluation mode, with seeded random weights even where training starts at zero."""

    def make(name: str, seed: int = 0, randomise: bool = True, **knobs: Any) -> Fusion:
        torch.manual_seed(seed)
        fusion = build_fusion(
            name,
            knobs=FUSION_PARAMS[name](**knobs),
            text_dim=TEXT,
            pooled_dim=POOLED,
            region_dim=REGION,
            classes=CLASSES,
        ).eval()
        if randomise:
            with torch.no_grad():
                for parameter in fusion.parameters():
                    parameter.copy_(0.5 * torch.randn(parameter.shape))
        return fusion

    return make


@pytest.fixture
def words() -> Tensor:
    """(4, 5, 16)"""
    return torch.randn(4, 5, TEXT, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def word_mask() -> Tensor:
    """(4, 5), lengths 5, 3, 4, 2."""
    return torch.arange(5) < torch.tensor([[5], [3], [4], [2]])


@pytest.fixture
def picture() -> Picture:
    """Four pictures, the third absent, with 6, 2, 0 and 4 valid regions."""
    generator = torch.Generator().manual_seed(2)
    return Picture(
        pooled=torch.randn(4, POOLED, generator=generator),
        regions=torch.randn(4, 6, REGION, generator=generator),
        region_mask=torch.arange(6) < torch.tensor([[6], [2], [0], [4]]),
        present=torch.tensor([True, True, False, True]),
    )


@pytest.fixture
def inputs(words: Tensor, word_mask: Tensor, picture: Picture) -> tuple[Tensor, Tensor, Picture]:
    return words, word_mask, picture


@pytest.fixture
def blank() -> Callable[[Picture], Picture]:
    """The same batch with every picture absent, and their features not numbers."""

    def make(picture: Picture) -> Picture:
        return dataclasses.replace(
            picture,
            pooled=torch.full_like(picture.pooled, float("nan")),
            regions=torch.full_like(picture.regions, float("inf")),
            present=torch.zeros_like(picture.present),
        )

    return make


class Reference:
    """The layers of the strategies, written again in NumPy for one vector at a time."""

    @staticmethod
    def array(tensor: Tensor) -> Array:
        return tensor.detach().double().numpy()

    @classmethod
    def linear(cls, layer: Any, x: Array) -> Array:
        out = cls.array(layer.weight) @ x
        return out if layer.bias is None else out + cls.array(layer.bias)

    @classmethod
    def norm(cls, layer: Any, x: Array) -> Array:
        return (x - x.mean()) / np.sqrt(x.var() + layer.eps) * cls.array(layer.weight) + cls.array(layer.bias)

    @classmethod
    def image(cls, projection: Any, features: Array) -> Array:
        return cls.linear(projection.linear, cls.norm(projection.norm, features))

    @classmethod
    def modulate(cls, modulation: Any, source: Array, target: Array, form: str, activation: str) -> Array:
        gamma, beta = cls.linear(modulation.gamma, source), cls.linear(modulation.beta, source)
        if activation == "relu":
            gamma, beta = cls.relu(gamma), cls.relu(beta)
        return (gamma + 1 if form == "residual" else gamma) * target + beta

    @classmethod
    def modality_weights(cls, weights: Any, scorer: str, word: Array, image: Array, start: str = "text") -> Array:
        def score(layers: Any, x: Array) -> float:
            hidden = np.tanh(cls.linear(layers[0], x))
            return float(cls.linear(layers[3], hidden)[0] / (np.sqrt(len(hidden)) if start == "text" else 1))

        if scorer == "linear":
            return cls.softmax(cls.linear(weights.joint, np.concatenate([word, image])))
        return cls.softmax(
            np.array([score(weights.text_scorer.layers, word), score(weights.image_scorer.layers, image)])
        )

    @staticmethod
    def softmax(x: Array) -> Array:
        return np.asarray(np.exp(x - x.max()) / np.exp(x - x.max()).sum())

    @staticmethod
    def sigmoid(x: Array) -> Array:
        return np.asarray(1 / (1 + np.exp(-x)))

    @staticmethod
    def relu(x: Array) -> Array:
        return np.maximum(x, 0)

    @classmethod
    def check(
        cls,
        fusion: Fusion,
        inputs: tuple[Tensor, Tensor, Picture],
        equation: Callable[[Array, Array | None, Array], Array],
    ) -> None:
        """Hold every word to `equation` of the word, the projected picture or None, and the valid raw regions."""
        words, word_mask, picture = inputs
        found = fusion(words, word_mask, picture)
        assert found.shape == (*words.shape[:2], fusion.out_dim)
        for b in range(len(words)):
            present = bool(picture.present[b])
            pooled = None
            if present and not fusion.uses_regions:
                pooled = cls.image(fusion.image, cls.array(picture.pooled[b]))
            regions = cls.array(picture.regions[b][picture.region_mask[b] & present])
            for t in range(words.shape[1]):
                expected = equation(cls.array(words[b, t]), pooled, regions)
                np.testing.assert_allclose(cls.array(found[b, t]), expected, rtol=1e-4, atol=1e-5)


@pytest.fixture
def ref() -> type[Reference]:
    return Reference
