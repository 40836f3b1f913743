"""The training loop: it learns, repeats itself, survives kills, and keeps its best."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from tandem.corpora.labels import label_set
from tandem.models.build import PictureDims, build_model, load_model
from tandem.tasks import NER, RE
from tandem.training.loop import TrainingData, train
from tandem.training.optimizer import build_optimizer, rate_factor
from tandem.training.sampling import epoch_batches, inverse_frequency
from tandem.training.state import StateStore, run_key
from tandem.vision.cache import FeatureCache


class Killed(Exception):
    """Stands for SIGKILL between two epochs."""


@pytest.fixture
def data(tiny_corpus, tiny_features) -> TrainingData:
    training, validation = tiny_corpus("train", 60), tiny_corpus("valid", 30)
    return entities(training, validation, tiny_features(training + validation))


def entities(training, validation, features) -> TrainingData:
    labels = label_set(["LOC", "PER"])
    return TrainingData(corpus="tiny", task=NER, labels=labels, train=training, valid=validation, features=features)


def run(params, data, folder, name, report=None, seed=1):
    store = StateStore(folder / f"state-{name}")
    about = train(params, data, seed=seed, out=folder / name, store=store, report=report)
    return about, load_file(folder / name / "model.safetensors")


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_loop_learns_from_pictures(make_params, data, tmp_path) -> None:
    rows: list[dict[str, float]] = []
    params = make_params(fusion="concat", **{"train.epochs": 8})
    about, _ = run(params, data, tmp_path, "a", rows.append)
    assert about["valid"]["span_f1"] > 0.9  # a tenth of the sentences have no picture to tell PER from LOC
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert [row["epoch"] for row in rows] == list(range(1, len(rows) + 1))


@pytest.mark.parametrize("encoder", ["scratch", "tiny_bert", "tiny_roberta", "tiny_bertweet"])
def test_loop_learns_from_captions(make_params, data, tmp_path, request, encoder) -> None:
    settings = {"train.epochs": 8, "text.max_length": 32, "text.overlap": 8, "train.learning_rate": 2e-3}
    if encoder != "scratch":
        settings |= {"text.encoder": str(request.getfixturevalue(encoder)), "train.epochs": 30}
    about, _ = run(make_params(fusion="caption_prefix", **settings), data, tmp_path, "a")
    assert about["valid"]["span_f1"] > 0.9
    about, _ = run(make_params(fusion="text_only", **settings), data, tmp_path, "b")
    assert about["valid"]["span_f1"] < 0.8


def test_loop_image_dropout_hides_captions_too(make_params, data, tmp_path) -> None:
    def trained(name, training, share):
        params = make_params(fusion="caption_prefix", **{"train.image_dropout": share})
        return run(params, replace(data, train=training, valid=silent), tmp_path, name)[1]

    silent = [replace(sample, caption=None) for sample in data.valid]
    nothing = trained("none", [replace(sample, caption=None) for sample in data.train], 1.0)
    assert same(trained("all hidden", data.train, 1.0), nothing)
    assert not same(trained("some hidden", data.train, 0.5), nothing)


def test_loop_same_seed_same_weights_other_seed_others(make_params, data, tmp_path) -> None:
    params = make_params()
    _, one = run(params, data, tmp_path, "a")
    _, two = run(params, data, tmp_path, "b")
    _, three = run(params, data, tmp_path, "c", seed=2)
    assert same(one, two)
    assert not same(one, three)


def test_loop_goes_on_after_a_kill_to_the_same_weights(make_params, data, tmp_path) -> None:
    params = make_params(**{"train.epochs": 4})
    rows: list[dict[str, float]] = []
    about, whole = run(params, data, tmp_path, "whole", rows.append)
    seen: list[dict[str, float]] = []

    def die_after_two(row: dict[str, float]) -> None:
        seen.append(row)
        if row["epoch"] == 2:
            raise Killed

    with pytest.raises(Killed):
        run(params, data, tmp_path, "torn", die_after_two)
    assert not (tmp_path / "torn").exists()
    again: list[dict[str, float]] = []
    resumed, torn = run(params, data, tmp_path, "torn", again.append)
    assert same(whole, torn)
    assert again == rows
    assert resumed == about
    assert not (tmp_path / "state-torn").exists()


def test_loop_starts_over_from_a_damaged_state(make_params, data, tmp_path) -> None:
    params = make_params()
    _, whole = run(params, data, tmp_path, "whole")
    (tmp_path / "state-torn").mkdir()
    (tmp_path / "state-torn/state.pt").write_bytes(b"not a state")
    (tmp_path / "state-torn/best.safetensors").write_bytes(b"")
    _, torn = run(params, data, tmp_path, "torn")
    assert same(whole, torn)


def test_loop_keeps_the_best_epoch_not_the_last(make_params, data, tmp_path) -> None:
    # A rate that ruins the model after the warm-up: the first epochs are the best.
    params = make_params(
        **{
            "train.epochs": 6,
            "train.patience": 2,
            "train.head_learning_rate": 1.0,
            "text.scratch.learning_rate": 1.0,
            "train.warmup": 0.9,
        }
    )
    rows: list[dict[str, float]] = []
    about, _ = run(params, data, tmp_path, "a", rows.append)
    scores = [row["valid_f1"] for row in rows]
    assert about["best_epoch"] == 1 + scores.index(max(scores))
    assert about["valid"]["span_f1"] == max(scores)
    assert about["epochs"] == len(rows) <= about["best_epoch"] + 2
    assert load_model(tmp_path / "a").about["best_epoch"] == about["best_epoch"]


@pytest.mark.parametrize("kind", ["entities", "relations"])
def test_loop_selects_by_the_weighted_f1(make_params, data, pairs, tmp_path, monkeypatch, kind) -> None:
    data = data if kind == "entities" else pairs
    settings = {"train.epochs": 4, "train.patience": 2, "train.select_by": "weighted"}
    weighted = iter([0.2, 0.9, 0.3, 0.8])
    micro = iter([0.4, 0.5, 0.6, 0.7])
    path = {"entities": "span_weighted", "relations": "weighted_f1"}[kind]

    def score(self, gold, predicted):
        decides = next(weighted)
        value = next(micro)
        tree = {self.headline: {"f1": value, "precision": value, "recall": value}}
        return tree | {path: {"f1": decides} if kind == "entities" else decides}

    monkeypatch.setattr(type(data.task), "score", score)
    rows: list[dict[str, float]] = []
    about, _ = run(make_params(**settings), data, tmp_path, "a", rows.append)
    assert [row["valid_weighted_f1"] for row in rows] == [0.2, 0.9, 0.3, 0.8]
    assert (about["best_epoch"], about["epochs"]) == (2, 4)
    assert about["valid"] == {f"{data.task.headline}_f1": 0.5}


def test_loop_says_when_the_loss_is_lost(make_params, data, tmp_path) -> None:
    params = make_params(decoder="softmax")
    ids = [sample.image_id for sample in data.train if sample.image_id]
    lost = FeatureCache(
        ids=ids,
        pooled=torch.full((len(ids), 6), float("nan")),
        rows=torch.arange(len(ids)),
        lengths=torch.ones(len(ids), dtype=torch.long),
        regions=torch.zeros(len(ids), 1, 6),
    )
    data = replace(data, features=lost)
    with pytest.raises(ValueError, match="the loss is nan in epoch 1; lower the rates"):
        run(params, data, tmp_path, "a")


def test_loop_needs_training_and_validation_sentences(make_params, data, tmp_path) -> None:
    empty = replace(data, valid=[])
    with pytest.raises(ValueError, match="tiny: needs sentences in both"):
        run(make_params(), empty, tmp_path, "a")


def test_optimizer_holds_every_parameter_once_at_its_rate(make_params, tiny_bert) -> None:
    settings = {"text.encoder": str(tiny_bert), "text.max_length": 32, "text.overlap": 8, "train.layer_decay": 0.5}
    params = make_params(fusion="gated", **settings)
    model, _ = build_model(params, NER, label_set(["PER"]), PictureDims(6, 6))
    optimizer, _ = build_optimizer(model, params.train, 1e-4, steps=10)
    held = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    assert len(held) == len({id(parameter) for parameter in held}) == len(list(model.parameters()))
    peak = {id(p): group["initial_lr"] for group in optimizer.param_groups for p in group["params"]}
    decay = {id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    encoder = model.text.model
    assert peak[id(encoder.encoder.layer[1].output.dense.weight)] == pytest.approx(1e-4)
    assert peak[id(encoder.encoder.layer[0].output.dense.weight)] == pytest.approx(5e-5)
    assert peak[id(encoder.embeddings.word_embeddings.weight)] == pytest.approx(2.5e-5)
    assert peak[id(model.crf.transitions)] == pytest.approx(1e-3)
    assert decay[id(encoder.encoder.layer[1].output.dense.weight)] == pytest.approx(0.01)
    assert decay[id(encoder.encoder.layer[1].output.dense.bias)] == 0


def test_optimizer_moves_the_projection_at_its_own_rate(make_params) -> None:
    params = make_params(fusion="gated", **{"train.projection_learning_rate": 2e-5})
    model, _ = build_model(params, NER, label_set(["PER"]), PictureDims(6, 6))
    optimizer, _ = build_optimizer(model, params.train, 1e-4, steps=10)
    peak = {id(p): group["initial_lr"] for group in optimizer.param_groups for p in group["params"]}
    assert {peak[id(parameter)] for parameter in model.fusion.image.parameters()} == {2e-5}
    assert peak[id(model.fusion.gate.weight)] == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("linear", [0.5, 1, 0.5, 0]), ("cosine", [0.5, 1, 0.5, 0]), ("constant", [0.5, 1, 1, 1])],
)
def test_optimizer_rate_rises_and_falls(schedule: str, expected: list[float]) -> None:
    factor = rate_factor(schedule, warmup_steps=1, steps=9)
    assert [factor(step) for step in (0, 1, 5, 9)] == pytest.approx(expected)


def test_sampling_batches_hold_each_row_once_in_like_lengths() -> None:
    costs = [(7 * row) % 40 + 1 for row in range(1000)]
    batches = epoch_batches(costs, batch_size=16, seed=3, epoch=1)
    assert sorted(row for batch in batches for row in batch) == list(range(1000))
    padded = sum(max(costs[row] for row in batch) * len(batch) for batch in batches)
    assert padded < 1.1 * sum(costs)
    assert batches == epoch_batches(costs, batch_size=16, seed=3, epoch=1)
    assert batches != epoch_batches(costs, batch_size=16, seed=3, epoch=2)
    assert batches != epoch_batches(costs, batch_size=16, seed=4, epoch=1)


def test_sampling_draws_rare_labels_more_often() -> None:
    tags = [["O", "O"]] * 95 + [["O", "B-PER"]] * 5
    weights = inverse_frequency(tags)
    assert weights[0] == pytest.approx(1 / 195)
    assert weights[-1] == pytest.approx((1 / 195 + 1 / 5) / 2)
    rows = [row for batch in epoch_batches([2] * 100, batch_size=10, seed=0, epoch=0, weights=weights) for row in batch]
    assert len(rows) == 100
    assert sum(row >= 95 for row in rows) > 30


def test_loop_weighted_sampling_trains(make_params, data, tmp_path) -> None:
    about, _ = run(make_params(**{"train.sampling": "inverse_frequency"}), data, tmp_path, "a")
    assert about["epochs"] == 2


def test_state_key_depends_on_knobs_and_files(tmp_path) -> None:
    file = tmp_path / "x"
    file.write_text("1")
    first = run_key(knobs={"a": 1}, files=[file], weights="")
    assert first == run_key(knobs={"a": 1}, files=[file], weights="")
    assert first != run_key(knobs={"a": 2}, files=[file], weights="")
    assert first != run_key(knobs={"a": 1}, files=[file], weights="other")
    file.write_text("2")
    assert first != run_key(knobs={"a": 1}, files=[file], weights="")


def test_live_report_writes_what_plots_read(tmp_path, capsys) -> None:
    from tandem.training.live import live_report  # noqa: PLC0415

    with live_report(tmp_path / "live", "relation F1") as report:
        report({"epoch": 1, "loss": 0.5, "valid_f1": 0.25})
        report({"epoch": 2, "loss": 0.25, "valid_f1": 0.5})
    assert (tmp_path / "live/history.csv").read_text().splitlines() == [
        "epoch,loss,valid_f1",
        "1,0.5,0.25",
        "2,0.25,0.5",
    ]
    assert "epoch 2: loss 0.2500, validation relation F1 0.5000" in capsys.readouterr().out
    assert json.loads((tmp_path / "live/metrics.json").read_text())["valid_f1"] == 0.5


def test_loop_patience_waits_for_the_first_mention(make_params, data, tmp_path) -> None:
    # Rates too low to learn anything: every epoch finds nothing, and none of them may end the training early.
    settings = {"train.epochs": 6, "train.patience": 1, "train.head_learning_rate": 1e-9}
    params = make_params(decoder="softmax", **settings, **{"text.scratch.learning_rate": 1e-9})
    silent = replace(data, valid=[replace(s, tags=["O"] * len(s.tags)) for s in data.valid])
    about, _ = run(params, silent, tmp_path, "a")
    assert (about["valid"]["span_f1"], about["epochs"], about["best_epoch"]) == (0.0, 6, 6)


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_loop_parts_of_a_step_give_the_gradient_of_the_whole(make_params, data, tmp_path, monkeypatch, decoder) -> None:
    settings = {"train.image_dropout": 0.0, "text.dropout": 0.0, "fusions": {"concat": {"dropout": 0.0}}}
    params = make_params(fusion="concat", decoder=decoder, **settings, **{"train.epochs": 1})
    rows: list[dict[str, float]] = []
    _, whole = run(params, data, tmp_path, "whole", rows.append)
    monkeypatch.setattr("tandem.models.data.BUDGET", 9)
    again: list[dict[str, float]] = []
    _, parts = run(params, data, tmp_path, "parts", again.append)
    assert rows[0]["loss"] == pytest.approx(again[0]["loss"], rel=1e-4)
    for name in whole:
        torch.testing.assert_close(whole[name], parts[name], rtol=1e-2, atol=2e-4)


@pytest.fixture
def pairs(tiny_pairs, tiny_features) -> TrainingData:
    training, validation = tiny_pairs("train", 60), tiny_pairs("valid", 30)
    return TrainingData(
        corpus="tiny",
        task=RE,
        labels=["None", "/never/seen/here", "/org/per/led_by", "/per/org/member_of"],
        train=training,
        valid=validation,
        features=tiny_features(training + validation),
    )


@pytest.mark.parametrize("pooling", ["start", "span"])
def test_loop_learns_relations_from_markers_and_pictures(make_params, pairs, tmp_path, pooling) -> None:
    rows: list[dict[str, float]] = []
    params = make_params(fusion="concat", **{"train.epochs": 8, "relation.pooling": pooling})
    about, _ = run(params, pairs, tmp_path, "a", rows.append)
    assert about["valid"]["relation_f1"] == max(row["valid_f1"] for row in rows) > 0.9
    assert load_model(tmp_path / "a").task is RE
    without, _ = run(make_params(fusion="text_only", **{"train.epochs": 8}), pairs, tmp_path, "b")
    assert without["valid"]["relation_f1"] < 0.9  # only the picture tells led_by from None


@pytest.mark.parametrize("encoder", ["tiny_bert", "tiny_roberta"])
def test_loop_overfits_a_handful_of_pairs(make_params, pairs, tmp_path, request, encoder) -> None:
    few = replace(pairs, train=pairs.train[:8], valid=pairs.train[:8])
    settings = {
        "text.encoder": str(request.getfixturevalue(encoder)),
        "text.max_length": 32,
        "text.overlap": 8,
        "text.word_dropout": 0.1,
        "train.epochs": 40,
        "train.patience": 40,
        "train.learning_rate": 1e-3,
    }
    about, _ = run(make_params(fusion="film", **settings), few, tmp_path, "a")
    assert about["valid"]["relation_f1"] == 1


def test_loop_relations_go_on_after_a_kill_to_the_same_weights(make_params, pairs, tiny_bert, tmp_path) -> None:
    settings = {"text.encoder": str(tiny_bert), "text.max_length": 32, "text.overlap": 8, "text.word_dropout": 0.1}
    params = make_params(**settings, **{"train.epochs": 3})
    about, whole = run(params, pairs, tmp_path, "whole")

    def die(row: dict[str, float]) -> None:
        raise Killed

    with pytest.raises(Killed):
        run(params, pairs, tmp_path, "torn", die)
    resumed, torn = run(params, pairs, tmp_path, "torn")
    assert same(whole, torn)
    assert resumed == about


def test_loop_parts_of_a_step_give_the_gradient_of_all_its_pairs(make_params, pairs, tmp_path, monkeypatch) -> None:
    settings = {"train.image_dropout": 0.0, "text.dropout": 0.0, "fusions": {"concat": {"dropout": 0.0}}}
    params = make_params(fusion="concat", **settings, **{"train.epochs": 1})
    _, whole = run(params, pairs, tmp_path, "whole")
    monkeypatch.setattr("tandem.models.data.BUDGET", 25)
    _, parts = run(params, pairs, tmp_path, "parts")
    for name in whole:
        torch.testing.assert_close(whole[name], parts[name], rtol=1e-2, atol=2e-4)


def test_sampling_draws_rare_relations_more_often(pairs) -> None:
    classes = RE.classes(pairs.train)
    weights = dict(zip(RE.gold(pairs.train), inverse_frequency(classes), strict=True))
    for relation, weight in weights.items():
        assert weight == pytest.approx(1 / RE.gold(pairs.train).count(relation))
