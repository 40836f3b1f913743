"""Several conditions in one pass over the words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tandem.evaluation.controls import CONTROLS, conditions
from tandem.inference import runner as runner_module
from tandem.inference.conditions import words_encoded_once
from tandem.inference.held_out import HeldOut
from tandem.inference.runner import Runner
from tandem.models.data import BUDGET
from tandem.tasks import NER


@pytest.fixture
def make_runner(make_params, tiny_corpus, tiny_features, saved):
    """A model that was never trained, and rows in several batches."""

    def make(fusion: str) -> tuple[Runner, HeldOut]:
        test = tiny_corpus("test", 25)
        params = make_params(fusion=fusion, **{"train.eval_batch_size": 4})
        held_out = HeldOut("tiny", NER, test, tiny_features(test))
        folder = saved(params, dims=(6, 6), name=fusion)
        return Runner(folder, held_out, params), held_out

    return make


def counted(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by the rows of each batch that the text encoder reads."""
    calls: list[int] = []
    encoder = runner._model.text
    plain = encoder.forward

    def forward(batch, *picture):
        calls.append(len(batch["word_mask"]))
        return plain(batch, *picture)

    monkeypatch.setattr(encoder, "forward", forward)
    return calls


@pytest.mark.parametrize("fusion", ["concat", "film", "cross_attention", "attention", "gated", "hybrid", "bilinear"])
def test_conditions_together_are_what_each_is_alone(make_runner, fusion) -> None:
    runner, held_out = make_runner(fusion)
    pictures = conditions(runner.pictures_of(held_out.samples), seed=1)
    together = runner.read(held_out.samples, pictures)
    assert list(together) == ["predicted", *CONTROLS]
    for name in ("predicted", "shuffled_image", "noise_image"):
        assert runner.read(held_out.samples, {name: pictures[name]})[name] == together[name]
    pair = runner.read(held_out.samples, {name: pictures[name] for name in ("predicted", "no_image")})
    assert pair["no_image"] == together["no_image"]


def test_conditions_encode_the_words_of_each_batch_once(make_runner, monkeypatch) -> None:
    runner, held_out = make_runner("concat")
    calls = counted(runner, monkeypatch)
    runner.read(held_out.samples, conditions(runner.pictures_of(held_out.samples), seed=1))
    assert sum(calls) == len(held_out.samples)
    assert max(calls) == 4  # one batch of words is remembered, not the corpus


def test_conditions_encode_captions_anew(make_runner, monkeypatch) -> None:
    runner, held_out = make_runner("caption_prefix")
    calls = counted(runner, monkeypatch)
    found = runner.read(held_out.samples, conditions(runner.pictures_of(held_out.samples), seed=1))
    assert sum(calls) > 2 * len(held_out.samples)
    alone = runner.read(held_out.samples, {"predicted": [None] * len(held_out.samples)})["predicted"]
    for one, other in zip(found["no_image"], alone, strict=True):
        assert one.said == other.said


def test_conditions_keep_batches_small_under_the_longest_texts(make_runner, monkeypatch) -> None:
    runner, held_out = make_runner("concat")
    parts = []
    real = runner_module.read_conditions

    def watched(model, sets, *args, **kwargs):
        sets["noise_image"].costs = [BUDGET] * len(held_out.samples)  # each alone as much as one pass may take
        found = real(model, sets, *args, **kwargs)
        parts.append(sets["predicted"].plan(4))
        return found

    monkeypatch.setattr(runner_module, "read_conditions", watched)
    runner.read(held_out.samples, conditions(runner.pictures_of(held_out.samples), seed=1))
    assert [len(part) for part in parts[0]] == [1] * len(held_out.samples)


def test_conditions_of_a_model_without_pictures_are_one(make_runner, monkeypatch) -> None:
    runner, held_out = make_runner("text_only")
    calls = counted(runner, monkeypatch)
    found = runner.read(held_out.samples, conditions([sample.image_id for sample in held_out.samples], seed=1))
    assert sum(calls) == len(held_out.samples)
    assert all(found[name] == found["predicted"] for name in CONTROLS)


def test_conditions_leave_the_model_as_it_was(make_runner) -> None:
    runner, held_out = make_runner("concat")
    model = runner._model
    encoder = model.text
    with words_encoded_once(model):
        assert model.text is not encoder
    assert model.text is encoder
    rows = [replace(sample, image_id=None) for sample in held_out.samples]
    assert runner.predict(rows, {"predicted": [None] * len(rows)})["predicted"]
    assert model.text is encoder
