"""Every cell of the table of transfers, with real models."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.corpora.schema import write_relations, write_samples
from tandem.evaluation.joint import gather
from tandem.inference.held_out import HeldOut
from tandem.inference.runner import Runner
from tandem.inference.transfer import transfer
from tandem.tasks import RE
from tandem.vision.cache import FeatureCache

OWN = {
    "names": {"span": {"f1": 0.5, "support": 3}},
    "tweets": {"span": {"f1": 0.75, "support": 3}},
    "pairs": {"relation": {"f1": 0.25, "support": 3}, "task": "re"},
    "bare": {"relation": {"f1": 0.5, "support": 3}, "task": "re"},
}


RELATIONS = ["None", "/per/org/member_of", "/org/per/led_by", "/per/per/peer"]


@pytest.fixture
def splits(tagged_pairs):
    return {split: tagged_pairs(split, size) for split, size in {"train": 60, "valid": 20, "test": 25}.items()}


@pytest.fixture
def features(splits, tiny_features):
    return tiny_features([row for rows in splits.values() for row in rows])


@pytest.fixture
def project(make_params, splits, features, as_sentences, tmp_path, monkeypatch):
    """Parameters of a project with two corpora of entities and two of relations, one of them without tags."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(FeatureCache, "open", lambda folder: features)
    Path("data/prepared").mkdir(parents=True)
    for name in ("names", "tweets"):
        write_samples(Path(f"data/prepared/{name}.parquet"), as_sentences(splits["test"][::2]))
    write_relations(Path("data/prepared/pairs.parquet"), splits["test"], RELATIONS)
    untagged = [replace(row, tags=None) for row in splits["test"]]
    write_relations(Path("data/prepared/bare.parquet"), untagged, RELATIONS)
    entities, relations = {"format": "twitter"}, {"format": "mnre"}
    corpora = {"names": entities, "tweets": entities, "pairs": relations, "bare": relations}

    def make(**changes):
        settings = {"fusion": "concat", "train.epochs": 8, "seeds": [1, 2], **changes}
        return make_params(corpora=corpora, datasets=list(corpora), **settings)

    return make


@pytest.fixture
def trained(project, splits, features, as_sentences, fit):
    """The same with the models of `names` and `pairs`."""
    sentences = {split: as_sentences(rows[::2]) for split, rows in splits.items()}
    for seed in (1, 2):
        for name, rows in (("names", sentences), ("pairs", splits)):
            fit(name, rows["train"], rows["valid"], features, project(), seed=seed)
    return project


def test_transfer_end_to_end_finds_entities_and_relations(trained) -> None:
    scores, said = transfer("names", "pairs", trained(), OWN)
    assert said == f"test joint F1 {scores['joint']['f1']:.4f}"
    assert scores["mentions"]["f1"] > 0.95
    assert scores["joint"]["f1"] > 0.8
    assert scores["joint_boundaries"]["f1"] >= scores["joint"]["f1"]
    sentences = gather(RE.read(Path("data/prepared/pairs.parquet"), "test"))
    assert scores["joint"]["support"] == sum(len(true.triples) for true in sentences.gold)
    assert scores["sentences"] == len(sentences.samples) < 25  # some come twice without a picture
    assert (scores["task"], scores["seeds"], list(scores["by_seed"])) == ("joint", 2, ["1", "2"])
    assert (scores["gold_unmatched"], scores["mentions_dropped"]) == (0, 0)
    assert scores["leaks"] == {"sentences": 0, "exact": 0, "near": 0}
    assert scores["clean"] == scores["joint"]
    # Who is led by whom is in the picture alone.
    for control in ("shuffled_image", "no_image"):
        assert scores["controls"][control]["delta"] > 0.05
        assert scores["controls"][control]["f1"] == pytest.approx(
            scores["joint"]["f1"] - scores["controls"][control]["delta"]
        )
    assert "reference" not in scores
    # With every mention found, the candidates are the rows of the corpus, but for sentences that come twice.
    assert scores["gold_pairs"]["f1"] == pytest.approx(scores["joint_boundaries"]["f1"], abs=0.08)
    json.dumps(scores, allow_nan=False)


def test_transfer_end_to_end_exchanges_captions_among_all_sentences(
    project, splits, features, as_sentences, fit, monkeypatch
) -> None:
    params = project(fusion="caption_prefix", seeds=[1], **{"train.epochs": 12, "text.scratch.layers": 2})
    sentences = {split: as_sentences(rows[::2]) for split, rows in splits.items()}
    for name, rows in (("names", sentences), ("pairs", splits)):
        fit(name, rows["train"], rows["valid"], features, params)
    scores, _ = transfer("names", "pairs", params, OWN)
    assert scores["joint"]["f1"] > 0.8
    for control in ("shuffled_image", "no_image"):
        assert scores["controls"][control]["delta"] > 0.05
    # A sentence may get the caption of one whose pairs are asked about at another time.
    monkeypatch.setattr("tandem.inference.joint.BLOCK", 1)
    assert transfer("names", "pairs", params, OWN)[0] == scores


