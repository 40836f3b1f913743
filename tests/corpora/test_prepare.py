"""From raw files through links to the prepared table."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from tandem.corpora.links import link_corpus, paths
from tandem.corpora.prepare import prepare
from tandem.corpora.schema import read_samples
from tandem.corpora.sentences import orphan_inside
from tandem.corpora.twitter import CorpusError
from tandem.files import home
from tandem.params import parse_params

ONE = {
    "train": "IMGID:1\nAmy\tB-PER\nis\tO\n\nIMGID:2\nin\tO\nRome\tI-LOC\n",
    "valid": "IMGID:1\nAmy\tB-PER\nis\tO\n",
    "test": "IMGID:3\nMars\tB-MISC\nhttps://t.co/x\tO\n",
}
TWO = {split: text.replace("IMGID:", "IMGID:w") for split, text in ONE.items()}


def write_corpus(root: Path, splits: dict[str, str], pictures: dict[str, bytes]) -> None:
    (root / "images").mkdir(parents=True)
    for split, text in splits.items():
        (root / f"{split}.txt").write_text(text, encoding="utf-8")
    for name, content in pictures.items():
        (root / "images" / name).write_bytes(content)


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_corpus(Path("data/raw/one"), ONE, {"1.jpg": b"x", "2.PNG": b"x"})
    write_corpus(Path("elsewhere/two"), TWO, {"w3.jpg": b"y"})
    Path("data/raw/one/captions.tsv").write_text("1\ta cat\n2\t\n9\tnobody's\n1\tagain\n", encoding="utf-8")
    return tmp_path


def parameters(**more):
    corpora = {
        "one": {"format": "twitter", "captions": "captions.tsv"},
        "two": {"format": "twitter", "root": "elsewhere/two"},
        "both": {"format": "merged", "parts": ["one", "two"], "rename": {"MISC": "OTHER"}},
    }
    return parse_params({"fusion": "film", "datasets": ["one"], "seeds": [1], "corpora": {**corpora, **more}})


def test_prepare_reads_samples_pictures_and_captions(project) -> None:
    params = parameters()
    link_corpus(params, "one")
    prepared = prepare(params, "one")
    samples, report = prepared.samples, prepared.report
    first, second = samples[:2]
    assert (first.id, first.words, first.tags) == ("train-0", ["Amy", "is"], ["B-PER", "O"])
    assert first.image_path == "data/links/one/images/1.jpg"
    assert first.image_hash == hashlib.sha256(b"x").hexdigest()
    assert (first.caption, second.caption, samples[3].caption) == ("a cat", "", None)
    assert report["pictures"] == {"ids": 3, "present": 2, "missing": 1, "distinct": 1}
    odd = {"empty": 1, "repeated_ids": 1, "lines_without_tab": 0, "of_unknown_pictures": 1}
    assert report["captions"] == {"present": 1, "missing": 2, **odd}
    assert report["splits"]["train"]["orphan_inside"] == 1
    assert report["splits"]["train"]["entities_default"] == 2
    assert report["splits"]["train"]["entities_strict"] == 1
    assert report["splits"]["test"]["sentences_ending_in_url"] == 1
    assert report["duplicates"]["train_valid"] == 1
    assert report["release"] == "unknown"
    assert report["warning"]


def test_prepare_links_pictures_apart_only_where_dvc_would_not_see_them_in_the_root(project) -> None:
    """Thousands of files are looked at in every `dvc repro`: once is enough. Links in a folder DVC does not follow."""
    raw = Path("data/raw/one")
    link_corpus(parameters(), "one")
    _, apart, _ = paths("one")
    assert not apart.is_symlink()
    assert [file.name for file in apart.iterdir()] == [".none"]  # DVC warns of folders without a file
    shutil.move(raw / "images", "pictures")
    for images, link in (
        ("../../../pictures", None),
        (str(Path("pictures").resolve()), None),
        ("images", raw / "images"),
    ):
        if link is not None:
            link.symlink_to(Path("pictures").resolve())
        params = parameters(one={"format": "twitter", "captions": "captions.tsv", "images": images})
        link_corpus(params, "one")
        assert apart.resolve() == Path("pictures").resolve()
        first = prepare(params, "one").samples[0]
        assert first.image_path == "data/links/one.images/1.jpg"


def test_prepare_table_round_trips_with_equal_bytes(project) -> None:
    params = parameters()
    link_corpus(params, "one")
    prepared = prepare(params, "one")
    prepared.table.write(Path("a.parquet"))
    prepared.table.write(Path("b.parquet"))
    assert Path("a.parquet").read_bytes() == Path("b.parquet").read_bytes()
    assert read_samples(Path("a.parquet")) == prepared.samples
    assert [s.split for s in read_samples(Path("a.parquet"), "test")] == ["test"]


def test_prepare_merges_parts_and_their_pictures(project) -> None:
    params = parameters()
    link_corpus(params, "both")
    prepared = prepare(params, "both")
    samples, report = prepared.samples, prepared.report
    assert [s.id for s in samples if s.split == "test"] == ["one:test-0", "two:test-0"]
    assert [s.tags[0] for s in samples if s.split == "test"] == ["B-OTHER", "B-OTHER"]
    last = samples[-1]
    assert (last.source, last.image_id) == ("two", "two/w3")
    assert last.image_path is not None
    assert Path(last.image_path).read_bytes() == b"y"
    assert report["pictures"]["present"] == 3
    assert set(report["parts"]) == {"one", "two"}


def test_prepare_follows_links_to_folders_elsewhere(project) -> None:
    Path("data/raw/three").symlink_to(project / "elsewhere/two")
    params = parameters(three={"format": "twitter"})
    link_corpus(params, "three")
    link_corpus(params, "three")  # again, over what is there
    assert len(prepare(params, "three").samples) == 4
    assert Path("elsewhere/two/train.txt").exists()


def test_links_name_what_is_missing(project) -> None:
    params = parameters(
        gone={"format": "twitter"}, bare={"format": "twitter", "root": "elsewhere/two", "captions": "none.tsv"}
    )
    with pytest.raises(CorpusError, match=r"corpora\.gone: no folder data/raw/gone"):
        link_corpus(params, "gone")
    with pytest.raises(CorpusError, match=r"corpora\.bare\.captions: no file none\.tsv"):
        link_corpus(params, "bare")


def test_links_of_a_queued_experiment_reach_the_project(project, monkeypatch) -> None:
    workspace = project / ".dvc/tmp/exps/tmp123"
    workspace.mkdir(parents=True)
    monkeypatch.chdir(workspace)
    assert home(workspace) == project
    link_corpus(parameters(), "one")
    assert paths("one")[0].resolve() == project / "data/raw/one"


def test_links_without_pictures_or_captions_are_empty(project) -> None:
    params = parameters(plain={"format": "twitter", "root": "elsewhere/two", "images": "nowhere"})
    link_corpus(params, "plain")
    _, images, captions = paths("plain")
    assert [file.name for file in images.iterdir()] == [".none"]  # DVC warns of folders without a file
    assert captions.read_text() == "\n"
    report = prepare(params, "plain").report
    assert report["pictures"]["missing"] == 3


def test_prepare_counts_orphan_inside_tags() -> None:
    assert orphan_inside(["I-PER", "I-PER", "B-LOC", "I-PER", "O", "I-LOC"]) == 3
