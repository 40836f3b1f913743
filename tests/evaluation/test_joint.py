"""Joint scores by brute force and by hand; gold relations out of rows."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.corpora.schema import RelationSample, text_hash
from tandem.evaluation.controls import CONTROLS
from tandem.evaluation.joint import JOINT, Reading, Triple, gather
from tandem.evaluation.summary import score_seed, summarise

WORDS = ["Ada", "met", "Bo", "in", "Oslo"]
TAGS = ["B-PER", "O", "B-PER", "O", "B-LOC"]
ADA, BO, OSLO = ("PER", 0, 1), ("PER", 2, 3), ("LOC", 4, 5)


def row(relation: str, head: tuple[int, int], tail: tuple[int, int], **changes) -> RelationSample:
    values = {
        "id": "test-1",
        "source": "tiny",
        "split": "test",
        "words": WORDS,
        "tags": TAGS,
        "image_id": "a",
        "image_path": None,
        "image_hash": None,
        "caption": None,
        "text_hash": text_hash(WORDS),
    }
    places = {"head_start": head[0], "head_end": head[1], "tail_start": tail[0], "tail_end": tail[1]}
    return RelationSample(relation=relation, **places, **{**values, **changes})


def reading(*triples: tuple, tags: list[str] = TAGS) -> Reading:
    return Reading(tags, frozenset(Triple(*triple) for triple in triples))


def test_joint_by_hand() -> None:
    gold = [reading((ADA, OSLO, "lives"), (ADA, BO, "knows")), reading()]
    wrong_tags = ["B-ORG", "O", "B-PER", "O", "B-LOC"]
    predicted = [
        reading((("ORG", 0, 1), OSLO, "lives"), (ADA, BO, "knows"), (BO, ADA, "knows"), tags=wrong_tags),
        reading((ADA, BO, "knows")),
    ]
    scores = JOINT.score(gold, predicted)
    # Four relations predicted, two gold: one right with its types, two right without them.
    assert scores["joint"] == {"precision": 0.25, "recall": 0.5, "f1": pytest.approx(1 / 3), "support": 2}
    assert scores["joint_boundaries"] == {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 2}
    assert scores["mentions"] == {"precision": 5 / 6, "recall": 5 / 6, "f1": pytest.approx(5 / 6), "support": 6}


entities = st.tuples(st.sampled_from(["PER", "LOC", None]), st.integers(0, 1), st.just(2))
triples = st.builds(Triple, entities, entities, st.sampled_from(["knows", "lives"]))
sentences = st.frozensets(triples, max_size=5)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(sentences, sentences), max_size=4))
def test_joint_equals_brute_force(pairs: list[tuple[frozenset[Triple], frozenset[Triple]]]) -> None:
    scores = JOINT.score(
        *([Reading(["O", "O"], found) for found in side] for side in ([p[0] for p in pairs], [p[1] for p in pairs]))
    )
    for key, start in (("joint", 0), ("joint_boundaries", 1)):
        right = gold_total = predicted_total = 0
        for gold, predicted in pairs:
            true, guess = ([(t.head[start:], t.tail[start:], t.relation) for t in side] for side in (gold, predicted))
            true = [t for place, t in enumerate(true) if t not in true[:place]]
            guess = [t for place, t in enumerate(guess) if t not in guess[:place]]
            right += sum(a == b for a, b in product(true, guess))
            gold_total, predicted_total = gold_total + len(true), predicted_total + len(guess)
        precision = right / predicted_total if predicted_total else 0
        recall = right / gold_total if gold_total else 0
        f1 = 2 * precision * recall / (precision + recall) if right else 0
        expected = {"precision": precision, "recall": recall, "f1": pytest.approx(f1), "support": gold_total}
        assert scores[key] == expected


def test_joint_gold_gathers_the_rows_of_a_sentence() -> None:
    rows = [
        row("knows", (0, 1), (2, 3)),
        row("None", (2, 3), (0, 1), id="test-2"),
        row("lives", (2, 3), (4, 5), id="test-3"),
        row("lives", (2, 3), (4, 5), id="test-4"),  # the same twice is one
        row("knows", (0, 1), (2, 3), id="test-5", image_id=None),  # another picture, another sentence
        row("None", (0, 1), (2, 3), id="test-6", words=[*WORDS, "!"], tags=[*TAGS, "O"]),
    ]
    sentences = gather(rows)
    assert sentences.of_row == [0, 0, 0, 0, 1, 2]
    assert [sample.id for sample in sentences.samples] == ["test-1", "test-5", "test-6"]
    assert [(sample.words, sample.image_id, sample.tags) for sample in sentences.samples] == [
        (WORDS, "a", TAGS),
        (WORDS, None, TAGS),
        ([*WORDS, "!"], "a", [*TAGS, "O"]),
    ]
    assert sentences.gold == [
        reading((ADA, BO, "knows"), (BO, OSLO, "lives")),
        reading((ADA, BO, "knows")),
        reading(tags=[*TAGS, "O"]),
    ]
    assert sentences.unmatched == 0


def test_joint_gold_counts_an_entity_off_the_tags() -> None:
    rows = [row("knows", (0, 2), (2, 3)), row("knows", (0, 1), (2, 3)), row("None", (0, 2), (2, 3))]
    sentences = gather(rows)
    assert sentences.gold == [reading(((None, 0, 2), BO, "knows"), (ADA, BO, "knows"))]
    assert sentences.unmatched == 1
    with pytest.raises(ValueError, match=r"pair test-1: its sentence has no tags"):
        gather([row("knows", (0, 1), (2, 3), tags=None)])


def test_joint_scores_nothing_as_zeros_and_averages_over_seeds() -> None:
    gold = [reading((ADA, BO, "knows"))]
    found = dict.fromkeys(("predicted", *CONTROLS), gold)
    by_seed = {1: score_seed(JOINT, gold, found), 2: score_seed(JOINT, gold, {**found, "predicted": [reading()]})}
    summary = summarise(JOINT, by_seed, sentences=1, facts={"task": "joint"})
    assert summary["by_seed"] == {"1": 1.0, "2": 0.0}
    assert summary["joint"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 1}
    assert summary["controls"]["no_image"] == {"f1": 1.0, "delta": -0.5}
    assert (summary["task"], summary["sentences"], summary["seeds"]) == ("joint", 1, 2)
