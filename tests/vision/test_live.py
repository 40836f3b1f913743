from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch

from tandem.params.vision import VisionParams
from tandem.vision.cache import FeatureCache
from tandem.vision.extract import extract
from tandem.vision.live import LiveFeatures


def test_live_features_are_those_of_the_cache(make_pictures: Callable[..., pd.DataFrame], tmp_path: Path) -> None:
    pictures = make_pictures(range(3))
    params = VisionParams()
    extract(pictures, tmp_path / "out", params, tmp_path / "store")
    cached = FeatureCache.open(tmp_path / "out").gather(["0", None, "2"], with_regions=True)
    paths = [Path(path) for path in pictures["image_path"]]
    live, opened = LiveFeatures(params=params).gather([paths[0], None, paths[2].read_bytes()], [None] * 3)
    assert [picture.status for picture in opened] == ["ok", "missing", "ok"]
    for name in ("pooled", "regions", "region_mask", "present"):
        assert torch.equal(getattr(live, name), getattr(cached, name))


def test_live_features_of_nothing_are_absent() -> None:
    live, opened = LiveFeatures(params=VisionParams()).gather([None, b"broken"], [None, "a caption"])
    assert [picture.status for picture in opened] == ["missing", "broken"]
    assert live.regions.shape == (2, 1, 124)
    assert not live.present.any()


def test_live_features_read_captions(tiny_bert: Path) -> None:
    params = VisionParams(encoder="caption", caption_encoder=str(tiny_bert))
    live, opened = LiveFeatures(params=params).gather([None, None, None], ["a dog", " ", None])
    assert [picture.status for picture in opened] == ["ok", "missing", "missing"]
    assert live.region_mask.tolist() == [[True, True], [False, False], [False, False]]
