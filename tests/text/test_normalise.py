"""Normalisation keeps one string a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.text.normalise import NORMALISERS


@pytest.mark.parametrize(
    ("word", "bertweet", "clean"),
    [
        ("@someone", "@USER", ""),
        ("https://t.co/x", "HTTPURL", ""),
        ("cooool", "cooool", "cool"),
        ("😀", ":grinning_face:", ""),
        ("it’s", "it's", "it’s"),
        ("@", "@", "@"),
        ("London", "London", "London"),
    ],
)
def test_normalise_maps_words(word: str, bertweet: str, clean: str) -> None:
    assert NORMALISERS["none"](word) == word
    assert NORMALISERS["bertweet"](word) == bertweet
    assert NORMALISERS["clean"](word) == clean


@given(st.text(max_size=20), st.sampled_from(sorted(NORMALISERS)))
def test_normalise_never_fails(word: str, name: str) -> None:
    assert isinstance(NORMALISERS[name](word), str)
