"""What a chat model is asked, and how its answers are read."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tandem.corpora.schema import text_hash, write_relations, write_samples
from tandem.prompted.answers import Answer
from tandem.prompted.tasks import PromptedEntities, PromptedRelations, prompted_task, read_answer

RELATIONS = ["None", "/per/org/member_of", "/org/per/led_by"]


@pytest.fixture
def entities(tiny_corpus, tmp_path):
    """`entities(limit=None)`: 12 training and 6 test sentences."""

    def make(limit: int | None = None) -> PromptedEntities:
        write_samples(tmp_path / "n.parquet", [*tiny_corpus("train", 12), *tiny_corpus("test", 6)])
        task = prompted_task("ner", tmp_path / "n.parquet", limit)
        assert isinstance(task, PromptedEntities)
        return task

    return make


@pytest.fixture
def relations(tiny_pairs, tmp_path):
    """`relations(limit=None)`: 12 training and 6 test pairs."""

    def make(limit: int | None = None) -> PromptedRelations:
        rows = [*tiny_pairs("train", 12), *tiny_pairs("test", 6)]
        texts = [[*row.words, row.id] for row in rows]  # no two alike
        rows = [replace(row, words=words, text_hash=text_hash(words)) for row, words in zip(rows, texts, strict=True)]
        write_relations(tmp_path / "r.parquet", rows, RELATIONS)
        task = prompted_task("re", tmp_path / "r.parquet", limit)
        assert isinstance(task, PromptedRelations)
        return task

    return make


def test_tasks_name_the_corpus_own_types_everywhere(entities) -> None:
    task = entities()
    assert "The types are: LOC (places); PER (people).\n" in task.instruction
    item = task.schema["properties"]["entities"]["items"]
    assert item["properties"]["type"] == {"type": "string", "enum": ["LOC", "PER"]}
    assert set(item["required"]) == {"text", "type", "start"}


def test_tasks_name_the_corpus_own_relations_everywhere(relations) -> None:
    task = relations()
    assert "are: None, /per/org/member_of, /org/per/led_by. " in task.instruction
    assert task.schema["properties"] == {"relation": {"type": "string", "enum": RELATIONS}}


def test_tasks_mark_head_and_tail(relations) -> None:
    task = relations()
    row = replace(task.test[0], words=["Ann", "of", "[E1]"], head_start=2, head_end=3, tail_start=0, tail_end=1)
    assert task.text(row) == "[E2] Ann [/E2] of [E1] [E1] [/E1]"


@pytest.mark.parametrize("kind", ["entities", "relations"])
def test_tasks_solutions_read_as_gold(kind, request) -> None:
    task = request.getfixturevalue(kind)()
    read = [read_answer(task, Answer(task.solution(row), "ok"), row) for row in task.test]
    assert [said for said, _, _ in read] == task.gold()
    assert not any(refused or reason for _, refused, reason in read)
    assert task.score(task.gold(), task.gold())[task.headline]["f1"] == 1


def test_tasks_count_what_they_refuse(entities) -> None:
    task = entities()
    row = replace(task.test[0], words=["saw", "Paris", "today"])
    listed = [("Paris", "PER"), ("Paris", "LOC"), ("Par", "LOC"), ("Rome", "LOC"), ("saw", "MISC")]
    text = json.dumps({"entities": [{"text": text, "type": kind} for text, kind in listed]})
    said, refused, reason = read_answer(task, Answer(text, "ok"), row)
    assert said == ["O", "B-PER", "O"]
    assert refused == {"overlapping": 1, "partial_word": 1, "not_in_text": 1, "unknown_type": 1}
    assert reason is None
    assert set(refused) <= set(task.entity_reasons)


def test_tasks_say_nothing_where_an_answer_is_refused(entities, relations) -> None:
    ner, re = entities(), relations()
    assert read_answer(ner, Answer("no", "ok"), ner.test[0]) == (["O"] * len(ner.test[0].words), {}, "not_json")
    assert read_answer(re, Answer('{"relation": "x"}', "ok"), re.test[0]) == ("None", {}, "unknown_relation")
    for task, reason in ((ner, "not_json"), (re, "unknown_relation")):
        assert reason in task.answer_reasons


def test_tasks_draw_examples_from_training_rows_alone(entities, relations) -> None:
    for task in (entities(), relations()):
        usable = {task.text(row): task.solution(row) for row in task.train}
        drawn = task.examples(2, seed=1)
        assert drawn == task.examples(2, seed=1)
        assert len({task.examples(1, seed=seed)[0] for seed in range(30)}) > 1
        assert all(usable[text] == answer for text, answer in drawn)
        assert task.examples(0, seed=1) == []
        with pytest.raises(ValueError, match=r"prompted\.examples 60: the train split has only \d+ to show; lower it"):
            task.examples(60, seed=1)


def test_tasks_leave_out_training_texts_that_are_tested(tiny_corpus, tmp_path) -> None:
    """Whatever is tested of them: raising `limit` must not change the requests made before."""
    test = tiny_corpus("test", 6)
    train = tiny_corpus("train", 12)
    train[0] = replace(train[0], words=test[-1].words, tags=test[-1].tags, text_hash=test[-1].text_hash)
    train[1] = replace(train[2], id="again")
    write_samples(tmp_path / "n.parquet", [*train, *test])
    for limit in (None, 1):
        task = PromptedEntities(tmp_path / "n.parquet", limit)
        assert len(task.test) == (limit or 6)
        hashes = [row.text_hash for row in task.train]
        assert set(hashes) == {row.text_hash for row in train} - {row.text_hash for row in test}
        assert len(set(hashes)) == len(hashes)


def test_tasks_facts_are_of_the_rows_that_are_asked(entities, relations) -> None:
    assert entities(4).facts == {"sentences": 4}
    facts = relations(1).facts
    assert (facts["pairs"], facts["sentences"], facts["task"]) == (1, 1, "re")
    assert len(facts["without_test_case"]) in (1, 2)
