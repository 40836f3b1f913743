"""Two texts read together: special tokens, token types, windows, and what a context may not change."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from tandem.params import TextParams
from tandem.text.build import build_text, load_text
from tandem.text.markers import mark
from tandem.text.segments import pair_tokens, special_tokens
from tandem.text.subwords import SubwordTokenizer

FAMILIES = ["tiny_bert", "tiny_roberta", "tiny_mpnet", "tiny_bertweet"]
CAPTION = ["a", "dog", "on", "the", "beach"]


@pytest.fixture(params=FAMILIES)
def family(request) -> Path:
    return request.getfixturevalue(request.param)


def params_of(folder: Path, **more) -> TextParams:
    return TextParams(encoder=str(folder), **{"max_length": 32, "overlap": 8, **more})


def tokenizer_of(folder: Path, **more) -> SubwordTokenizer:
    options = {"max_length": 16, "overlap": 4, "pooling": "first", "normalise": "none"} | more
    return SubwordTokenizer(AutoTokenizer.from_pretrained(folder), **options)


def test_segments_special_tokens_of_one_text(tiny_bert, tiny_roberta) -> None:
    bert = AutoTokenizer.from_pretrained(tiny_bert)
    assert special_tokens(bert) == ([bert.cls_token_id], [bert.sep_token_id])
    roberta = AutoTokenizer.from_pretrained(tiny_roberta)
    assert special_tokens(roberta) == ([roberta.bos_token_id], [roberta.eos_token_id])


def test_segments_special_tokens_of_a_pair(family) -> None:
    tokenizer = AutoTokenizer.from_pretrained(family)
    found = pair_tokens(tokenizer)
    start, end = tokenizer.cls_token_id, tokenizer.sep_token_id
    assert (found.prefix, found.suffix) == ([start], [end])
    bert = "token_type_ids" in tokenizer.model_input_names
    assert found.separator == ([end] if bert else [end, end])
    types = (found.separator_types, found.second_type, found.suffix_types)
    assert types == (([0], 1, [1]) if bert else ([0, 0], 0, [0]))


def test_segments_of_a_tokenizer_that_marks_nothing() -> None:
    class Bare:
        """Two texts simply follow each other, `a` is 7 and `b` 8."""

        def __call__(self, *texts: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
            return {"input_ids": [{"a": 7, "b": 8}[text] for text in texts]}

    found = pair_tokens(Bare())
    assert (found.prefix, found.separator, found.suffix, found.second_type) == ([], [], [], 0)


def test_segments_short_pair_is_what_the_tokenizer_makes_of_it(family) -> None:
    tokenizer = tokenizer_of(family, max_length=64)
    batch = tokenizer.collate([tokenizer.encode(["the", "dog"], ["a", "cab"])])
    backend = tokenizer.tokenizer
    lead = tokenizer._lead
    expected = backend(f"{lead}the dog", f"{lead}a cab")
    assert batch["input_ids"][0].tolist() == expected["input_ids"]
    if any(expected.get("token_type_ids", [])):
        assert batch["token_type_ids"][0].tolist() == expected["token_type_ids"]
    else:
        assert "token_type_ids" not in batch
    assert batch["word_mask"].tolist() == [[True, True]]


def test_segments_words_get_the_states_that_the_model_gives_them_in_a_pair(tiny_bert) -> None:
    tokenizer, encoder = build_text(params_of(tiny_bert))
    encoder.eval()
    with torch.no_grad():
        ours = encoder(tokenizer.collate([tokenizer.encode(["dog", "runs"], CAPTION)]))[0]
        pair = tokenizer.tokenizer("dog runs", " ".join(CAPTION), return_tensors="pt")
        theirs = encoder.model(**pair).last_hidden_state[0, 1:3]
        untyped = encoder.model(pair["input_ids"]).last_hidden_state[0, 1:3]
    torch.testing.assert_close(ours, theirs)
    assert not torch.allclose(ours, untyped, atol=1e-3)  # the types of tokens are read


def test_segments_without_context_all_is_as_it_ever_was(family) -> None:
    tokenizer, encoder = build_text(params_of(family))
    encoder.eval()
    words = ["the", "dog", "runs", "on"] * 9
    plain = tokenizer.encode(words)
    assert tokenizer.encode(words, []) == plain
    rows = [
        [*tokenizer.prefix, *(p for word in ("the", "dog") for p in tokenizer.pieces([word])[0]), *tokenizer.suffix]
    ]
    assert tokenizer.encode(["the", "dog"]).rows == rows
    batch = tokenizer.collate([plain, tokenizer.encode(["a"])])
    assert set(batch) == {"input_ids", "attention_mask", "owner", "piece", "word", "word_mask"}
    with torch.no_grad():
        alone = encoder(tokenizer.collate([plain]))[0]
        beside = encoder(tokenizer.collate([tokenizer.encode(["a"], CAPTION), plain]))[1]
    torch.testing.assert_close(alone, beside, rtol=1e-4, atol=1e-5)


def test_segments_padding_does_not_change_a_sentence_with_context(family) -> None:
    tokenizer, encoder = build_text(params_of(family))
    encoder.eval()
    short, long = tokenizer.encode(["cab"], ["a"]), tokenizer.encode(["the", "dog"] * 20, CAPTION * 9)
    with torch.no_grad():
        alone = encoder(tokenizer.collate([short]))[0]
        beside = encoder(tokenizer.collate([long, short]))[1]
        whole = encoder(tokenizer.collate([long]))[0]
        again = encoder(tokenizer.collate([long, short]))[0]
    torch.testing.assert_close(alone[:1], beside[:1], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(whole, again, rtol=1e-4, atol=1e-5)
    assert bool((beside[1:] == 0).all())


@pytest.mark.parametrize("pooling", ["first", "mean", "last"])
def test_segments_context_changes_every_word_and_gets_no_vector(family, pooling) -> None:
    tokenizer, encoder = build_text(params_of(family, pooling=pooling))
    encoder.eval()
    words = ["the", "dog"] * 12
    with torch.no_grad():
        one, other = (encoder(tokenizer.collate([tokenizer.encode(words, c)])) for c in (["a", "dog"], ["the", "the"]))
    assert one.shape == (1, 24, 32)
    assert bool((one != other).any(-1).all())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths=st.lists(st.integers(1, 12), max_size=30),
    context=st.lists(st.integers(1, 12), min_size=1, max_size=30),
    max_length=st.integers(10, 40),
    overlap=st.integers(0, 20),
    pooling=st.sampled_from(["first", "mean", "last"]),
    name=st.sampled_from(FAMILIES),
)
def test_segments_every_window_carries_the_context(
    request, lengths, context, max_length, overlap, pooling, name
) -> None:
    folder = request.getfixturevalue(name)
    overlap = min(overlap, max_length // 2)
    tokenizer = tokenizer_of(folder, max_length=max_length, overlap=overlap, pooling=pooling)
    # Letters: in every family but RoBERTa's a piece each; told apart from those of the context.
    words, caption = ["b" * length for length in lengths], ["c" * length for length in context]
    encoded = tokenizer.encode(words, caption)
    pair = pair_tokens(tokenizer.tokenizer)
    second = [piece for pieces in tokenizer.pieces(caption) for piece in pieces]
    specials = len(pair.prefix) + len(pair.separator) + len(pair.suffix)
    kept = second[: max_length - specials - max_length // 2]
    after = [*pair.separator, *kept, *pair.suffix]
    pieces = tokenizer.pieces(words)
    for row, owners in zip(encoded.rows, encoded.owners, strict=True):
        assert len(row) == len(owners) <= max_length
        assert row[: len(pair.prefix)] == pair.prefix
        assert row[-len(after) :] == after
        assert len(encoded.last_types) == len(after)
        inside = owners[len(pair.prefix) : -len(after)]
        assert set(owners[: len(pair.prefix)] + owners[-len(after) :]) == {-1}
        assert -1 not in inside
        held = sorted(set(inside))
        assert row[len(pair.prefix) : -len(after)] == [piece for word in held for piece in pieces[word]]
    assert max_length - len(after) - len(pair.prefix) >= max_length // 2  # room for the sentence
    # Each word has its pieces from one window, whole, and none are of the context.
    for word, own in enumerate(pieces):
        places = [(row, at) for row, at, owner in encoded.places if owner == word]
        assert len(places) == (len(own) if pooling == "mean" else 1)
        assert {encoded.owners[row][at] for row, at in places} == {word}
    assert len(encoded.rows) <= max(1, len(words))
    assert tokenizer.cost(encoded) == sum(map(len, encoded.rows))


def test_segments_markers_stand_beside_a_context(family) -> None:
    tokenizer, encoder = build_text(params_of(family), markers=True)
    words = mark(["the", "dog", "runs"], (0, 1), (1, 2)).words
    vectors = encoder(tokenizer.collate([tokenizer.encode(words, CAPTION)]))
    assert vectors.shape == (1, 7, 32)


def test_segments_words_of_a_context_are_never_hidden(family) -> None:
    tokenizer, _ = build_text(params_of(family))
    batch = tokenizer.collate([tokenizer.encode(["dog"] * 30, CAPTION), tokenizer.encode(["dog"])])
    dropped = tokenizer.drop_words(batch, 0.999999)["input_ids"]
    words = batch["owner"] >= 0
    assert torch.equal(dropped[~words], batch["input_ids"][~words])
    assert bool((dropped[words] == tokenizer.tokenizer.mask_token_id).all())


def test_segments_survive_saving(family, tmp_path) -> None:
    params = params_of(family)
    tokenizer, encoder = build_text(params, context=True)
    tokenizer.save(tmp_path)
    encoder.save_config(tmp_path)
    again, fresh = load_text(params, tmp_path)
    fresh.load_state_dict(encoder.state_dict())
    batch, copy = (one.collate([one.encode(["the", "dog"] * 20, CAPTION)]) for one in (tokenizer, again))
    assert batch.keys() == copy.keys()
    assert all(torch.equal(batch[name], copy[name]) for name in batch)
    torch.testing.assert_close(encoder.eval()(batch), fresh.eval()(copy))


def test_segments_reject_windows_without_room_for_a_context(tiny_roberta) -> None:
    tokenizer = tokenizer_of(tiny_roberta, max_length=8)
    tokenizer.encode(["the"])
    with pytest.raises(ValueError, match=r"text\.max_length 8 leaves no room for captions; raise it"):
        tokenizer.encode(["the"], ["a"])
