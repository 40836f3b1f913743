"""What holds for every joint encoder: absent pictures, windows, padding, gradients, checkpoints, learning."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
import torch

from tandem.inference.corpus import predict_corpus
from tandem.inference.held_out import HeldOut
from tandem.models.build import PictureDims, build_model, load_model, save_description, save_weights
from tandem.tasks import NER, RE
from tandem.training.loop import TrainingData, train
from tandem.training.optimizer import build_optimizer
from tandem.training.state import StateStore

NAMES = ["blip_vqa", "blip_itm", "blip_captioning", "vilt", "blip2_opt", "blip2_t5"]
FAMILIES = ["blip_vqa", "vilt", "blip2_opt", "blip2_t5"]  # one of each architecture
LABELS = {NER: ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"], RE: ["None", "/per/org/member_of", "/org/per/led_by"]}

every_name = pytest.mark.parametrize("name", NAMES)
every_family = pytest.mark.parametrize("name", FAMILIES)
tasks = pytest.mark.parametrize("task", [NER, RE], ids=["ner", "re"])


def exchanged(samples) -> list[str | None]:
    """For each row the picture of a row of the other type."""
    of = {kind: next(s.image_id for s in samples if kind in (s.image_id or "")) for kind in ("-PER-", "-LOC-")}
    return [s.image_id and of["-LOC-" if "-PER-" in s.image_id else "-PER-"] for s in samples]


def long(sample, words: int):
    """The sample with so many words that they need several windows."""
    return replace(sample, words=[*sample.words, *["really"] * words], tags=[*sample.tags, *["O"] * words])


@tasks
@every_name
def test_joint_pictures_change_what_is_said_of_every_row_that_has_one(built, name, task) -> None:
    _, samples, model, _, data = built(name, task)
    rows = range(len(samples))
    with torch.no_grad():
        own = model(data.batch(rows))
        data.image_ids = [None] * len(samples)
        without = model(data.batch(rows))
        data.image_ids = exchanged(samples)
        others = model(data.batch(rows))
    for row, sample in enumerate(samples):
        pictured = sample.image_id is not None
        assert torch.allclose(own[row], without[row], atol=1e-5) is not pictured
        assert torch.allclose(own[row], others[row], atol=1e-5) is not pictured


@tasks
@every_name
def test_joint_without_any_picture_is_the_text_only_twin(built, name, task) -> None:
    _, samples, model, _, data = built(name, task)
    _, _, twin, _, plain = built(name, task, fusion="text_only")
    twin.load_state_dict(model.state_dict())
    data.image_ids = [None] * len(samples)
    rows = range(len(samples))
    assert torch.equal(model(data.batch(rows)), twin(plain.batch(rows)))


@every_name
def test_joint_absent_pictures_are_never_read_and_leave_the_text_alone(built, name) -> None:
    _, samples, model, _, data = built(name)
    rows = list(range(len(samples)))
    shown = torch.tensor([row % 3 != 0 for row in rows])
    batch = data.batch(rows, shown)
    picture = batch.picture
    nothing = ~picture.present
    assert 3 < int(nothing.sum()) < len(samples)
    with torch.no_grad():
        found = model(batch)
        pooled = torch.where(nothing[:, None], torch.tensor(float("nan")), picture.pooled)
        regions = torch.where(nothing[:, None, None], torch.tensor(float("inf")), picture.regions)
        noisy = replace(picture, pooled=pooled, regions=regions)
        assert torch.equal(model(replace(batch, picture=noisy)), found)
        # What the others show is nothing to them either.
        turned = replace(picture, pooled=-picture.pooled, regions=255 - picture.regions)
        assert torch.equal(model(replace(batch, picture=turned))[nothing], found[nothing])
        data.image_ids = [None] * len(samples)
        alone = model(data.batch(rows))
    torch.testing.assert_close(found[nothing], alone[nothing], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["blip_vqa", "blip2_opt", "blip2_t5"])
def test_joint_masked_regions_are_never_read(built, name) -> None:
    *_, model, _, data = built(name)
    batch = data.batch(range(12))
    mask = batch.picture.region_mask.clone()
    mask[:, 2:] = False
    fewer = replace(batch.picture, region_mask=mask)
    noise = torch.where(mask[..., None], fewer.regions, torch.tensor(float("nan")))
    with torch.no_grad():
        found = model(replace(batch, picture=fewer))
        assert torch.equal(model(replace(batch, picture=replace(fewer, regions=noise))), found)
        cut = replace(fewer, regions=fewer.regions[:, :2], region_mask=mask[:, :2])
        torch.testing.assert_close(model(replace(batch, picture=cut)), found, rtol=1e-4, atol=1e-5)
        assert not torch.allclose(model(batch), found, atol=1e-4)


@tasks
@every_name
def test_joint_padding_and_other_rows_do_not_change_a_row(built, name, task) -> None:
    _, samples, model, _, data = built(name, task)
    assert len({len(sample.words) for sample in samples}) > 1
    with torch.no_grad():
        together = model(data.batch(range(12)))
        for row in range(12):
            alone = model(data.batch([row]))[0]
            found = together[row, : len(samples[row].words)] if task is NER else together[row]
            torch.testing.assert_close(found, alone, rtol=1e-4, atol=1e-5)


@every_name
def test_joint_every_window_of_a_long_sentence_sees_its_own_picture(built, name) -> None:
    _, samples, model, tokenizer, data = built(name)
    posts = [samples[1], long(samples[2], 40), samples[0], long(samples[3], 30)]
    other = NER.dataset(posts, tokenizer=tokenizer, features=data.features, labels=LABELS[NER])
    batch = other.batch(range(4))
    assert len(batch.text["input_ids"]) > 6
    with torch.no_grad():
        found = model(batch)
        for row, sample in enumerate(posts):
            alone = model(other.batch([row]))[0]
            torch.testing.assert_close(found[row, : len(sample.words)], alone, rtol=1e-4, atol=1e-5)
        # The long sentence's picture changes all of its words, and no word of another sentence.
        pooled, regions = batch.picture.pooled.clone(), batch.picture.regions.clone()
        pooled[1], regions[1] = -pooled[1], 255 - regions[1]
        changed = (model(replace(batch, picture=replace(batch.picture, pooled=pooled, regions=regions))) != found).any(
            -1
        )
    assert changed.any(1).tolist() == [False, True, False, False]
    assert bool(changed[1, : len(posts[1].words)].all())


@tasks
@every_family
def test_joint_every_parameter_changes_in_training(built, name, task) -> None:
    params, _, model, _, data = built(name, task, **{"train.weight_decay": 0.0, "head.kind": "mlp"})
    optimizer, _ = build_optimizer(model.train(), params.train, 1e-3, steps=10)
    before = {key: parameter.detach().clone() for key, parameter in model.named_parameters()}
    for _ in range(3):
        optimizer.zero_grad()
        model.loss(data.batch(range(12))).backward()
        optimizer.step()
    after = dict(model.named_parameters())
    assert all(bool(torch.isfinite(parameter).all()) for parameter in after.values())
    still = {key for key in before if torch.equal(before[key], after[key])}
    assert still == set()
    table = next(
        key for key in before if key.endswith(("word_embeddings.weight", "embed_tokens.weight", "shared.weight"))
    )
    if task is RE:
        assert bool((before[table][-4:] != after[table][-4:]).any(1).all())  # the markers' rows


@every_family
def test_joint_gradients_reach_text_and_picture_side(built, name) -> None:
    *_, model, _, data = built(name)
    model.train()
    model.loss(data.batch(range(12))).backward()
    parts = {
        "blip_vqa": ["crossattention.self.key.weight", "attention.self.key.weight"],
        "vilt": ["patch_embeddings.projection.weight", "encoder.layer.0.attention.attention.key.weight"],
        "blip2_opt": ["query_tokens", "language_projection.weight", "layers.0.self_attn.q_proj.weight"],
        "blip2_t5": ["query_tokens", "language_projection.weight", "block.0.layer.0.SelfAttention.q.weight"],
    }[name]
    gradients = {key: parameter.grad for key, parameter in model.text.named_parameters()}
    for part in parts:
        found = [gradient for key, gradient in gradients.items() if key.endswith(part)]
        assert found
        assert all(gradient is not None and bool(gradient.any()) for gradient in found), part


@every_family
def test_joint_autocast_to_bfloat16_stays_close(built, name) -> None:
    *_, model, _, data = built(name, decoder="softmax")
    batch = data.batch(range(12))  # with and without pictures
    expected = model(batch).detach()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = model(batch)
        model.loss(batch).backward()
    torch.testing.assert_close(found, expected, atol=0.1, rtol=0.1)


@every_name
def test_joint_model_has_no_vision_tower_and_no_head_of_the_checkpoint(built, name) -> None:
    *_, model, _, _ = built(name)
    names = [key for key, _ in model.text.named_parameters()]
    foreign = ("vision_model", "lm_head", "cls.predictions", "text_decoder", "pooler", "mlm_score", "itm_head")
    assert [key for key in names if any(part in key for part in foreign)] == []
    # A language model's decoder is there only where it is all there is.
    assert any(".decoder." in key for key in names) is (name == "blip2_opt")


@every_family
def test_joint_layers_hold_every_parameter_once_from_bottom_to_top(built, name) -> None:
    *_, model, _, _ = built(name)
    layers = model.text.layers()
    assert len(layers) == 3
    members = [id(parameter) for layer in layers for parameter in layer]
    assert sorted(members) == sorted(id(parameter) for parameter in model.text.parameters())
    depth = {id(parameter): number for number, layer in enumerate(layers) for parameter in layer}
    placed = {key: depth[id(parameter)] for key, parameter in model.text.named_parameters()}
    for key, place in placed.items():
        number = re.search(r"\.(\d+)\.", key)
        bottom = key.startswith("queries.") or "embed" in key or "shared" in key
        assert place == (0 if bottom else int(number[1]) + 1 if number else 2), key


@tasks
@every_name
def test_joint_checkpoint_loads_without_the_original(built, name, task, tmp_path) -> None:
    params, samples, model, tokenizer, data = built(name, task)
    dims = PictureDims(data.features.pooled_dim, data.features.region_dim)
    save_description(tmp_path, model, tokenizer, params, task, dims, {})
    save_weights(model, tmp_path / "model.safetensors")
    about = tmp_path / "tandem.json"
    about.write_text(about.read_text().replace(json.dumps(params.text.encoder)[1:-1], "gone/from/here"))
    assert "gone/from/here" in about.read_text()
    again = load_model(tmp_path)
    copy = task.dataset(samples, tokenizer=again.tokenizer, features=data.features)
    with torch.no_grad():
        assert torch.equal(model(data.batch(range(12))), again.model(copy.batch(range(12))))


@tasks
@every_family
def test_joint_training_learns_to_read_the_picture(
    joint_params, joint_features, tiny_corpus, tiny_pairs, tmp_path, name, task
) -> None:
    rows = tiny_corpus if task is NER else tiny_pairs
    training, validation = rows("train", 60), rows("valid", 30)
    features = joint_features(training + validation, name)
    data = TrainingData(
        corpus="tiny", task=task, labels=LABELS[task], train=training, valid=validation, features=features
    )
    params = joint_params(name, **{"train.epochs": 12, "train.learning_rate": 3e-3, "head.kind": "mlp"})
    train(params, data, seed=1, out=tmp_path / "model", store=StateStore(tmp_path / "state"))
    pictured = [sample for sample in validation if sample.image_id]
    # As the stages evaluate: with its own pictures, with exchanged ones, and with none.
    said, _ = predict_corpus(tmp_path / "model", HeldOut("tiny", task, pictured, features), params, seed=1)
    scores = {key: task.score(task.gold(pictured), rows)[task.headline]["f1"] for key, rows in said.items()}
    assert scores["predicted"] > 0.9, scores
    assert scores["shuffled_image"] < scores["predicted"] - 0.15, scores
    assert scores["no_image"] < scores["predicted"] - 0.15, scores


@every_family
def test_joint_training_goes_on_after_a_kill_to_the_same_weights(
    joint_params, joint_features, tiny_corpus, tmp_path, name
) -> None:
    training, validation = tiny_corpus("train", 16), tiny_corpus("valid", 8)
    features = joint_features(training + validation, name)
    data = TrainingData(
        corpus="tiny", task=NER, labels=LABELS[NER], train=training, valid=validation, features=features
    )
    params = joint_params(name)

    def run(folder, report=None):
        train(params, data, seed=1, out=tmp_path / folder, store=StateStore(tmp_path / f"s-{folder}"), report=report)
        return load_model(tmp_path / folder).model.state_dict()

    def die(row):
        raise KeyboardInterrupt

    whole = run("whole")
    with pytest.raises(KeyboardInterrupt):
        run("torn", die)
    torn = run("torn")
    assert whole.keys() == torn.keys()
    assert all(torch.equal(whole[key], torn[key]) for key in whole)


@pytest.mark.parametrize("encoder", ["scratch", "tiny_bert"])
def test_joint_needs_an_encoder_that_reads_pictures(make_params, request, encoder) -> None:
    name = encoder if encoder == "scratch" else str(request.getfixturevalue(encoder))
    params = make_params(fusion="joint", **{"text.encoder": name, "text.max_length": 32, "text.overlap": 8})
    with pytest.raises(ValueError, match=r"fusion joint: text\.encoder .* reads no pictures; .* blip, blip-2, vilt"):
        build_model(params, NER, LABELS[NER], PictureDims(6, 6))


@pytest.mark.parametrize(
    ("name", "dims", "message"),
    [
        (
            "blip_vqa",
            (12, 16),
            r"BLIP reads .* of 16 numbers, .* 12 \(pooled\) and 16 \(regions\); .* hf/.*tiny-blip_vqa",
        ),
        ("blip2_opt", (16, 10), r"BLIP-2 reads .* of 16 numbers, .*; set vision\.encoder to hf/"),
        ("vilt", (16, 16), r"ViLT reads pixels, .*; set vision\.encoder to raw"),
        ("vilt", (3, 60), r"vision\.image_size 20: .* squares of 16 pixels; set it to a multiple of 16"),
    ],
)
def test_joint_names_the_knob_where_the_pictures_do_not_fit(joint_params, name, dims, message) -> None:
    with pytest.raises(ValueError, match=message):
        build_model(joint_params(name), NER, LABELS[NER], PictureDims(*dims))


@pytest.mark.parametrize(("name", "limit"), [("blip_vqa", 64), ("vilt", 40), ("blip2_opt", 61)])
def test_joint_windows_leave_room_for_what_else_has_a_position(joint_params, name, limit) -> None:
    dims = PictureDims(3, 96) if name == "vilt" else PictureDims(16, 16)
    build_model(joint_params(name, **{"text.max_length": limit}), NER, LABELS[NER], dims)
    with pytest.raises(ValueError, match=rf"text\.max_length {limit + 1}: .* has {limit} positions"):
        build_model(joint_params(name, **{"text.max_length": limit + 1}), NER, LABELS[NER], dims)


@every_family
def test_joint_encoder_serves_any_other_strategy_as_an_encoder_of_text(built, name) -> None:
    *_, model, _, data = built(name, fusion="film")
    batch = data.batch(range(12))
    assert model(batch).shape == (12, batch.word_mask.shape[1], 5)
