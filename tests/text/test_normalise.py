"""Normalisation keeps one string a word; BERTweet's is the published one, word by word."""

from __future__ import annotations

import time

import emoji
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from tandem.text.emoji_names import EMOJI_NAMES
from tandem.text.normalise import NORMALISERS
from tandem.text.subwords import SubwordTokenizer


@pytest.mark.parametrize(
    ("word", "bertweet", "clean"),
    [
        ("@someone", "@USER", ""),
        ("@someone:", "@USER :", ":"),
        ("https://t.co/x", "HTTPURL", ""),
        ("WWW.example.org", "HTTPURL", ""),
        ("me@example.org", "me@example.org", "me.org"),
        ("cooool", "cooool", "cool"),
        ("No!!!!!!", "No ! ! !", "No!!!!!!"),
        ("&amp;", "&", "&amp;"),
        ("😀", ":grinning_face:", ""),
        ("it’s", "it 's", "it’s"),
        ("“so”", "“ so ”", "“so”"),
        ("wait…", "wait ...", "wait…"),
        ("don't", "do n't", "don't"),
        ("can't", "can't", "can't"),
        ("cannot", "can not", "cannot"),
        ("p.m.", "p.m.", "p.m."),
        ("@", "@USER", "@"),
        ("London", "London", "London"),
    ],
)
def test_normalise_maps_words(word: str, bertweet: str, clean: str) -> None:
    assert NORMALISERS["none"](word) == word
    assert NORMALISERS["bertweet"](word) == bertweet
    assert NORMALISERS["clean"](word) == clean


@pytest.mark.parametrize(
    ("emojis", "expected"),
    [
        # What emoji 0.6.0 makes of them: names that have changed since,
        ("✅", ":white_heavy_check_mark:"),
        ("🐸", ":frog_face:"),
        ("🔫", ":pistol:"),
        ("😡", ":pouting_face:"),
        # a variation selector, a skin tone and a flag as characters of their own,
        ("❤\ufe0f", ":red_heart:"),
        ("👍🏾", ":thumbs_up: :medium_dark_skin_tone:"),
        ("🇺🇸", ":regional_indicator_symbol_letter_u: :regional_indicator_symbol_letter_s:"),
        ("👩\u200d💻", ":woman: \u200d :laptop_computer:"),
        # and what came after it, which the model never saw by name.
        ("🥲", "🥲"),
        ("🫠", "🫠"),
    ],
)
def test_normalise_bertweet_names_emojis_as_in_its_pretraining(emojis: str, expected: str) -> None:
    assert NORMALISERS["bertweet"](emojis) == expected


def test_normalise_emoji_names_are_those_of_today_but_for_the_renamed() -> None:
    assert len(EMOJI_NAMES) == 1298
    assert all(len(character) == 1 for character in EMOJI_NAMES)
    same = [character for character, name in EMOJI_NAMES.items() if emoji.demojize(character) == f":{name}:"]
    assert len(EMOJI_NAMES) - len(same) < 100


@given(st.text(max_size=20), st.sampled_from(sorted(NORMALISERS)))
def test_normalise_never_fails(word: str, name: str) -> None:
    assert isinstance(NORMALISERS[name](word), str)


WORDS = st.text(st.one_of(st.characters(), st.sampled_from("@#'’…!.-_:/ncat123😀🐸❤\ufe0f")), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def published(tiny_bertweet):
    """The normalisation that transformers ships with BERTweet's tokenizer, with the names of emoji 0.6.0."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_bertweet)
    names = EMOJI_NAMES | {"\ufe0f": None}
    tokenizer.demojizer = lambda text: (f":{names[text]}:" if names[text] else "") if text in names else text
    return tokenizer.normalizeTweet


@given(word=st.one_of(WORDS, st.sampled_from(["don't", "a.m.", "http", "@x", "'ll", "ca", "n't", "cannot's"])))
def test_normalise_bertweet_is_the_published_one_within_a_tweet(published, word) -> None:
    assume(len(word.split()) == 1)
    found = published(f"the {word.strip()} the")
    assert found.startswith("the ")
    assert found.endswith(" the") or found == "the the"
    assert NORMALISERS["bertweet"](word.strip()) == found[4:-4].strip()


@given(words=st.lists(st.text(max_size=12), max_size=8))
def test_normalise_bertweet_leaves_words_aligned(tiny_bertweet, words) -> None:
    backend = AutoTokenizer.from_pretrained(tiny_bertweet)
    tokenizer = SubwordTokenizer(backend, max_length=32, overlap=8, pooling="first", normalise="bertweet")
    encoded = tokenizer.encode(words)
    assert [word for _, _, word in encoded.places] == list(range(len(words)))


@pytest.mark.parametrize("piece", ["a.", "1-", "-'", "a@", "(", "a"])
def test_normalise_bertweet_reads_endless_words_quickly(piece: str) -> None:
    started = time.perf_counter()
    NORMALISERS["bertweet"](piece * 20_000)
    assert time.perf_counter() - started < 1
