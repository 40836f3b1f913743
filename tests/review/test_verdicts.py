"""Verdicts on corpora, with predictions of the base from wherever they come."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tandem.comparing.sources import PREDICTIONS
from tandem.evaluation.significance import holm
from tandem.review.verdicts import NOT_CACHED, judge


def write(folder: Path, *missed: int, sentences: int = 30) -> None:
    """A file for each seed, of one entity a sentence, of which `missed` are."""
    folder.mkdir(parents=True)
    gold = [["B-PER", "O"]] * sentences
    for seed, number in enumerate(missed):
        predicted = [["O", "O"] if place < number else tags for place, tags in enumerate(gold)]
        table = {"id": [f"test-{place}" for place in range(sentences)], "gold": gold, "predicted": predicted}
        pq.write_table(pa.table(table), folder / f"{seed}.parquet")


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the predictions of the base."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "base"


def test_judge_corrects_for_the_number_of_corpora_that_can_be_compared(base: Path) -> None:
    for corpus, now, before in (("a", 2, 10), ("b", 9, 10), ("c", 10, 10)):
        write(Path(PREDICTIONS) / corpus, now)
        write(base / corpus, before)
    write(Path(PREDICTIONS) / "fresh", 3)
    found = {verdict.corpus: verdict for verdict in judge(["a", "b", "c", "fresh", "gone"], "base")}
    compared = [found[corpus] for corpus in "abc"]
    assert [verdict.p for verdict in compared] == holm([verdict.difference.p for verdict in compared])
    assert found["a"].difference.delta == pytest.approx(2 * 28 / 58 - 2 * 20 / 50)
    assert found["a"].p < 0.05 < found["b"].p
    assert [verdict.equal for verdict in compared] == [False, False, True]
    assert (found["fresh"].difference, found["fresh"].why) == (None, NOT_CACHED)
    assert found["gone"].why == "there are no predictions here"


def test_judge_compares_other_seeds_but_no_other_sentences(base: Path) -> None:
    write(Path(PREDICTIONS) / "seeds", 4, 6)
    write(base / "seeds", 5)
    write(Path(PREDICTIONS) / "split", 1)
    write(base / "split", 1, sentences=31)
    seeds, split = judge(["seeds", "split"], "base")
    assert seeds.difference is not None
    assert not seeds.equal
    assert split.difference is None
    assert "31 and 30 rows" in split.why


def test_judge_compares_with_no_base_that_it_cannot_read(base: Path) -> None:
    write(Path(PREDICTIONS) / "fresh", 3)
    (verdict,) = judge(["fresh"], "no-such-revision")
    assert (verdict.difference, verdict.why) == (None, NOT_CACHED)
