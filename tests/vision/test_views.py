"""Augmented views: cached, the same each time, and unseen by what asks for plain pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

from tandem.params.vision import AugmentParams, VisionParams
from tandem.vision import extract as module
from tandem.vision.augment import Augmentation
from tandem.vision.cache import FeatureCache, FeatureCacheError
from tandem.vision.encoder import Encoded
from tandem.vision.extract import Item, encoder_key, extract
from tandem.vision.pictures import open_picture
from tandem.vision.pixels import PixelEncoder

Make = Callable[..., pd.DataFrame]
PLAIN = ("pooled.parquet", "regions.pt")
VIEWS = ("views.parquet", "views.pt", "views_pooled.pt")
TRAIN = ("0", "1", "3")


def run(
    pictures: pd.DataFrame, root: Path, out: str = "out", train: tuple[str, ...] = TRAIN, **params: Any
) -> dict[str, Any]:
    return extract(pictures, root / out, VisionParams(**{"views": 2, **params}), root / "store", train)["run"]


def read(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names}


def gather(folder: Path, ids: list[str], views: list[int]) -> Any:
    return FeatureCache.open(folder).gather(ids, with_regions=True, views=torch.tensor(views))


def test_views_are_the_encoder_on_augmented_pictures(make_pictures: Make, tmp_path: Path) -> None:
    pictures = make_pictures(range(5))
    run(pictures, tmp_path, batch_size=2)
    found = gather(tmp_path / "out", ["3", "0", "3", "3"], [1, 2, 0, 2])
    encoder = PixelEncoder()
    change = Augmentation(AugmentParams(), side=24)
    for place, (image_id, view) in enumerate([(3, 1), (0, 2), (3, 0), (3, 2)]):
        path, content = pictures.loc[image_id, ["image_path", "image_hash"]]
        square = encoder.preprocess(open_picture(Path(path), 10**6).image).unsqueeze(0)
        seed = Item(content, path, view).seed
        expected = encoder(change.views(square, [seed]) if view else square)
        assert torch.equal(found.pooled[place], expected.pooled[0])
        assert torch.equal(found.regions[place], expected.regions[0].half().float())
    assert len({pooled.numpy().tobytes() for pooled in found.pooled}) == 4


def test_views_leave_plain_pictures_as_they_were(make_pictures: Make, tmp_path: Path) -> None:
    pictures = make_pictures([1, 2, 3, 2])  # image id 3, of the train split, has the content of image id 1, of test
    run(pictures, tmp_path, "none", views=0)
    run(pictures, tmp_path, "two", train=("0", "3"))
    assert sorted(path.name for path in (tmp_path / "none").iterdir()) == ["features.json", *PLAIN]
    assert read(tmp_path / "two", PLAIN) == read(tmp_path / "none", PLAIN)
    none, two = (json.loads((tmp_path / name / "features.json").read_text()) for name in ("none", "two"))
    said = two.pop("views")
    assert two == none
    assert (said["each"], said["contents"]) == (2, 2)
    assert pq.read_table(tmp_path / "two/views.parquet").column("row").to_pylist() == [0, 0, 1, 1]
    caches = [FeatureCache.open(tmp_path / name) for name in ("none", "two")]
    ids = ["0", "1", "2", "3", None]
    plain, same = (cache.gather(ids, with_regions=True) for cache in caches)
    for name in ("pooled", "regions", "region_mask", "present"):
        assert torch.equal(getattr(plain, name), getattr(same, name))
    assert [cache.views for cache in caches] == [0, 2]


def test_views_of_a_picture_that_has_none_are_plain(make_pictures: Make, tmp_path: Path) -> None:
    pictures = make_pictures(range(5))
    pictures.loc[1, ["image_path", "image_hash"]] = None
    run(pictures, tmp_path)
    ids = ["2", "1", "0"]  # of the test split; missing; of the train split
    plain, viewed = gather(tmp_path / "out", ids, [0, 0, 0]), gather(tmp_path / "out", ids, [2, 2, 2])
    assert viewed.present.tolist() == plain.present.tolist() == [True, False, True]
    assert torch.equal(viewed.pooled[:2], plain.pooled[:2])
    assert torch.equal(viewed.regions[:2], plain.regions[:2])
    assert not torch.equal(viewed.pooled[2], plain.pooled[2])
    with pytest.raises(ValueError, match=r"views \[0, 3\]: there are 0 to 2"):
        gather(tmp_path / "out", ["0", "1"], [0, 3])


def test_views_without_regions(make_pictures: Make, tmp_path: Path) -> None:
    run(make_pictures(range(4)), tmp_path)
    cache = FeatureCache.open(tmp_path / "out")
    views = torch.tensor([1, 0])
    short = cache.gather(["0", "1"], with_regions=False, views=views)
    assert torch.equal(short.pooled, cache.gather(["0", "1"], with_regions=True, views=views).pooled)
    assert not short.region_mask.any()


def test_views_are_computed_once_and_the_same_in_any_order(make_pictures: Make, tmp_path: Path) -> None:
    pictures = make_pictures(range(4))
    first = run(pictures, tmp_path, batch_size=2)
    assert (first["computed"], first["from_store"]) == (4 + 2 * 3, 0)
    again = run(pictures, tmp_path, "again", batch_size=2)
    assert (again["computed"], again["from_store"]) == (0, 10)
    more = run(pictures, tmp_path, "more", views=3, batch_size=2)
    assert (more["computed"], more["from_store"]) == (3, 10)
    run(pictures.iloc[::-1], tmp_path / "other", batch_size=3, views=3)
    ids, views = ["0", "1", "3", "3"], [2, 1, 3, 1]
    one, two = gather(tmp_path / "more", ids, views), gather(tmp_path / "other/out", ids, views)
    torch.testing.assert_close(one.pooled, two.pooled)
    torch.testing.assert_close(gather(tmp_path / "out", ids[:2], views[:2]).pooled, one.pooled[:2])
    assert read(tmp_path / "out", VIEWS) == read(tmp_path / "again", VIEWS)


def test_views_go_on_after_a_kill(make_pictures: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Dying(PixelEncoder):
        batches = 0

        def forward(self, batch: torch.Tensor) -> Encoded:
            self.batches += 1
            if self.batches == 5:  # two batches of plain pictures, two of views are done
                raise KeyboardInterrupt
            return super().forward(batch)

    pictures = make_pictures(range(4))
    monkeypatch.setattr(module, "_SHARD_BYTES", 1)
    run(pictures, tmp_path / "whole", batch_size=2)
    with monkeypatch.context() as patch:
        patch.setattr(module, "load_encoder", lambda params: Dying())
        with pytest.raises(KeyboardInterrupt):
            run(pictures, tmp_path, batch_size=2)
    assert not (tmp_path / "out").exists()
    resumed = run(pictures, tmp_path, batch_size=2)
    assert (resumed["from_store"], resumed["computed"]) == (8, 2)
    assert read(tmp_path / "out", (*PLAIN, *VIEWS)) == read(tmp_path / "whole/out", (*PLAIN, *VIEWS))


def test_views_key_follows_the_augmentation_and_not_their_number() -> None:
    def key(**settings: Any) -> str:
        return encoder_key(VisionParams(**settings), views=True)

    assert key(views=2) == key(views=5) != encoder_key(VisionParams(views=2)) == encoder_key(VisionParams())
    assert key(views=2) != key(views=2, augment={"hue": 0.1})
    assert encoder_key(VisionParams(augment={"hue": 0.1})) == encoder_key(VisionParams())


def test_views_of_no_change_are_plain(make_pictures: Make, tmp_path: Path) -> None:
    nothing = {"flip": 0, "crop": 1, "brightness": 0, "contrast": 0, "saturation": 0, "hue": 0}
    run(make_pictures(range(4)), tmp_path, augment=nothing)
    plain, viewed = gather(tmp_path / "out", ["0", "3"], [0, 0]), gather(tmp_path / "out", ["0", "3"], [1, 2])
    assert torch.equal(plain.pooled, viewed.pooled)
    assert torch.equal(plain.regions, viewed.regions)


@pytest.mark.parametrize("train", [(), ("9",)])
def test_views_of_no_training_picture(make_pictures: Make, tmp_path: Path, train: tuple[str, ...]) -> None:
    run(make_pictures(range(2)), tmp_path, train=train)
    found = gather(tmp_path / "out", ["0"], [1])
    assert found.present.all()


@pytest.mark.parametrize("encoder", ["raw", "torchvision/resnet18"])
def test_views_of_other_encoders(make_pictures: Make, tmp_path: Path, encoder: str) -> None:
    weights = "none" if encoder != "raw" else None
    run(make_pictures(range(4)), tmp_path, encoder=encoder, weights=weights, image_size=32, batch_size=4)
    found = gather(tmp_path / "out", ["1", "1", "1"], [0, 1, 2])
    assert len({regions.numpy().tobytes() for regions in found.regions}) == 3


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("damage", ["gone", "truncated", "another's"])
def test_views_name_a_damaged_file_and_the_remedy(make_pictures: Make, tmp_path: Path, name: str, damage: str) -> None:
    run(make_pictures(range(4)), tmp_path)
    file = tmp_path / "out" / name
    if damage == "gone":
        file.unlink()
    elif damage == "truncated":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    else:
        run(make_pictures(range(4)), tmp_path, "other", views=3)
        file.write_bytes((tmp_path / "other" / name).read_bytes())
    with pytest.raises(FeatureCacheError, match=rf"{name}: .*dvc repro extract"):
        FeatureCache.open(tmp_path / "out")
