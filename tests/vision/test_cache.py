from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch

from tandem.params.vision import VisionParams
from tandem.vision.cache import FeatureCache, FeatureCacheError
from tandem.vision.extract import extract


@pytest.fixture
def folder(make_pictures: Callable[..., pd.DataFrame], tmp_path: Path) -> Path:
    pictures = make_pictures(range(4))
    pictures.loc[2, ["image_path", "image_hash"]] = None
    extract(pictures, tmp_path / "out", VisionParams(), tmp_path / "store")
    return tmp_path / "out"


def test_cache_gathers_in_the_order_asked(folder: Path) -> None:
    cache = FeatureCache.open(folder)
    assert len(cache) == 4
    features = cache.gather(["3", None, "2", "0", "unknown", "3"], with_regions=True)
    assert features.present.tolist() == [True, False, False, True, False, True]
    assert features.pooled.shape == (6, 432)
    assert features.regions.shape == (6, 16, 124)
    assert features.region_mask.sum(dim=1).tolist() == [16, 0, 0, 16, 0, 16]
    assert torch.equal(features.regions[0], features.regions[5])
    assert not torch.equal(features.regions[0], features.regions[3])
    assert (features.pooled[[1, 2, 4]] == 0).all()
    assert (features.regions[[1, 2, 4]] == 0).all()
    assert features.pooled.dtype == features.regions.dtype == torch.float32


def test_cache_without_regions_gives_one_masked_zero(folder: Path) -> None:
    features = FeatureCache.open(folder).gather(["0", "1"], with_regions=False)
    assert features.regions.shape == (2, 1, 124)
    assert not features.region_mask.any()
    assert features.present.all()
    assert features.pooled.abs().sum() > 0


def test_cache_gathers_an_empty_batch(folder: Path) -> None:
    features = FeatureCache.open(folder).gather([], with_regions=True)
    assert features.pooled.shape == (0, 432)
    assert features.regions.shape == (0, 1, 124)


def test_cache_gathers_a_batch_without_pictures(folder: Path) -> None:
    features = FeatureCache.open(folder).gather([None, "2"], with_regions=True)
    assert features.regions.shape == (2, 1, 124)
    assert not features.present.any()


@pytest.mark.parametrize("name", ["pooled.parquet", "regions.pt", "features.json"])
@pytest.mark.parametrize("damage", ["gone", "truncated"])
def test_cache_names_a_damaged_file_and_the_remedy(folder: Path, name: str, damage: str) -> None:
    file = folder / name
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(FeatureCacheError, match=rf"{name}: .*dvc repro extract"):
        FeatureCache.open(folder)


def test_cache_refuses_files_of_two_runs(folder: Path) -> None:
    summary = json.loads((folder / "features.json").read_text())
    torch.save(torch.zeros(1, 2, 3), folder / "regions.pt")
    with pytest.raises(FeatureCacheError, match=r"regions\.pt: holds \(1, 2, 3\)"):
        FeatureCache.open(folder)
    torch.save(torch.zeros(2, 16, 124), folder / "regions.pt")
    (folder / "features.json").write_text(json.dumps({**summary, "contents": 2}))
    with pytest.raises(FeatureCacheError, match="points past the end"):
        FeatureCache.open(folder)
    (folder / "features.json").write_text(json.dumps({**summary, "contents": 2, "rows": 9}))
    with pytest.raises(FeatureCacheError, match=r"pooled\.parquet: holds 4 rows"):
        FeatureCache.open(folder)


def test_cache_imports_no_encoder() -> None:
    code = (
        "import sys; import tandem.vision.cache; print([name for name in "
        "('PIL', 'timm', 'open_clip', 'transformers', 'torchvision', 'pandas', 'tandem.vision.encoder') "
        "if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "[]"
