"""What holds for every strategy in every variant: absent pictures, padding, gradients, autocast, fixed numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from tandem.fusion import STRATEGIES, Fusion, Picture, strategy

Build = Callable[..., Fusion]
Blank = Callable[[Picture], Picture]

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("text_only", {}),
    ("add", {}),
    ("concat", {}),
    ("concat", {"width": 5}),
    ("bimodal", {}),
    ("bimodal", {"mix": "concat", "activation": "tanh", "dim": 6}),
    ("film", {}),
    ("film", {"form": "plain", "modulator_activation": "relu"}),
    ("film", {"direction": "text_to_image", "output_projection": True}),
    ("film", {"direction": "both"}),
    ("film", {"direction": "both", "form": "plain", "modulator_activation": "relu"}),
    ("attention", {}),
    ("attention", {"scorer": "linear"}),
    ("cross_attention", {}),
    ("cross_attention", {"heads": 2, "ffn_dim": 7, "residual": False}),
    ("gated", {}),
    ("gated", {"granularity": "token", "combine": "add"}),
    ("guided_attention", {}),
    ("guided_attention", {"combine": "add", "scale": False}),
    ("bilinear", {}),
    ("bilinear", {"combine": "concat", "activation": "tanh", "rank": 3}),
    ("hybrid", {}),
    ("hybrid", {"dim": 5, "form": "plain", "modulator_activation": "relu", "scorer": "linear"}),
    ("partial_prediction", {}),
    ("partial_prediction", {"weights": "class"}),
    ("partial_prediction", {"weights": "gate"}),
    ("caption_prefix", {}),
    ("joint", {}),
]
every_variant = pytest.mark.parametrize(
    ("name", "knobs"), VARIANTS, ids=["-".join([name, *map(str, knobs.values())]) for name, knobs in VARIANTS]
)


def reads(fusion: Fusion | type[Fusion]) -> bool:
    """Whether the strategy itself reads the picture: of a joint encoder the text encoder has."""
    return fusion.uses_picture and not fusion.joint


@every_variant
@pytest.mark.parametrize("noise", [float("nan"), float("inf"), 1e30, 7.0])
def test_rules_absent_pictures_and_padded_regions_are_never_read(
    *, build: Build, words: Tensor, word_mask: Tensor, picture: Picture, name: str, knobs: dict[str, Any], noise: float
) -> None:
    fusion = build(name, **knobs)
    noisy = dataclasses.replace(
        picture,
        pooled=torch.where(picture.present.unsqueeze(1), picture.pooled, noise),
        regions=torch.where(picture.region_mask.unsqueeze(2), picture.regions, noise),
        region_mask=picture.region_mask | ~picture.present.unsqueeze(1),  # the mask of an absent picture is not read
    )
    assert torch.equal(fusion(words, word_mask, noisy), fusion(words, word_mask, picture))


@every_variant
def test_rules_present_pictures_count(
    *, build: Build, words: Tensor, word_mask: Tensor, picture: Picture, name: str, knobs: dict[str, Any]
) -> None:
    fusion = build(name, **knobs)
    other = dataclasses.replace(picture, pooled=-picture.pooled, regions=-picture.regions)
    changed = (fusion(words, word_mask, other) != fusion(words, word_mask, picture)).flatten(1).any(1)
    assert changed.tolist() == ([True, True, False, True] if reads(fusion) else [False] * 4)


@every_variant
def test_rules_regions_are_read_only_where_declared(
    *, build: Build, words: Tensor, word_mask: Tensor, picture: Picture, name: str, knobs: dict[str, Any]
) -> None:
    fusion = build(name, **knobs)
    other = dataclasses.replace(picture, regions=torch.full_like(picture.regions, float("nan")))
    same = torch.equal(fusion(words, word_mask, other), fusion(words, word_mask, picture))
    assert same is not (reads(fusion) and fusion.uses_regions)


@every_variant
def test_rules_padding_words_do_not_change_real_ones(
    *, build: Build, words: Tensor, word_mask: Tensor, picture: Picture, name: str, knobs: dict[str, Any]
) -> None:
    fusion = build(name, **knobs)
    noisy = torch.where(word_mask.unsqueeze(-1), words, 1e4)
    found, expected = fusion(noisy, word_mask, picture), fusion(words, word_mask, picture)
    assert torch.equal(found[word_mask], expected[word_mask])
    rows = word_mask.sum(1) <= 3
    kept = Picture(**{field.name: getattr(picture, field.name)[rows] for field in dataclasses.fields(picture)})
    shorter = fusion(words[rows, :3], word_mask[rows, :3], kept)
    torch.testing.assert_close(shorter[word_mask[rows, :3]], expected[rows, :3][word_mask[rows, :3]])


@every_variant
def test_rules_other_words_count_only_where_declared(
    *, build: Build, words: Tensor, word_mask: Tensor, picture: Picture, name: str, knobs: dict[str, Any]
) -> None:
    fusion = build(name, **knobs)
    other = torch.cat([-words[:, :1], words[:, 1:]], dim=1)
    changed = (fusion(other, word_mask, picture) != fusion(words, word_mask, picture))[:, 1:].any(-1)
    mixed = picture.present.unsqueeze(1) & torch.tensor(not fusion.per_word)
    assert torch.equal(changed[word_mask[:, 1:]], mixed.expand_as(changed)[word_mask[:, 1:]])


@every_variant
def test_rules_every_parameter_gets_a_finite_gradient(
    *, build: Build, words: Tensor, word_mask: Tensor, picture: Picture, name: str, knobs: dict[str, Any]
) -> None:
    fusion = build(name, **knobs).train()
    leaf = words.clone().requires_grad_()
    fusion(leaf, word_mask, picture).square().sum().backward()
    assert leaf.grad is not None
    assert torch.isfinite(leaf.grad).all()
    for label, parameter in fusion.named_parameters():
        assert parameter.grad is not None, label
        assert torch.isfinite(parameter.grad).all(), label
        assert parameter.grad.any(), label


@every_variant
@pytest.mark.parametrize("randomise", [True, False])
def test_rules_gradients_stay_finite_without_any_picture(
    *,
    build: Build,
    words: Tensor,
    word_mask: Tensor,
    picture: Picture,
    blank: Blank,
    name: str,
    knobs: dict[str, Any],
    randomise: bool,
) -> None:
    fusion = build(name, randomise=randomise, **knobs).train()
    leaf = words.clone().requires_grad_()
    fused = fusion(leaf, word_mask, blank(picture))
    assert torch.isfinite(fused).all()
    fused.square().sum().backward()
    gradients = [leaf.grad, *(parameter.grad for parameter in fusion.parameters())]
    assert all(gradient is None or torch.isfinite(gradient).all() for gradient in gradients)


@every_variant
def test_rules_text_reaches_the_output_from_the_start(
    *, build: Build, words: Tensor, word_mask: Tensor, picture: Picture, name: str, knobs: dict[str, Any]
) -> None:
    fusion = build(name, randomise=False, **knobs)
    fused = fusion(words, word_mask, picture)
    assert (fused.std(dim=1).mean(dim=-1) > 0.01).all()  # words of a sentence differ, whatever the picture


@every_variant
def test_rules_weights_survive_a_state_dict(
    *, build: Build, words: Tensor, word_mask: Tensor, picture: Picture, name: str, knobs: dict[str, Any]
) -> None:
    first, second = build(name, seed=0, **knobs), build(name, seed=1, **knobs)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first(words, word_mask, picture), second(words, word_mask, picture))


@every_variant
@pytest.mark.parametrize("half_words", [True, False])
def test_rules_autocast_to_bfloat16_stays_close(
    *,
    build: Build,
    words: Tensor,
    word_mask: Tensor,
    picture: Picture,
    name: str,
    knobs: dict[str, Any],
    half_words: bool,
) -> None:
    fusion = build(name, randomise=False, **knobs)
    expected = fusion(words, word_mask, picture)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = fusion(words.bfloat16() if half_words else words, word_mask, picture)
        found.float().square().sum().backward() if reads(fusion) else None
    torch.testing.assert_close(found.float(), expected, atol=0.1, rtol=0.05)


@every_variant
def test_rules_explanations_are_weights_of_what_is_there(
    *, build: Build, words: Tensor, word_mask: Tensor, picture: Picture, name: str, knobs: dict[str, Any]
) -> None:
    fusion = build(name, **knobs)
    found = fusion.explain(words, word_mask, picture)
    assert torch.equal(found.fused, fusion(words, word_mask, picture))
    assert (found.picture_weight is None) is (fusion.weighs == "none")
    if found.picture_weight is not None:
        assert found.picture_weight.shape == words.shape[:2]
        assert not found.picture_weight[2].any()
        there = found.picture_weight[picture.present]
        assert ((there > 0) & (there < 1)).all()
    if found.region_weight is not None:
        assert found.region_weight.shape == (4, 5, 6)
        torch.testing.assert_close(found.region_weight.sum(-1), picture.present.float().unsqueeze(1).expand(4, 5))
        assert not found.region_weight.transpose(1, 2)[~picture.region_mask].any()
    for half in (found.picture_weight, found.region_weight):
        assert half is None or half.dtype == torch.float32


@every_variant
def test_rules_explanations_do_not_depend_on_padding(
    *, build: Build, words: Tensor, word_mask: Tensor, picture: Picture, name: str, knobs: dict[str, Any]
) -> None:
    fusion = build(name, **knobs)
    noisy = torch.where(word_mask.unsqueeze(-1), words, 1e4)
    found, expected = fusion.explain(noisy, word_mask, picture), fusion.explain(words, word_mask, picture)
    for weight in ("picture_weight", "region_weight"):
        one, other = getattr(found, weight), getattr(expected, weight)
        assert one is other is None or torch.equal(one[word_mask], other[word_mask])


@every_variant
def test_rules_explanations_under_autocast_are_float32(
    *, build: Build, words: Tensor, word_mask: Tensor, picture: Picture, name: str, knobs: dict[str, Any]
) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = build(name, **knobs).explain(words.bfloat16(), word_mask, picture)
    for weight in (found.picture_weight, found.region_weight):
        assert weight is None or weight.dtype == torch.float32


@pytest.mark.parametrize("name", [name for name in STRATEGIES if reads(strategy(name))])
def test_rules_dropout_only_in_training(
    *, build: Build, words: Tensor, word_mask: Tensor, picture: Picture, name: str
) -> None:
    fusion = build(name, dropout=0.5)
    assert torch.equal(fusion(words, word_mask, picture), fusion(words, word_mask, picture))
    fusion.train()
    assert not torch.equal(fusion(words, word_mask, picture), fusion(words, word_mask, picture))
