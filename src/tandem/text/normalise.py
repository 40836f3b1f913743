"""Word normalisation. Every function maps one word to one string, so that words and labels stay aligned."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import emoji

from tandem.text.emoji_names import EMOJI_NAMES

URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
MENTION = re.compile(r"@\w+")
REPEATED = re.compile(r"(\w)\1{2,}")

LONGEST = 280  # characters, those of a post; the splitter's patterns take quadratic time on endless words
VARIATION = "\ufe0f"  # says that the character before it is an emoji; has no name, and is dropped
CONTRACTIONS = (
    ("cannot ", "can not "),
    ("n't ", " n't "),
    ("n 't ", " n't "),
    ("ca n't", "can't"),
    ("ai n't", "ain't"),
    *((f"'{end} ", f" '{end} ") for end in ("m", "re", "s", "ll", "d", "ve")),
    (" p . m .", "  p.m."),
    (" p . m ", " p.m "),
    (" a . m .", " a.m."),
    (" a . m ", " a.m "),
)


@cache
def _splitter() -> Any:
    from transformers.models.bertweet.tokenization_bertweet import TweetTokenizer  # noqa: PLC0415 (slow)

    return TweetTokenizer()


def keep(word: str) -> str:
    """The word as it is."""
    return word


def bertweet(word: str) -> str:
    """BERTweet's normalisation (Nguyen et al. 2020, its TweetNormalizer) of a word in the midst of a tweet.

    The word is split as NLTK splits tweets; a mention becomes `@USER`, an address `HTTPURL`, an emoji the name that
    emoji 0.6.0 gives it, and contractions are parted (`don't` becomes `do n't`). What comes out may have blanks, and is
    one word nonetheless: its pieces are those of all its parts. Left out is what would join several words, as
    `p . m .` to `p.m.`; only the first `LONGEST` characters count.
    """
    parts = _splitter().tokenize(word[:LONGEST].replace("’", "'").replace("…", "..."))
    text = f" {' '.join(map(_bertweet_part, parts))} "
    for old, new in CONTRACTIONS:
        text = text.replace(old, new)
    return " ".join(text.split())


def _bertweet_part(part: str) -> str:
    if part.startswith("@"):
        return "@USER"
    if part.lower().startswith(("http", "www")):
        return "HTTPURL"
    if part == VARIATION:
        return ""
    return f":{EMOJI_NAMES[part]}:" if part in EMOJI_NAMES else part


def clean(word: str) -> str:
    """Addresses, user mentions and emojis removed, letters repeated three times or more reduced to two.

    A word of which nothing is left becomes the empty string: it stays in its place, as an unknown word.
    """
    word = MENTION.sub("", URL.sub("", word))
    return REPEATED.sub(r"\1\1", emoji.replace_emoji(word, ""))


NORMALISERS: dict[str, Callable[[str], str]] = {"none": keep, "bertweet": bertweet, "clean": clean}
