from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from tandem.params.vision import VisionParams
from tandem.vision import extract as module
from tandem.vision.cache import FeatureCache
from tandem.vision.encoder import Encoded, Encoder
from tandem.vision.extract import encoder_key, extract
from tandem.vision.pixels import PixelEncoder

Make = Callable[..., pd.DataFrame]
FILES = ("pooled.parquet", "regions.pt", "features.json")


class _Counting(PixelEncoder):
    """Counts pictures, and fails at the batch it is told to."""

    def __init__(self, fail_at: int | None = None) -> None:
        super().__init__()
        self.pictures, self.batches, self.fail_at = 0, 0, fail_at

    def forward(self, batch: torch.Tensor) -> Encoded:
        if self.batches == self.fail_at:
            raise KeyboardInterrupt
        self.batches += 1
        self.pictures += len(batch)
        return super().forward(batch)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Callable[..., _Counting]:
    """Make `extract` use a counting encoder, shards of one batch."""

    def use(fail_at: int | None = None) -> _Counting:
        encoder = _Counting(fail_at)
        monkeypatch.setattr(module, "load_encoder", lambda params: encoder)
        monkeypatch.setattr(module, "_SHARD_BYTES", 1)
        return encoder

    return use


def _run(pictures: pd.DataFrame, root: Path, out: str = "out", **params: Any) -> dict[str, Any]:
    return extract(pictures, root / out, VisionParams(**params), root / "store")


def _bytes(folder: Path) -> dict[str, bytes]:
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    return {name: (folder / name).read_bytes() for name in FILES}


def test_extract_writes_what_the_encoder_gives(make_pictures: Make, tmp_path: Path) -> None:
    pictures = make_pictures(range(5))
    result = _run(pictures, tmp_path, batch_size=2)
    assert result["counts"]["ok"] == result["counts"]["distinct_contents"] == result["run"]["computed"] == 5
    table = pq.read_table(tmp_path / "out" / "pooled.parquet").to_pandas()
    assert table["image_id"].tolist() == ["0", "1", "2", "3", "4"]
    assert table["width"].tolist() == [50] * 5
    assert table["content"].tolist() == pictures["image_hash"].tolist()
    features = FeatureCache.open(tmp_path / "out").gather(["3"], with_regions=True)
    encoder = PixelEncoder()
    expected = encoder(encoder.collate([encoder.preprocess(Image.open(pictures.loc[3, "image_path"]))]))
    assert torch.equal(features.pooled, expected.pooled)
    assert torch.equal(features.regions, expected.regions.half().float())


def test_extract_keeps_a_row_for_every_picture_that_cannot_be_used(make_pictures: Make, tmp_path: Path) -> None:
    pictures = make_pictures(range(4))
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"nothing")
    digest = hashlib.sha256(b"nothing").hexdigest()
    Path(pictures.loc[1, "image_path"]).unlink()
    pictures.loc[2, ["image_path", "image_hash"]] = None
    pictures.loc[3, ["image_path", "image_hash"]] = [str(broken), digest]
    counts = _run(pictures, tmp_path)["counts"]
    assert {name: counts[name] for name in ("ok", "missing", "broken", "too_large")} == {
        "ok": 1,
        "missing": 2,
        "broken": 1,
        "too_large": 0,
    }
    table = pq.read_table(tmp_path / "out" / "pooled.parquet").to_pandas()
    assert table["status"].tolist() == ["ok", "missing", "missing", "broken"]
    assert table["row"].tolist() == [0, -1, -1, -1]
    assert table["regions"].tolist() == [16, 0, 0, 0]
    assert not table["pooled"][3].any()
    assert table["content"].tolist()[3] == digest


def test_extract_computes_the_same_content_once(
    make_pictures: Make, tmp_path: Path, counting: Callable[..., _Counting]
) -> None:
    encoder = counting()
    counts = _run(make_pictures([7, 8, 7, 7]), tmp_path)["counts"]
    assert encoder.pictures == 2
    assert (counts["ok"], counts["distinct_contents"]) == (4, 2)
    assert torch.load(tmp_path / "out" / "regions.pt", weights_only=True).shape == (2, 16, 124)
    features = FeatureCache.open(tmp_path / "out").gather(["0", "1", "2"], with_regions=True)
    assert torch.equal(features.regions[0], features.regions[2])
    assert not torch.equal(features.regions[0], features.regions[1])


