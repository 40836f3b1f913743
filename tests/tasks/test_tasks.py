"""What differs between the tasks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tandem.corpora.schema import write_relations, write_samples
from tandem.models.relation import RelationClassifier
from tandem.models.tagger import Tagger
from tandem.tasks import NER, RE, TASKS, task_of


def test_tasks_by_name() -> None:
    assert task_of("ner") is NER
    assert task_of("re") is RE
    with pytest.raises(ValueError, match=r"unknown task 'res'; did you mean 're'\? Allowed: ner, re"):
        task_of("res")


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_tasks_headline_is_in_the_scores(task, tiny_corpus, tiny_pairs) -> None:
    samples = tiny_corpus("test", 8) if task is NER else tiny_pairs("test", 8)
    gold = task.gold(samples)
    scores = task.score(gold, gold)[task.headline]
    assert (scores["f1"], scores["precision"], scores["recall"]) == (1, 1, 1)


def test_tasks_entities_read_their_table(tmp_path, tiny_corpus) -> None:
    samples = [*tiny_corpus("train", 20), *tiny_corpus("test", 4)]
    write_samples(tmp_path / "p.parquet", samples)
    train = NER.read(tmp_path / "p.parquet", "train")
    assert train == samples[:20]
    assert NER.read(tmp_path / "p.parquet") == samples
    assert NER.labels(tmp_path / "p.parquet", train) == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    assert NER.gold(train) == NER.classes(train) == [sample.tags for sample in train]


def test_tasks_relations_read_their_table(tmp_path, tiny_pairs) -> None:
    samples = [*tiny_pairs("train", 20), *tiny_pairs("test", 4)]
    names = ["None", "/org/per/led_by", "/never/seen/here", "/per/org/member_of"]
    write_relations(tmp_path / "p.parquet", samples, names)
    train = RE.read(tmp_path / "p.parquet", "train")
    assert train == samples[:20]
    assert RE.labels(tmp_path / "p.parquet", train) == names  # in the corpus's order, also without a training case
    assert RE.gold(train) == [sample.relation for sample in train]
    assert RE.classes(train) == [[sample.relation] for sample in train]


def test_tasks_refuse_the_table_of_the_other_task(tmp_path, tiny_corpus) -> None:
    write_samples(tmp_path / "p.parquet", tiny_corpus("train", 3))
    with pytest.raises(ValueError, match=r"p\.parquet: not a readable prepared table of this task"):
        RE.read(tmp_path / "p.parquet")


def test_tasks_rename_entities_to_the_classes_of_the_target(tiny_corpus) -> None:
    target = [replace(sample, tags=["O", "B-OTHER", "O"]) for sample in tiny_corpus("test", 1)]
    predicted = [["B-MISC", "I-MISC", "B-LOC"]]
    assert NER.rename(predicted, ["O", "B-MISC", "I-MISC", "B-LOC"], target) == [["B-OTHER", "I-OTHER", "B-LOC"]]


def test_tasks_keep_the_names_of_relations(tiny_pairs) -> None:
    target = tiny_pairs("test", 2)
    assert RE.rename(["None", "/per/loc/of"], ["None", "/per/loc/of"], target) == ["None", "/per/loc/of"]


def test_tasks_build_their_models(make_params, tiny_corpus, tiny_pairs, tiny_features) -> None:
    from tandem.models.build import PictureDims, build_model  # noqa: PLC0415

    dims = PictureDims(6, 6)
    tagger, _ = build_model(make_params(decoder="softmax"), NER, ["O", "B-PER", "I-PER"], dims)
    assert isinstance(tagger, Tagger)
    assert tagger.crf is None
    classifier, _ = build_model(make_params(**{"relation.pooling": "span"}), RE, ["None", "/a/b/c"], dims)
    assert isinstance(classifier, RelationClassifier)
    assert classifier.pooling == "span"
    assert classifier.head.in_features == 2 * tagger.head.in_features


def test_tasks_know_the_knobs_that_their_models_follow(make_params) -> None:
    one, other = (make_params(decoder=decoder, **{"relation.pooling": "span"}) for decoder in ("crf", "softmax"))
    assert NER.knobs(one) == {"decoder": "crf"} != NER.knobs(other)
    assert RE.knobs(one) == RE.knobs(other) == {"relation": {"pooling": "span"}}
    typed = make_params(**{"relation.types": "names"})
    assert RE.knobs(typed) == RE.knobs(make_params()) != RE.knobs(one)
