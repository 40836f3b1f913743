"""Posts to click on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tandem.corpora.schema import write_relations, write_samples
from tandem.serving.examples import LONGEST, MADE_UP, examples


@pytest.fixture
def project(tmp_path, tiny_corpus, tiny_pairs, picture_of, monkeypatch):
    """A project with two corpora; of the first, every third picture is there."""
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "data/prepared").mkdir(parents=True)
    rows = [*tiny_corpus("train", 9), *tiny_corpus("test", 40)]
    rows = [replace(row, image_path=f"pictures/{row.image_id}" if row.image_id else None) for row in rows]
    rows[-1] = replace(rows[-1], words=["Paris"] * LONGEST, tags=["B-MISC"] * LONGEST)
    (tmp_path / "pictures").mkdir()
    for number, row in enumerate(rows):
        if row.image_id and number % 3 == 0:
            (tmp_path / f"pictures/{row.image_id}").write_bytes(picture_of("PER"))
        elif row.image_id and number % 3 == 1:
            (tmp_path / f"pictures/{row.image_id}").write_bytes(b"broken")
    write_samples(tmp_path / "data/prepared/tiny.parquet", rows)
    pairs = [replace(row, image_path="pictures/one") for row in tiny_pairs("test", 40)]
    (tmp_path / "pictures/one").write_bytes(picture_of("PER"))
    write_relations(tmp_path / "data/prepared/pairs.parquet", pairs, ["None", "/per/org/member_of"])
    for name in ("tiny", "pairs"):
        (tmp_path / "models" / name / "1").mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return tmp_path


def test_examples_are_of_the_test_split_and_of_all_kinds(project) -> None:
    found = examples([("tiny", project / "models/tiny/1")])
    assert 2 <= len(found) <= 8
    assert len({one.text for one in found}) == len(found)
    assert {one.picture.name.split("-")[1] for one in found} == {"PER", "LOC"}
    for one in found:
        assert one.picture.name.startswith("test-")
        assert one.picture.is_relative_to(project)
        assert (one.media, len(one.text) <= LONGEST) == ("image/png", True)


def test_examples_of_two_models_share_the_room(project) -> None:
    found = examples([(name, project / f"models/{name}/1") for name in ("tiny", "pairs")])
    of_pairs = [one for one in found if one.picture.name == "one"]
    assert 1 <= len(of_pairs) <= 4
    assert all("Acme" in one.text for one in of_pairs)
    assert 1 <= len(found) - len(of_pairs) <= 4


def test_examples_are_made_up_where_no_corpus_is_at_hand(project) -> None:
    assert examples([("other", project / "models/tiny/1")]) == examples([]) == list(MADE_UP)
    (project / "data/prepared/tiny.parquet").unlink()
    assert examples([("tiny", project / "models/tiny/1")]) == list(MADE_UP)
