"""Word normalisation. Every function maps one word to one string, so that words and labels stay aligned."""

from __future__ import annotations

import re
from collections.abc import Callable

import emoji

URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
MENTION = re.compile(r"@\w+")
REPEATED = re.compile(r"(\w)\1{2,}")
QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "…": "..."})


def keep(word: str) -> str:
    """The word as it is."""
    return word


def bertweet(word: str) -> str:
    """BERTweet's soft normalisation (Nguyen et al. 2020): user mentions, web addresses, emojis, quotes.

    `@someone` becomes `@USER`, an address `HTTPURL`, an emoji its name between colons.
    """
    if len(word) > 1 and word.startswith("@"):
        return "@USER"
    if URL.match(word):
        return "HTTPURL"
    return emoji.demojize(word.translate(QUOTES))


def clean(word: str) -> str:
    """Addresses, user mentions and emojis removed, letters repeated three times or more reduced to two.

    A word of which nothing is left becomes the empty string: it stays in its place, as an unknown word.
    """
    word = MENTION.sub("", URL.sub("", word))
    return REPEATED.sub(r"\1\1", emoji.replace_emoji(word, ""))


NORMALISERS: dict[str, Callable[[str], str]] = {"none": keep, "bertweet": bertweet, "clean": clean}
