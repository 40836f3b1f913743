"""Files are whole or absent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tandem.files import atomic_path, digest_of, home, locate, projects, sha256_of, write_json, write_text


def fail_after(target: Path, work: Callable[[Path], object]) -> None:
    """Begin to write `target` and die of a `RuntimeError`."""

    def attempt() -> None:
        with atomic_path(target) as temporary:
            work(temporary)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        attempt()


def test_files_failed_write_leaves_the_old_file_and_no_rest(tmp_path) -> None:
    target = tmp_path / "a/x.txt"
    write_text(target, "old")
    fail_after(target, lambda temporary: temporary.write_text("half"))
    assert target.read_text() == "old"
    assert [path.name for path in target.parent.iterdir()] == ["x.txt"]


def test_files_failed_folder_leaves_no_rest(tmp_path) -> None:
    def make(temporary: Path) -> None:
        temporary.mkdir()
        (temporary / "x").touch()

    fail_after(tmp_path / "folder", make)
    assert list(tmp_path.iterdir()) == []


def test_files_json_keeps_order_and_scripts(tmp_path) -> None:
    write_json(tmp_path / "x.json", {"b": 1, "a": "é日"})
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert text.index('"b"') < text.index('"a"')
    assert json.loads(text) == {"b": 1, "a": "é日"}
    assert "日" in text


def test_files_sha256_reads_in_chunks(tmp_path) -> None:
    (tmp_path / "x").write_bytes(b"abc" * 1000)
    assert sha256_of(tmp_path / "x", chunk=7) == hashlib.sha256(b"abc" * 1000).hexdigest()


def test_files_digest_of_a_folder_counts_names_and_contents(tmp_path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/one").write_text("1")
    first = digest_of(tmp_path)
    assert first["files"] == 1
    assert digest_of(tmp_path) == first
    (tmp_path / "a/b/one").write_text("2")
    second = digest_of(tmp_path)
    (tmp_path / "a/b/one").rename(tmp_path / "a/b/two")
    third = digest_of(tmp_path)
    assert len({found["sha256"] for found in (first, second, third)}) == 3


def test_files_are_located_here_then_in_the_project_then_in_the_one_that_queued_it(tmp_path, monkeypatch) -> None:
    outer = tmp_path / "project"
    inner = outer / ".dvc/tmp/exps/tmp1"
    deep = inner / "studies/one/runs"
    for folder in (outer / "data", inner / ".dvc", inner / "data", deep):
        folder.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert projects(deep) == [inner, outer]
    assert home(deep) == outer
    assert locate(Path("data/x")) is None
    for place in (outer / "data/x", inner / "data/x", deep / "data/x"):
        place.parent.mkdir(exist_ok=True)
        place.write_text("")
        found = locate(Path("data/x"))
        assert found is not None
        assert found.resolve() == place
    monkeypatch.chdir(tmp_path)
    assert home(tmp_path) == tmp_path