def test_transfer_end_to_end_obeys_the_types_of_the_ner_model(trained, monkeypatch) -> None:
    asked: list[list] = []

    def by_types(self, probabilities, types):
        asked.append(list(types))
        return ["/per/org/member_of"] * len(types)

    monkeypatch.setattr("tandem.models.constraints.TypeConstraints.by_types", by_types)
    params = trained(**{"relation.types": "ner", "seeds": [1]})
    scores, _ = transfer("names", "pairs", params, OWN)
    assert set(asked[0]) == {("PER", "OTHER"), ("OTHER", "PER")}
    # The same is said of both pairs of a sentence, and is true of one.
    assert scores["joint"]["precision"] == pytest.approx(0.5, abs=0.05)
    assert scores["gold_pairs"]["precision"] == pytest.approx(0.5)


def test_transfer_end_to_end_counts_gold_entities_off_the_tags(trained) -> None:
    held_out = HeldOut.open("pairs", trained())
    first, *others = held_out.samples
    wide = replace(first, head_end=first.head_end + 1)
    write_relations(Path("data/prepared/pairs.parquet"), [wide, *others], RELATIONS)
    scores, _ = transfer("names", "pairs", trained(seeds=[1]), OWN)
    assert scores["gold_unmatched"] == 1


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        ("names", "bare", "50 of the 50 test pairs of bare stand in sentences without entity tags: only gold pairs"),
        ("pairs", "names", "pairs has relation models and names no pairs of entities: only gold pairs can be scored"),
    ],
)
def test_transfer_says_where_nothing_can_be_scored(project, source, target, reason) -> None:
    scores, said = transfer(source, target, project(), OWN)
    assert list(scores) == ["not_applicable"]
    assert scores["not_applicable"].startswith(reason)
    assert scores["not_applicable"] in said


def test_transfer_scores_gold_pairs_under_predicted_types_without_gold_tags(trained) -> None:
    params = trained()
    shutil.copytree("models/pairs", "models/bare")
    free, _ = transfer("names", "bare", params, OWN)
    assert list(free) == ["not_applicable"]
    typed, _ = transfer("names", "bare", trained(**{"relation.types": "ner"}), OWN)
    assert set(typed) == {"not_applicable", "gold_pairs", "std", "seeds"}
    assert typed["gold_pairs"]["support"] > 0
    assert typed["gold_pairs"]["f1"] == 0.0  # the entities are PER and OTHER, and no relation is of these types


def test_transfer_within_a_task_is_compared_with_both_ends(trained) -> None:
    entities, said = transfer("names", "tweets", trained(), OWN)
    assert "task" not in entities
    assert said == f"test span F1 {entities['span']['f1']:.4f}"
    drop = 0.75 - entities["span"]["f1"]
    assert entities["reference"] == {"source_f1": 0.5, "target_f1": 0.75, "drop": pytest.approx(drop)}
    relations, said = transfer("pairs", "bare", trained(), OWN)
    assert said == f"test relation F1 {relations['relation']['f1']:.4f}"
    assert relations["relation"]["f1"] > 0.8
    assert relations["without_test_case"] == ["/per/per/peer"]
    assert relations["reference"]["drop"] == pytest.approx(0.5 - relations["relation"]["f1"])
    assert relations["pairs"] == 50
    assert relations["sentences"] <= 50


def test_transfer_scores_what_the_source_has_not_seen_apart(trained, splits, as_sentences) -> None:
    test = as_sentences(splits["test"][::2])
    seen = [
        replace(row, split="valid", words=["RT", "@ann", ":", *row.words], tags=["O"] * 3 + row.tags) for row in test
    ]
    write_samples(Path("data/prepared/names.parquet"), seen[:5])
    scores, _ = transfer("names", "tweets", trained(seeds=[1]), OWN)
    texts = {" ".join(row.words) for row in test[:5]}
    leaked = [" ".join(row.words) in texts for row in test]
    assert scores["leaks"] == {"sentences": sum(leaked), "exact": 0, "near": sum(leaked)}
    assert scores["clean"]["support"] == 2 * leaked.count(False) < scores["span"]["support"]


def test_transfer_to_itself_runs_no_model(project, monkeypatch) -> None:
    monkeypatch.setattr(Runner, "__init__", None)
    scores, said = transfer("pairs", "pairs", project(), OWN)
    assert scores == {**OWN["pairs"], "reference": {"source_f1": 0.25, "target_f1": 0.25, "drop": 0.0}}
    assert said == "test relation F1 0.2500"
