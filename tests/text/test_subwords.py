"""Word-by-word tokenisation and the way back to words."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from tandem.params import TextParams
from tandem.text import subwords
from tandem.text.build import build_text, load_text
from tandem.text.markers import Marker, mark
from tandem.text.pretrained import NOISE
from tandem.text.subwords import SubwordTokenizer, pool_words

STRANGE = ["a", "\ufe0f", "\u00a0", "", "\ufffd", "日本", "cab", "b" * 300]


def tokenizer_of(folder: Path, **more) -> SubwordTokenizer:
    options = {"max_length": 16, "overlap": 4, "pooling": "first", "normalise": "none"} | more
    return SubwordTokenizer(AutoTokenizer.from_pretrained(folder), **options)


@pytest.mark.parametrize("pooling", ["first", "mean", "last"])
def test_subwords_every_word_gets_a_vector(tiny_bert, tiny_roberta, pooling) -> None:
    for folder in (tiny_bert, tiny_roberta):
        params = TextParams(encoder=str(folder), max_length=16, overlap=4, pooling=pooling)
        tokenizer, encoder = build_text(params)
        sentences = [STRANGE * 5, ["cab"], STRANGE[:3]]
        batch = tokenizer.collate([tokenizer.encode(words) for words in sentences])
        vectors = encoder(batch)
        assert vectors.shape == (3, 40, 32)
        assert batch["word_mask"].sum(1).tolist() == [40, 1, 3]
        lengths = vectors.norm(dim=-1)
        assert bool((lengths[batch["word_mask"]] > 0).all())
        assert bool((lengths[~batch["word_mask"]] == 0).all())
        assert batch["input_ids"].shape[1] <= 16


def test_subwords_pieces_do_not_depend_on_neighbours(tiny_roberta) -> None:
    tokenizer = tokenizer_of(tiny_roberta)
    assert tokenizer.pieces(["the", "word"])[1] == tokenizer.pieces(["word"])[0]
    backend = tokenizer.tokenizer
    assert tokenizer.pieces(["word"])[0] == backend(" word", add_special_tokens=False)["input_ids"]


def test_subwords_word_without_pieces_is_unknown(tiny_bert) -> None:
    tokenizer = tokenizer_of(tiny_bert, normalise="clean")
    unknown = tokenizer.tokenizer.unk_token_id
    assert tokenizer.pieces(["@user", "", "\ufe0f"]) == [[unknown]] * 3


def test_subwords_short_sentence_equals_the_plain_encoding(tiny_bert) -> None:
    words = ["cab", "a", "zoo"]
    tokenizer, encoder = build_text(TextParams(encoder=str(tiny_bert), max_length=32, overlap=8))
    encoder.eval()
    with torch.no_grad():
        ours = encoder(tokenizer.collate([tokenizer.encode(words)]))[0]
        plain = tokenizer.tokenizer(words, is_split_into_words=True, return_tensors="pt")
        hidden = encoder.model(**plain).last_hidden_state[0]
    firsts = [plain.word_ids().index(word) for word in range(3)]
    torch.testing.assert_close(ours, hidden[firsts])


def test_subwords_pool_words_means_the_chosen_pieces() -> None:
    hidden = torch.arange(12.0).reshape(2, 3, 2)  # two windows of three sub-words
    batch = {
        "piece": torch.tensor([0, 1, 5]),
        "word": torch.tensor([0, 0, 3]),
        "word_mask": torch.tensor([[True, False], [True, True]]),
    }
    expected = torch.tensor([[[1.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [10.0, 11.0]]])
    torch.testing.assert_close(pool_words(hidden, batch), expected)


def test_subwords_padding_does_not_change_a_sentence(tiny_bert) -> None:
    tokenizer, encoder = build_text(TextParams(encoder=str(tiny_bert), max_length=16, overlap=4))
    encoder.eval()
    short, long = tokenizer.encode(["cab", "zoo"]), tokenizer.encode(["cab"] * 30)
    with torch.no_grad():
        alone = encoder(tokenizer.collate([short]))[0]
        beside = encoder(tokenizer.collate([short, long]))[0, :2]
    torch.testing.assert_close(alone, beside, rtol=1e-4, atol=1e-5)


def test_subwords_reload_from_a_saved_folder(tiny_bert, tmp_path) -> None:
    params = TextParams(encoder=str(tiny_bert), max_length=16, overlap=4)
    tokenizer, encoder = build_text(params)
    tokenizer.save(tmp_path)
    encoder.save_config(tmp_path)
    again, fresh = load_text(params, tmp_path)
    fresh.load_state_dict(encoder.state_dict())
    batch = tokenizer.collate([tokenizer.encode(STRANGE)])
    copy = again.collate([again.encode(STRANGE)])
    assert torch.equal(batch["input_ids"], copy["input_ids"])
    torch.testing.assert_close(encoder.eval()(batch), fresh.eval()(copy))


def test_subwords_reject_windows_longer_than_the_encoder(tiny_bert, tiny_roberta) -> None:
    with pytest.raises(ValueError, match=r"text.max_length 128: .* has 64 positions"):
        build_text(TextParams(encoder=str(tiny_bert)))
    with pytest.raises(ValueError, match="64 positions"):
        build_text(TextParams(encoder=str(tiny_roberta), max_length=66))


def test_subwords_drop_words_hides_whole_words_and_no_specials(tiny_bert) -> None:
    tokenizer = tokenizer_of(tiny_bert)
    sentences = [["cab", "zoo"] * 20, ["abc"] * 3]
    batch = tokenizer.collate([tokenizer.encode(words) for words in sentences])
    backend = tokenizer.tokenizer
    torch.manual_seed(0)
    some = tokenizer.drop_words(batch, 0.5)["input_ids"]
    changed = some != batch["input_ids"]
    specials = batch["owner"] < 0
    assert not bool(changed[specials].any())
    assert bool((some[changed] == backend.mask_token_id).all())
    for word in batch["owner"][~specials].unique():
        assert len(changed[batch["owner"] == word].unique()) == 1  # in every window, all pieces or none
    everything = tokenizer.drop_words(batch, 0.999999)["input_ids"]
    assert bool((everything[~specials] == backend.mask_token_id).all())


ENCODERS = ["tiny_bert", "tiny_roberta", "tiny_mpnet", "tiny_bertweet"]


@pytest.fixture(params=ENCODERS)
def any_encoder(request) -> Path:
    return request.getfixturevalue(request.param)


def marked_params(folder: Path, **more) -> TextParams:
    return TextParams(encoder=str(folder), **{"max_length": 16, "overlap": 4, **more})


def test_subwords_markers_are_new_tokens(any_encoder) -> None:
    params = marked_params(any_encoder, normalise="bertweet", max_length=64)
    plain, encoder = build_text(params)
    marked, grown = build_text(params, markers=True)
    before = encoder.vocabulary
    assert grown.vocabulary == before + 4
    words = mark(["the", "[E1]", "@cab"], (0, 2), (2, 3)).words
    pieces = marked.pieces(words)
    places = [place for place, word in enumerate(words) if isinstance(word, Marker)]
    assert [pieces[place] for place in places] == [[before], [before + 1], [before + 2], [before + 3]]
    rest = [piece for place, piece in enumerate(pieces) if place not in places]
    assert rest == plain.pieces(["the", "[E1]", "@cab"])  # words as ever, also one that reads like a marker
    assert max(max(piece) for piece in rest) < before
    ids = marked.collate([marked.encode(words)])["input_ids"][0].tolist()
    assert ids == [*marked.prefix, *(token for piece in pieces for token in piece), *marked.suffix]


def test_subwords_marker_rows_start_near_the_mean_of_the_table(any_encoder) -> None:
    torch.manual_seed(0)
    _, plain = build_text(marked_params(any_encoder))
    _, grown = build_text(marked_params(any_encoder), markers=True)
    old, new = (encoder.model.get_input_embeddings().weight.detach() for encoder in (plain, grown))
    assert torch.equal(new[:-4], old)
    apart = (new[-4:] - old.mean(0)).abs() / old.std(0)
    assert float(apart.max()) < 5 * NOISE
    assert float(apart.mean(1).min()) > 0.3 * NOISE
    assert len(new[-4:].unique(dim=0)) == 4
    torch.manual_seed(0)
    _, again = build_text(marked_params(any_encoder), markers=True)
    assert torch.equal(again.model.get_input_embeddings().weight, new)


def test_subwords_markers_survive_saving(any_encoder, tmp_path) -> None:
    params = marked_params(any_encoder)
    tokenizer, encoder = build_text(params, markers=True)
    tokenizer.save(tmp_path)
    encoder.save_config(tmp_path)
    again, fresh = load_text(params, tmp_path, markers=True)
    fresh.load_state_dict(encoder.state_dict())
    words = mark(["the", "cab", "[/E1]"] * 9, (0, 2), (26, 27)).words
    batch, copy = (one.collate([one.encode(words)]) for one in (tokenizer, again))
    assert all(torch.equal(batch[name], copy[name]) for name in batch)
    torch.testing.assert_close(encoder.eval()(batch), fresh.eval()(copy))


def test_subwords_drop_words_never_hides_a_marker(any_encoder) -> None:
    tokenizer, encoder = build_text(marked_params(any_encoder), markers=True)
    batch = tokenizer.collate([tokenizer.encode(mark(["a"] * 30, (0, 1), (5, 9)).words)])
    dropped = tokenizer.drop_words(batch, 0.999999)["input_ids"]
    markers = batch["input_ids"] >= encoder.vocabulary - 4
    assert int(markers.sum()) >= 4
    assert torch.equal(dropped[markers], batch["input_ids"][markers])
    assert bool((dropped[~markers & (batch["owner"] >= 0)] == tokenizer.tokenizer.mask_token_id).all())


def test_subwords_marker_takes_its_vector_from_the_window_that_owns_it(tiny_bert) -> None:
    tokenizer, encoder = build_text(marked_params(tiny_bert), markers=True)
    encoder.eval()
    words = mark(["a"] * 40, (0, 1), (39, 40)).words
    encoded = tokenizer.encode(words)
    batch = tokenizer.collate([encoded])
    assert len(encoded.rows) > 2
    with torch.no_grad():
        vectors = encoder(batch)[0]
        windows = encoder.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
    for marker in Marker:
        place = words.index(marker)
        (window, position), *more = [(row, at) for row, at, word in encoded.places if word == place]
        assert not more
        torch.testing.assert_close(vectors[place], windows[window, position])


def test_subwords_without_markers_refuse_one(tiny_bert) -> None:
    with pytest.raises(KeyError):
        tokenizer_of(tiny_bert).encode(["the", Marker.HEAD_START])


def test_subwords_pieces_that_are_kept_are_bounded(tiny_bert, monkeypatch) -> None:
    monkeypatch.setattr(subwords, "MOST_WORDS", 10)
    markers = {marker: 90 + number for number, marker in enumerate(Marker)}
    tokenizer = tokenizer_of(tiny_bert, markers=markers)
    for start in range(0, 100, 4):
        texts = [[Marker.HEAD_START, f"dog{start + number}", "runs"] for number in range(4)]
        expected = [tokenizer_of(tiny_bert, markers=markers).encode(text) for text in texts]
        tokenizer.prepare(texts)
        assert [tokenizer.encode(text) for text in texts] == expected
        assert len(tokenizer._pieces) <= len(markers) + 10 + 8
