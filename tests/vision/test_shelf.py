from __future__ import annotations

from pathlib import Path

import torch

from tandem.vision import shelf as module
from tandem.vision.shelf import Shelf
from tandem.vision.store import Described, Shard, ShardStore


def shard(*contents: str) -> Shard:
    """Each content has its length in regions, the third of three is empty."""
    described = [Described(content, 10, 10) for content in contents]
    lengths = torch.tensor([len(content) for content in contents], dtype=torch.int32)
    regions = torch.randn(len(contents), 4, 2).half()
    return Shard(described, torch.randn(len(contents), 3), regions, lengths)


def test_shelf_gives_what_was_put_before_and_after_it_is_written(tmp_path: Path) -> None:
    put = shard("a", "bb", "cccc")
    shelf = Shelf(tmp_path, max_pixels=100)
    shelf.put(put)
    for _ in range(2):
        for row, content in enumerate(("a", "bb", "cccc")):
            pooled, regions = shelf.get(content)
            assert torch.equal(pooled, put.pooled[row])
            assert torch.equal(regions, put.regions[row, : len(content)])
        assert shelf.get("d") is None
        shelf.flush()
    shelf.flush()  # nothing more to write
    assert len(list(tmp_path.iterdir())) == 1
    assert Shelf(tmp_path, max_pixels=100).get("bb") is not None


def test_shelf_writes_when_much_waits(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "BYTES", 40)
    shelf = Shelf(tmp_path, max_pixels=100)
    shelf.put(shard("a"))
    assert not list(tmp_path.glob("*"))
    shelf.put(shard("b", "cc"))
    assert len(list(tmp_path.glob("shard-*"))) == 1


def test_shelf_answers_for_no_picture_that_is_too_large_now(tmp_path: Path) -> None:
    ShardStore(tmp_path).write(shard("a"))
    assert Shelf(tmp_path, max_pixels=100).get("a") is not None
    assert Shelf(tmp_path, max_pixels=99).get("a") is None


def test_shelf_leaves_damaged_shards_alone(tmp_path: Path, caplog) -> None:
    cut = ShardStore(tmp_path).write(shard("a"))
    changed = ShardStore(tmp_path).write(shard("bb"))
    whole = ShardStore(tmp_path).write(shard("ccc"))
    cut.write_bytes(cut.read_bytes()[:-5])
    data = bytearray(changed.read_bytes())
    data[-1] ^= 1
    changed.write_bytes(bytes(data))
    shelf = Shelf(tmp_path, max_pixels=100)
    assert [shelf.get(content) is None for content in ("a", "bb", "ccc")] == [True, True, False]
    assert {cut.name in caplog.text, changed.name in caplog.text, whole.name not in caplog.text} == {True}
