"""Counts of a study's predictions, as they are kept."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tandem.studies.counts import count_predictions, read_counts, write_counts
from tandem.tasks import NER, RE


def test_counts_of_relations_are_of_sentences_and_leave_none_out(tmp_path) -> None:
    path = tmp_path / "1.parquet"
    gold, predicted = ["None", "a", "b", "a"], ["a", "a", "None", "b"]
    words = [["one"], ["two"], ["two"], ["three"]]
    pq.write_table(pa.table({"words": words, "gold": gold, "predicted": predicted}), path)
    counts = count_predictions(path)
    assert len(counts) == 3  # sentences: the pairs of one are drawn together
    right, guessed, support = counts.sum(0)
    expected = RE.score(gold, predicted)["relation"]
    assert right / guessed == pytest.approx(expected["precision"])
    assert right / support == pytest.approx(expected["recall"])


def test_counts_of_entities_are_those_of_the_score(tmp_path) -> None:
    path = tmp_path / "1.parquet"
    gold = [["B-PER", "I-PER", "O"], ["O", "B-LOC"], ["O"]]
    predicted = [["B-PER", "O", "B-ORG"], ["O", "B-LOC"], ["B-PER"]]
    words = [["word"] * len(tags) for tags in gold]
    pq.write_table(pa.table({"words": words, "gold": gold, "predicted": predicted}), path)
    counts = count_predictions(path)
    assert counts.tolist() == [[0, 2, 1], [1, 1, 1], [0, 1, 0]]
    right, guessed, _ = counts.sum(0)
    assert right / guessed == pytest.approx(NER.score(gold, predicted)["span"]["precision"])


def test_counts_come_back_as_they_were_written(tmp_path) -> None:
    generator = np.random.default_rng(0)
    counts = {seed: generator.integers(0, 5, (7, 3)) for seed in (1, 12)}
    counts[12][:, 2] = counts[1][:, 2]  # gold is the same for all seeds
    write_counts(tmp_path / "deep/counts.csv", counts)
    found = read_counts(tmp_path / "deep/counts.csv")
    assert found.keys() == counts.keys()
    assert all(np.array_equal(found[seed], counts[seed]) for seed in counts)


@pytest.mark.parametrize(
    "text", ["", "gold,predicted_1\n1,1\n", "gold,predicted_1,right_1\n1,x,1\n", "gold,right_1\n1,1\n"]
)
def test_counts_reject_a_file_of_something_else(tmp_path, text) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"counts\.csv: not the counts of a study"):
        read_counts(path)
