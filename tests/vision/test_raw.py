from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from tandem.params.vision import VisionParams
from tandem.vision.cache import FeatureCache
from tandem.vision.extract import encoder_key, extract
from tandem.vision.live import LiveFeatures
from tandem.vision.pictures import centre_square
from tandem.vision.squares import to_squares

Make = Callable[..., pd.DataFrame]
SIDE = 32


def expected(path: str) -> torch.Tensor:
    square = centre_square(Image.open(path), SIDE, Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(square)).permute(2, 0, 1)


@pytest.mark.parametrize("settings", [{"encoder": "raw"}, {"encoder": "torchvision/resnet18", "train": True}])
def test_raw_pictures_come_back_byte_for_byte(make_pictures: Make, tmp_path: Path, settings: dict) -> None:
    pictures = make_pictures(range(5))
    pictures.loc[1, ["image_path", "image_hash"]] = None
    params = VisionParams(**settings, weights=None, image_size=SIDE, batch_size=2, storage="bfloat16", max_regions=4)
    assert extract(pictures, tmp_path / "out", params, tmp_path / "store")["counts"]["ok"] == 4
    stored = torch.load(tmp_path / "out/regions.pt", weights_only=True, mmap=True)
    assert (stored.dtype, tuple(stored.shape)) == (torch.uint8, (4, SIDE, 3 * SIDE))
    cache = FeatureCache.open(tmp_path / "out")
    assert (cache.pooled_dim, cache.region_dim, cache.max_regions) == (3, 3 * SIDE, SIDE)
    found = cache.gather(["3", None, "1", "0"], with_regions=True)
    assert found.present.tolist() == [True, False, False, True]
    assert found.region_mask.sum(1).tolist() == [SIDE, 0, 0, SIDE]
    squares = to_squares(found.regions)
    for row, image_id in ((0, 3), (3, 0)):
        picture = expected(pictures.loc[image_id, "image_path"])
        assert torch.equal(squares[row], picture)
        torch.testing.assert_close(found.pooled[row], picture.float().mean((1, 2)))
    live = LiveFeatures(params=params)
    own = live.gather([live.open(Path(pictures.loc[3, "image_path"]))])
    assert torch.equal(own.regions[0], found.regions[0])


def test_raw_key_follows_the_size_alone() -> None:
    def key(**settings: object) -> str:
        return encoder_key(VisionParams(**{"encoder": "raw", "image_size": SIDE, **settings}).extracted)

    same = [
        {"storage": "bfloat16"},
        {"precision": "bfloat16"},
        {"max_regions": 4},
        {"encoder": "torchvision/resnet18", "train": True},
        {"encoder": "timm/test_vit", "weights": "none", "train": True, "augment": {"flip": 0}},
    ]
    assert {key(**settings) for settings in same} == {key()}
    assert key().startswith("raw-")
    assert key(image_size=64) != key()


def test_raw_says_all_that_a_training_of_the_encoder_follows(make_pictures: Make, tmp_path: Path) -> None:
    def summary(**settings: object) -> dict:
        base = {"encoder": "torchvision/resnet18", "weights": "none", "train": True, "image_size": SIDE}
        extract(make_pictures(range(2)), tmp_path / "out", VisionParams(**{**base, **settings}), tmp_path / "store")
        return json.loads((tmp_path / "out/features.json").read_text())

    plain = summary()
    assert plain["key"].startswith("raw-")
    assert plain["trains"]["encoder"] == "torchvision/resnet18"
    assert plain["trains"]["augment"]["flip"] == 0.5
    assert summary(batch_size=1, workers=1, precision="float32") == plain
    changes = [{"augment": {"flip": 0.25}}, {"max_regions": 4}, {"encoder": "torchvision/resnet34"}]
    for change in changes:
        assert summary(**change) != plain
    assert "trains" not in summary(train=False)