def test_extract_goes_on_after_a_kill(make_pictures: Make, tmp_path: Path, counting: Callable[..., _Counting]) -> None:
    pictures = make_pictures(range(10))
    counting()
    extract(pictures, tmp_path / "whole", VisionParams(batch_size=3), tmp_path / "other")
    counting(fail_at=2)
    with pytest.raises(KeyboardInterrupt):
        _run(pictures, tmp_path, batch_size=3)
    assert not (tmp_path / "out").exists()
    encoder = counting()
    run = _run(pictures, tmp_path, batch_size=3)["run"]
    assert (encoder.pictures, run["from_store"], run["computed"]) == (4, 6, 4)
    assert _bytes(tmp_path / "out") == _bytes(tmp_path / "whole")


def test_extract_survives_sigkill(make_pictures: Make, tmp_path: Path) -> None:
    make_pictures(range(9)).to_parquet(tmp_path / "pictures.parquet")
    code = f"""
import os, signal, pandas as pd
from pathlib import Path
from tandem.params.vision import VisionParams
from tandem.vision import extract as module
module._SHARD_BYTES = 1
inner, done = module.encode_batch, []
def encode(*given):
    if len(done) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    done.append(1)
    return inner(*given)
module.encode_batch = encode
root = Path({str(tmp_path)!r})
module.extract(pd.read_parquet(root / "pictures.parquet"), root / "out", VisionParams(batch_size=2), root / "store")
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, env=environment)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    run = _run(pd.read_parquet(tmp_path / "pictures.parquet"), tmp_path, batch_size=2)["run"]
    assert (run["from_store"], run["computed"]) == (4, 5)


def test_extract_shares_the_store_between_corpora(
    make_pictures: Make, tmp_path: Path, counting: Callable[..., _Counting]
) -> None:
    counting()
    first, second = make_pictures([1, 2, 3], "a"), make_pictures([3, 4], "b")
    _run(first, tmp_path)
    encoder = counting()
    merged = pd.concat([first, second.assign(image_id=["x", "y"])])
    assert _run(merged, tmp_path, "merged")["run"]["from_store"] == 3
    assert encoder.pictures == 1
    encoder = counting()
    _run(second, tmp_path, "second")
    assert encoder.batches == 0


def test_extract_gives_the_same_bytes_again(make_pictures: Make, tmp_path: Path) -> None:
    pictures = make_pictures([1, 2, 3, 1])
    results = [_run(pictures, tmp_path / name, batch_size=2)["counts"] for name in ("a", "b")]
    results.append(_run(pictures, tmp_path / "b", batch_size=2)["counts"])  # from the store, over an earlier output
    assert results[0] == results[1] == results[2]
    assert _bytes(tmp_path / "a" / "out") == _bytes(tmp_path / "b" / "out")


@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_extract_reports_and_computes_a_corrupt_shard_again(
    make_pictures: Make, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = make_pictures(range(3))
    _run(pictures, tmp_path)
    before = _bytes(tmp_path / "out")
    (shard,) = (tmp_path / "store").rglob("*.safetensors")
    data = bytearray(shard.read_bytes())
    if damage == "truncated":
        del data[-50:]
    else:
        data[-50] ^= 0xFF
    shard.write_bytes(data)
    run = _run(pictures, tmp_path)["run"]
    assert (run["corrupt_shards"], run["computed"]) == (1, 3)
    assert shard.name in caplog.text
    assert _bytes(tmp_path / "out") == before


def test_extract_refuses_a_picture_that_changed_since_it_was_prepared(make_pictures: Make, tmp_path: Path) -> None:
    pictures = make_pictures([1, 2])
    Path(pictures.loc[1, "image_path"]).write_bytes(b"other")
    with pytest.raises(ValueError, match=r"1\.png: changed since it was prepared; run"):
        _run(pictures, tmp_path)


def test_extract_applies_the_size_limit_to_stored_pictures_too(make_pictures: Make, tmp_path: Path) -> None:
    pictures = make_pictures([1])
    assert _run(pictures, tmp_path)["counts"]["ok"] == 1
    again = _run(pictures, tmp_path, max_pixels=1024)
    assert (again["counts"]["too_large"], again["counts"]["ok"], again["run"]["computed"]) == (1, 0, 0)
    assert _run(pictures, tmp_path / "fresh", max_pixels=1024)["counts"] == again["counts"]


@pytest.mark.parametrize("rows", [0, 2])
def test_extract_of_no_usable_picture_keeps_the_dimensions(make_pictures: Make, tmp_path: Path, rows: int) -> None:
    pictures = make_pictures(range(2)).head(rows)
    pictures[["image_path", "image_hash"]] = None
    _run(pictures, tmp_path)
    cache = FeatureCache.open(tmp_path / "out")
    assert (len(cache), cache.pooled_dim, cache.region_dim, cache.max_regions) == (rows, 432, 124, 16)
    features = cache.gather(["0", None], with_regions=True)
    assert features.regions.shape == (2, 1, 124)
    assert not features.present.any()


def test_extract_encodes_captions(make_pictures: Make, tmp_path: Path, tiny_bert: Path) -> None:
    pictures = make_pictures(range(5))
    pictures["image_path"] = None
    pictures["caption"] = ["a dog", None, "  ", "a dog runs on the beach", "a dog"]
    params = {"encoder": "caption", "caption_encoder": str(tiny_bert), "batch_size": 1}
    counts = _run(pictures, tmp_path, **params)["counts"]
    assert (counts["ok"], counts["missing"], counts["empty_caption"], counts["distinct_contents"]) == (3, 2, 1, 2)
    features = FeatureCache.open(tmp_path / "out").gather(["0", "3", "4", "1"], with_regions=True)
    assert features.region_mask.sum(dim=1).tolist() == [2, 6, 2, 0]
    assert torch.equal(features.pooled[0], features.pooled[2])
    torch.testing.assert_close(features.regions[1].mean(dim=0), features.pooled[1], rtol=1e-2, atol=1e-2)
    assert (features.regions[0, 2:] == 0).all()


def test_extract_stores_bfloat16_where_asked(make_pictures: Make, tmp_path: Path) -> None:
    _run(make_pictures([1]), tmp_path, storage="bfloat16")
    assert torch.load(tmp_path / "out" / "regions.pt", weights_only=True, mmap=True).dtype == torch.bfloat16


def test_extract_refuses_infinite_features(
    make_pictures: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Endless(PixelEncoder):
        def forward(self, batch: torch.Tensor) -> Encoded:
            pooled, regions, lengths = super().forward(batch)
            return Encoded(pooled / 0, regions, lengths)

    monkeypatch.setattr(module, "load_encoder", lambda params: Endless())
    with pytest.raises(ValueError, match="infinite values"):
        _run(make_pictures([1]), tmp_path)


def test_extract_checks_its_table(make_pictures: Make, tmp_path: Path) -> None:
    pictures = make_pictures([1, 2])
    with pytest.raises(ValueError, match="lacks caption"):
        _run(pictures.drop(columns="caption"), tmp_path)
    with pytest.raises(ValueError, match="image id '0' has more than one row"):
        _run(pictures.assign(image_id="0"), tmp_path)


def test_encoder_key_follows_all_that_changes_the_numbers() -> None:
    base: dict[str, Any] = {"encoder": "timm/test_vit", "weights": "none", "precision": "float32"}
    changes: list[dict[str, Any]] = [
        {},
        {"encoder": "timm/test_vit2"},
        {"weights": "r160_in1k"},
        {"image_size": 160},
        {"max_regions": 16},
        {"storage": "bfloat16"},
        {"precision": "bfloat16"},
    ]
    keys = [encoder_key(VisionParams(**{**base, **change})) for change in changes]
    assert len(set(keys)) == len(keys)
    same = [{"batch_size": 8}, {"workers": 1}, {"max_pixels": 5000}, {"caption_layer": 3}]
    assert {encoder_key(VisionParams(**{**base, **change})) for change in same} == {keys[0]}


def test_encode_all_opens_a_bounded_number_ahead(make_pictures: Make, tmp_path: Path) -> None:
    opened: list[int] = []
    most_ahead = 0

    class Watching(PixelEncoder):
        def preprocess(self, item: Any) -> torch.Tensor:
            opened.append(1)
            return super().preprocess(item)

        def forward(self, batch: torch.Tensor) -> Encoded:
            nonlocal most_ahead
            self.done = getattr(self, "done", 0) + len(batch)
            most_ahead = max(most_ahead, len(opened) - self.done)
            return super().forward(batch)

    encoder: Encoder = Watching()
    pictures = make_pictures(range(40))
    items = [module.Item(row.image_hash, row.image_path) for row in pictures.itertuples()]
    module.encode_all(items, encoder, VisionParams(batch_size=2, workers=4), module.ShardStore(tmp_path / "s"))
    assert most_ahead <= 2 * 2
