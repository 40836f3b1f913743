from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from PIL import Image

from tandem.params.vision import VisionParams
from tandem.vision import live as module
from tandem.vision.cache import FeatureCache, PictureFeatures
from tandem.vision.extract import extract
from tandem.vision.live import LiveFeatures

Make = Callable[..., pd.DataFrame]


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures each pass through an encoder had."""
    sizes: list[int] = []
    inner = module.encode_batch

    def counted(encoder, tensors, params, place):
        sizes.append(len(tensors))
        return inner(encoder, tensors, params, place)

    monkeypatch.setattr(module, "encode_batch", counted)
    return sizes


def same(one: PictureFeatures, other: PictureFeatures) -> bool:
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in vars(one))


def test_live_features_are_those_of_the_cache(make_pictures: Make, tmp_path: Path) -> None:
    pictures = make_pictures(range(3))
    params = VisionParams()
    extract(pictures, tmp_path / "out", params, tmp_path / "store")
    cached = FeatureCache.open(tmp_path / "out").gather(["0", None, "2"], with_regions=True)
    paths = [Path(path) for path in pictures["image_path"]]
    live = LiveFeatures(params=params)
    opened = [live.open(source) for source in (paths[0], None, paths[2].read_bytes())]
    assert [one.status for one in opened] == ["ok", "missing", "ok"]
    assert same(live.gather(opened), cached)


def test_live_features_of_a_network_are_nearly_those_of_the_cache(make_pictures: Make, tmp_path: Path) -> None:
    pictures = make_pictures(range(5))
    params = VisionParams(encoder="torchvision/resnet18", weights="none", image_size=64, batch_size=5, max_regions=4)
    extract(pictures, tmp_path / "out", params, tmp_path / "store")
    cached = FeatureCache.open(tmp_path / "out").gather(["1", "3"], with_regions=True)
    live = LiveFeatures(params=params)
    found = live.gather([live.open(Path(pictures.loc[row, "image_path"])) for row in (1, 3)])
    # Other neighbours in a batch are other kernels; the same bound as between batches of extraction.
    torch.testing.assert_close(found.pooled, cached.pooled, rtol=2e-2, atol=2e-2)
    torch.testing.assert_close(found.regions, cached.regions, rtol=2e-2, atol=2e-2)
    assert torch.equal(found.region_mask, cached.region_mask)


def test_live_features_of_nothing_are_absent() -> None:
    live = LiveFeatures(params=VisionParams())
    opened = [live.open(None, "a caption"), live.open(b"broken"), live.open(Path("a\0b"))]
    assert [one.status for one in opened] == ["missing", "broken", "missing"]
    found = live.gather([*opened, None])
    assert found.regions.shape == (4, 1, 124)
    assert not found.present.any()
    assert live.gather([]).pooled.shape == (0, 432)


def test_live_features_read_captions(tiny_bert: Path) -> None:
    live = LiveFeatures(params=VisionParams(encoder="caption", caption_encoder=str(tiny_bert)))
    opened = [live.open(None, caption) for caption in ("a dog", " ", None)]
    assert [one.status for one in opened] == ["ok", "missing", "missing"]
    assert live.gather(opened).region_mask.tolist() == [[True, True], [False, False], [False, False]]


def test_live_same_content_is_encoded_once(make_pictures: Make, encoded: list[int]) -> None:
    first, second = (Path(path) for path in make_pictures(range(2))["image_path"])
    live = LiveFeatures(params=VisionParams())
    found = live.gather([live.open(source) for source in (first, second, first, first.read_bytes())])
    assert encoded == [2]
    assert torch.equal(found.pooled[0], found.pooled[3])
    opened = live.open(first)
    assert opened.tensor is None  # not even decoded
    assert same(live.gather([opened, live.submit(second).result()]), live.gather([opened, live.open(second)]))
    assert live.open(None, content=opened.content).status == "ok"  # nor read, where the content is known
    assert encoded == [2]


def test_live_memory_is_bounded(make_pictures: Make, encoded: list[int]) -> None:
    paths = [Path(path) for path in make_pictures(range(4))["image_path"]]
    size = 4 * 432 + 2 * 16 * 124  # bytes of one picture
    live = LiveFeatures(params=VisionParams(), memory=2 * size)
    for path in (paths[0], paths[1], paths[0], paths[2], paths[0]):  # 1 goes when 2 comes, because 0 was used since
        live.gather([live.open(path)])
    assert encoded == [1, 1, 1]
    live.gather([live.open(paths[1])])
    assert encoded == [1, 1, 1, 1]
    # What was opened while it was still kept is there nonetheless.
    opened = live.open(paths[1])
    for path in paths[2:]:
        live.gather([live.open(path)])
    assert live.gather([opened]).present.all()


def test_live_images_in_memory_are_read_as_their_files(make_pictures: Make, encoded: list[int]) -> None:
    path = Path(make_pictures([3])["image_path"][0])
    live = LiveFeatures(params=VisionParams())
    image = Image.open(path)
    found = live.gather([live.open(path), live.open(image), live.open(Image.open(io.BytesIO(path.read_bytes())))])
    assert encoded == [2]  # the file, and the pixels
    assert torch.equal(found.pooled[0], found.pooled[1])
    assert torch.equal(found.regions[0], found.regions[2])


def test_live_broken_images_in_memory_say_so(tmp_path: Path) -> None:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(data, "JPEG")
    lazy = Image.open(io.BytesIO(data.getvalue()[:-300]))
    live = LiveFeatures(params=VisionParams(max_pixels=5000))
    assert live.open(lazy).status == "broken"
    assert live.open(Image.new("RGB", (100, 100))).status == "too_large"


def test_live_without_regions_keeps_none(make_pictures: Make) -> None:
    live = LiveFeatures(params=VisionParams(), with_regions=False)
    found = live.gather([live.open(Path(make_pictures([0])["image_path"][0]))])
    assert found.present.all()
    assert found.regions.shape == (1, 1, 124)
    assert not found.region_mask.any()


@pytest.mark.parametrize("with_regions", [True, False])
def test_live_shelf_is_that_of_extraction(
    make_pictures: Make, tmp_path: Path, encoded: list[int], with_regions: bool
) -> None:
    pictures, params = make_pictures(range(3)), VisionParams()
    paths = [Path(path) for path in pictures["image_path"]]
    extract(pictures.iloc[:1], tmp_path / "out", params, tmp_path / "store")
    settings = {"params": params, "shelf": tmp_path / "store", "with_regions": with_regions}
    live = LiveFeatures(**settings)
    first = live.gather([live.open(path) for path in paths])
    assert encoded == [2]
    live.flush()
    again = LiveFeatures(**settings)
    assert same(again.gather([again.open(path) for path in paths]), first)
    assert encoded == [2]
    run = extract(pictures, tmp_path / "out", params, tmp_path / "store")["run"]
    assert (run["from_store"], run["computed"]) == (3, 0)
