"""The stage that extracts features: what it says of a corpus that gives the encoder nothing."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tandem.corpora.schema import Sample, write_samples
from tandem.params import parse_params

STAGE = Path(__file__).resolve().parents[2] / "stages/extract.py"
CORPORA = {
    "one": {"format": "twitter"},
    "two": {"format": "twitter"},
    "both": {"format": "merged", "parts": ["one", "two"]},
}


def run(corpus: str, picture: str | None = None, split: str = "train", **vision: Any) -> int:
    """Run the stage on a corpus of one sentence; how many pictures are usable."""
    sample = Sample(
        id="train-0",
        source=corpus,
        split=split,
        words=["Amy"],
        tags=["B-PER"],
        image_id="1",
        image_path=picture,
        image_hash=None,
        caption=None,
        text_hash="",
    )
    write_samples(Path(f"data/prepared/{corpus}.parquet"), [sample])
    base = {"fusion": "film", "datasets": [corpus], "seeds": [1], "corpora": CORPORA}
    runpy.run_path(str(STAGE))["main"](parse_params({**base, "vision": vision}), corpus)
    return json.loads(Path(f"metrics/features/{corpus}.json").read_text())["ok"]


def test_extract_stage_warns_of_a_corpus_without_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/prepared").mkdir(parents=True)
    assert run("one") == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: one: no usable pictures for vision.encoder 'pixels' (1 image ids: 1 missing")
    assert line.endswith("; set corpora.one.images")
    assert run("both") == 0
    assert capsys.readouterr().err.endswith("set corpora.one.images and corpora.two.images\n")


def test_extract_stage_warns_of_a_corpus_without_captions(
    tmp_path: Path, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("one", encoder="caption", caption_encoder=str(tiny_bert)) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning: ")]
    assert len(lines) == 1
    assert "one: no usable captions for vision.encoder 'caption'" in lines[0]
    assert lines[0].endswith("; set corpora.one.captions")


def test_extract_stage_does_not_warn_where_one_picture_is_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (20, 20), "red").save(tmp_path / "1.png")
    assert run("one", picture="1.png") == 1
    assert capsys.readouterr().err == ""


def test_extract_stage_gives_views_to_the_train_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (20, 20), "red").save(tmp_path / "1.png")
    for split, contents in (("train", 1), ("test", 0)):
        assert run("one", picture="1.png", split=split, views=2) == 1
        said = json.loads(Path("data/features/one/features.json").read_text())["views"]
        assert (said["each"], said["contents"]) == (2, contents)
