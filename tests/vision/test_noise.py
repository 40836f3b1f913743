"""Noise in place of pictures: other numbers of the same mean and spread, and nothing else that changes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tandem.vision.cache import FeatureCache
from tandem.vision.noise import NoiseFeatures

IDS = [f"image-{number}" for number in range(400)]
SCALE = torch.tensor([0.01, 1.0, 50.0])


def cache(regions: Tensor | None = None, usable: int = 400) -> FeatureCache:
    """Pictures of up to 5 regions, 3 numbers of unlike means and spreads each; those from `usable` on are broken."""
    generator = torch.Generator().manual_seed(1)
    pooled = torch.randn(400, 3, generator=generator).exp() * SCALE - 7
    drawn = torch.rand(400, 5, 3, generator=generator) * SCALE + torch.tensor([2.0, -3.0, 100.0])
    lengths = torch.randint(1, 6, (400,), generator=generator)
    rows = torch.where(torch.arange(400) < usable, torch.arange(400).flip(0), -1)
    return FeatureCache(
        ids=IDS, pooled=pooled, rows=rows, lengths=lengths, regions=drawn if regions is None else regions
    )


def test_noise_has_the_mean_and_the_spread_of_every_dimension() -> None:
    own = cache(usable=300)
    noise = NoiseFeatures(own, seed=1)
    usable = IDS[:300]
    plain, found = (one.gather(usable, with_regions=True) for one in (own, noise))
    for ours, theirs in ((found.pooled, plain.pooled), *((x.regions[x.region_mask] for x in (found, plain)),)):
        error = 5 * theirs.std(0) / len(theirs) ** 0.5
        assert ((ours.mean(0) - theirs.mean(0)).abs() < error).all()
        assert torch.allclose(ours.std(0), theirs.std(0), rtol=0.2)
        assert torch.corrcoef(torch.stack([ours[:, 1], theirs[:, 1]]))[0, 1].abs() < 0.2


def test_noise_statistics_are_those_of_usable_pictures_and_valid_regions_alone() -> None:
    own = cache(usable=250)
    found = own.gather(IDS, with_regions=True)
    for moments, values in (
        (own.pooled_moments, found.pooled[found.present]),
        (own.region_moments, found.regions[found.region_mask]),
    ):
        torch.testing.assert_close(moments.mean, values.mean(0), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(moments.spread, values.std(0, correction=0), rtol=1e-3, atol=1e-4)


def test_noise_leaves_alone_what_is_absent_or_masked() -> None:
    own = cache(usable=300)
    ids = [None, "image-3", "unknown", "image-399", "image-4"]
    plain, found = (one.gather(ids, with_regions=True) for one in (own, NoiseFeatures(own, seed=1)))
    assert torch.equal(found.present, plain.present)
    assert torch.equal(found.region_mask, plain.region_mask)
    assert found.present.tolist() == [False, True, False, False, True]
    assert not found.pooled[~found.present].any()
    assert not found.regions[~found.region_mask].any()
    assert not torch.isclose(found.pooled[found.present], plain.pooled[plain.present]).any()
    assert not torch.isclose(found.regions[found.region_mask], plain.regions[plain.region_mask]).any()


def test_noise_of_a_picture_is_its_own_whatever_stands_beside_it() -> None:
    noise = NoiseFeatures(cache(), seed=1)
    alone = noise.gather(["image-7"], with_regions=True)
    beside = NoiseFeatures(cache(), seed=1).gather(["image-9", "image-7", "image-7"], with_regions=True)
    width = alone.regions.shape[1]
    for place in (1, 2):
        assert torch.equal(beside.pooled[place], alone.pooled[0])
        assert torch.equal(beside.regions[place, :width], alone.regions[0])
    assert not torch.isclose(beside.pooled[0], beside.pooled[1]).any()
    assert not torch.isclose(
        NoiseFeatures(cache(), seed=2).gather(["image-7"], with_regions=True).pooled, alone.pooled
    ).any()
    without = noise.gather(["image-7"], with_regions=False)
    assert torch.equal(without.pooled, alone.pooled)
    assert not without.region_mask.any()


def test_noise_in_pictures_themselves_is_pixels() -> None:
    own = cache(torch.randint(256, (400, 5, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8))
    found = NoiseFeatures(own, seed=1).gather(IDS, with_regions=True)
    pixels = found.regions[found.region_mask]
    assert torch.equal(pixels, pixels.byte().float())
    assert pixels.mean() == pytest.approx(128, abs=6)
    assert pixels.std() > 40


def test_noise_of_a_corpus_without_pictures_is_nothing() -> None:
    for own in (cache(usable=0), FeatureCache.empty()):
        found = NoiseFeatures(own, seed=1).gather(["image-1", None], with_regions=True)
        assert not found.present.any()
        assert not found.pooled.any()
        assert torch.equal(own.region_moments.mean, torch.zeros(own.region_dim))
