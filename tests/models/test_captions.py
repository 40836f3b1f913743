"""Captions read beside the words: whose they are, what they may touch, and what exchanging them does."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tandem.models.base import IGNORE
from tandem.models.build import PictureDims, build_model, load_model, save_description, save_weights
from tandem.models.captions import captions_for, noise_captions
from tandem.tasks import NER, RE

LABELS = {NER: ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"], RE: ["None", "/per/org/member_of", "/org/per/led_by"]}
ENCODERS = ["scratch", "tiny_bert", "tiny_roberta", "tiny_mpnet", "tiny_bertweet"]


@pytest.fixture
def built(make_params, tiny_corpus, tiny_pairs, tiny_features, request):
    """`built(task, encoder, **knobs)`: parameters, rows, a model of caption_prefix, its tokenizer, and its data."""

    def make(task, encoder="scratch", fusion="caption_prefix", **knobs):
        samples = (tiny_corpus if task is NER else tiny_pairs)("train", 24)
        name = encoder if encoder == "scratch" else str(request.getfixturevalue(encoder))
        params = make_params(
            fusion=fusion,
            **{"text.encoder": name, "text.max_length": 32, "text.overlap": 8, f"fusions.{fusion}": knobs},
        )
        torch.manual_seed(0)
        features = tiny_features(samples)
        model, tokenizer = build_model(params, task, LABELS[task], PictureDims(6, 6))
        captions = captions_for(model.fusion, samples)
        data = task.dataset(samples, tokenizer=tokenizer, features=features, labels=LABELS[task], captions=captions)
        return params, samples, model.eval(), tokenizer, data

    return make


tasks = pytest.mark.parametrize("task", [NER, RE], ids=["ner", "re"])
encoders = pytest.mark.parametrize("encoder", ENCODERS)


def test_captions_are_words_by_picture_where_they_are_read(built) -> None:
    _, samples, model, *_ = built(NER, max_words=2)
    one, two, three, *_ = [sample for sample in samples if sample.image_id]
    posts = [
        replace(one, caption="  a\tdog on the beach "),
        replace(two, caption=""),
        replace(three, caption=" \n"),
        replace(one, image_id=None, caption="of no picture"),
        replace(one, image_id="x", caption=None),
        replace(one, image_id="y", caption="one"),
    ]
    assert captions_for(model.fusion, posts) == {one.image_id: ["a", "dog"], "y": ["one"]}
    _, samples, other, *_ = built(NER, fusion="film")
    assert captions_for(other.fusion, posts) is None


@tasks
@encoders
def test_captions_change_what_is_said_of_every_row_that_has_one(built, task, encoder) -> None:
    _, samples, model, _, data = built(task, encoder)
    rows = range(len(samples))
    with torch.no_grad():
        own = model(data.batch(rows))
        data.image_ids = [None] * len(samples)
        without = model(data.batch(rows))
        # Each post gets the picture of one that shows something else.
        shown = {kind: next(s.image_id for s in samples if kind in (s.image_id or "")) for kind in ("-PER-", "-LOC-")}
        others = [s.image_id and shown["-LOC-" if "-PER-" in s.image_id else "-PER-"] for s in samples]
        data.image_ids = others
        exchanged = model(data.batch(rows))
    for row, sample in enumerate(samples):
        pictured = sample.image_id is not None
        assert torch.allclose(own[row], without[row], atol=1e-4) is not pictured
        assert torch.allclose(own[row], exchanged[row], atol=1e-4) is not pictured


@encoders
def test_captions_without_any_all_is_as_with_text_alone(built, encoder) -> None:
    _, samples, model, _, data = built(NER, encoder)
    _, _, alone, _, plain = built(NER, encoder, fusion="text_only")
    data.image_ids = [None] * len(samples)
    rows = range(len(samples))
    batch, expected = data.batch(rows), plain.batch(rows)
    assert batch.text.keys() == expected.text.keys()
    assert all(torch.equal(batch.text[key], expected.text[key]) for key in batch.text)
    assert data.costs == plain.costs
    alone.load_state_dict({k: v for k, v in model.state_dict().items() if not k.startswith("text.context")})
    assert torch.equal(model(batch), alone(expected))


@pytest.mark.parametrize("encoder", ["scratch", "tiny_bert", "tiny_roberta"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.sampled_from(["a", "really", "#x", "dog"]), max_size=90), rows=st.permutations(range(6)))
def test_captions_words_never_get_a_label(built, tiny_features, encoder, words, rows) -> None:
    _, samples, model, tokenizer, _ = built(NER, encoder, max_words=200)
    posts = [replace(sample, caption=" ".join(words)) for sample in samples[:6]]
    captions = captions_for(model.fusion, posts)
    data = NER.dataset(
        posts, tokenizer=tokenizer, features=tiny_features(samples), labels=LABELS[NER], captions=captions
    )
    batch = data.batch(rows)
    lengths = [len(posts[row].words) for row in rows]
    assert batch.word_mask.sum(1).tolist() == lengths
    assert batch.labels.shape == batch.word_mask.shape == (6, max(lengths))
    assert torch.equal(batch.labels != IGNORE, batch.word_mask)
    gold = [[LABELS[NER].index(tag) for tag in posts[row].tags] for row in rows]
    assert [own[: len(tags)] for own, tags in zip(batch.labels.tolist(), gold, strict=True)] == gold
    assert [len(tags) for tags in model.decode(batch)] == lengths


@tasks
def test_captions_hidden_rows_are_as_without_a_picture(built, task) -> None:
    *_, data = built(task, "tiny_bert")
    rows = list(range(12))
    shown = torch.tensor([row % 2 == 0 for row in rows])
    half = data.batch(rows, shown)
    ids = data.image_ids
    data.image_ids = [image_id if row % 2 == 0 else None for row, image_id in enumerate(ids)]
    expected = data.batch(rows)
    assert all(torch.equal(half.text[key], expected.text[key]) for key in expected.text)
    assert torch.equal(half.picture.present, expected.picture.present)
    data.image_ids = ids
    whole, nothing = data.batch(rows), data.batch(rows, torch.zeros(12, dtype=torch.bool))
    assert not bool(nothing.picture.present.any())
    assert whole.text["input_ids"].shape != nothing.text["input_ids"].shape


@tasks
@encoders
def test_captions_padding_does_not_change_a_row(built, task, encoder) -> None:
    _, samples, model, _, data = built(task, encoder)
    data.captions = {**data.captions, samples[1].image_id: ["a", "dog"] * 30}
    data.image_ids = data.image_ids
    with torch.no_grad():
        together = model(data.batch(range(12)))
        for row in range(12):
            alone = model(data.batch([row]))[0]
            found = together[row, : len(samples[row].words)] if task is NER else together[row]
            torch.testing.assert_close(found, alone, rtol=1e-4, atol=1e-5)


@tasks
@encoders
def test_captions_checkpoint_reads_them_again(built, task, encoder, tmp_path) -> None:
    params, samples, model, tokenizer, data = built(task, encoder, max_words=3)
    save_description(tmp_path, model, tokenizer, params, task, PictureDims(6, 6), {})
    save_weights(model, tmp_path / "model.safetensors")
    if encoder != "scratch":
        text = (tmp_path / "tandem.json").read_text().replace(params.text.encoder, "gone/from/here")
        (tmp_path / "tandem.json").write_text(text)
    again = load_model(tmp_path)
    captions = captions_for(again.model.fusion, samples)
    assert {len(words) for words in captions.values()} == {3}
    copy = task.dataset(samples, tokenizer=again.tokenizer, features=data.features, captions=captions)
    assert torch.equal(model(data.batch(range(12))), again.model(copy.batch(range(12))))


CAPTIONS = st.dictionaries(
    st.text(max_size=3), st.lists(st.text("abc", min_size=1, max_size=2), min_size=1, max_size=6)
)


@given(CAPTIONS, st.integers(0, 9))
def test_captions_of_noise_have_the_lengths_and_the_words_of_captions(captions, seed: int) -> None:
    noise = noise_captions(captions, seed=seed)
    assert {image_id: len(words) for image_id, words in noise.items()} == {k: len(v) for k, v in captions.items()}
    assert {word for words in noise.values() for word in words} <= {
        word for words in captions.values() for word in words
    }
    assert noise == noise_captions(captions, seed=seed)


def test_captions_of_noise_tell_nothing_of_the_picture() -> None:
    captions = {f"{number}": ["red", "car"] if number % 2 else ["blue", "sea"] for number in range(400)}
    noise = noise_captions(captions, seed=1)
    said = [sum("red" in words for words in list(noise.values())[start::2]) for start in (0, 1)]
    assert abs(said[0] - said[1]) < 60  # 87 of 200 expected of either
    assert noise != noise_captions(captions, seed=2)
