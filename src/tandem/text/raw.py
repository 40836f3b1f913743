"""Raw text to words with their places, as tweets are tokenised.

Corpora of tweets disagree with each other. These are the rules here:

- Whole are user mentions, hashtags, cashtags, addresses (web and e-mail), emoticons, emojis (with joiners, skin tones
  and variation selectors; flags; keycaps), HTML entities, numbers with separators (`10,000` `7:30` `3/4`),
  abbreviations with dots (`U.S.`), words with hyphens or apostrophes inside (`same-sex` `O'Brien` `don't`), and runs
  of dots or dashes.
- Apart is all other punctuation, sign by sign, and the clitics `'s 'm 're 've 'll 'd`: a mention is made of whole
  words, and a name ends before its genitive.
- In scripts that put no blanks between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese) each character, with its
  marks, is a word. A span can join words but never part one: a run as one word would hide every name in it.
- Blanks, control characters and format characters are in no word, but for those that join one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import regex


class Piece(NamedTuple):
    """A word, and where it stands: `text[start:end]`."""

    text: str
    start: int
    end: int


# What is read again is bounded everywhere (possessive or counted repeats), so that hostile texts take linear time.
_CHARACTER = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー々〆]"
_ALPHABETIC = rf"[\p{{L}}--{_CHARACTER}]"
_LETTER = rf"[\p{{L}}\p{{N}}_--{_CHARACTER}]"
_CORE = rf"{_LETTER}[\p{{L}}\p{{M}}\p{{N}}_\u200c\u200d\u00ad--{_CHARACTER}]*+"
_APOSTROPHE = r"['’＇]"
_CLITIC = rf"{_APOSTROPHE}(?i:s|m|re|ve|ll|d)(?![\p{{L}}\p{{M}}\p{{N}}_])"
_JOIN = rf"(?:(?!{_CLITIC}){_APOSTROPHE}|[-‐‑]|(?<=\p{{Nd}})[.,:/](?=\p{{Nd}}))"

_IN_ADDRESS = rf"[^\s\p{{C}}<>\"“”«»`{{}}\|\\^…()\p{{Emoji_Presentation}}{_CHARACTER}]"
_IN_BRACKETS = rf"\({_IN_ADDRESS}{{0,200}}+\)"
_ADDRESS = rf"(?:{_IN_ADDRESS}|{_IN_BRACKETS}){{0,4000}}(?:(?![.,;:!?'’*~]){_IN_ADDRESS}|{_IN_BRACKETS})"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62})"
_TOP = r"(?:(?:com|org|net|edu|gov|info)(?:\.[a-z]{2})?|(?:co|ac)\.[a-z]{2})"

_PICTOGRAM = r"\p{Extended_Pictographic}[\ufe0e\ufe0f]?+\p{Emoji_Modifier}?+[\U000e0020-\U000e007f]*+"
_NOSE = r"['’\-^o]?"
_EMOTICONS = (
    r"¯\\_\(ツ\)_/¯",
    rf"[:;]{_NOSE}(?:\)++|\(++)(?![\p{{L}}\p{{N}}_])",
    rf"(?<![\p{{L}}\p{{N}}_])[:;=]{_NOSE}(?:\)++|\(++|\]++|\[++|D++|[dpPoO3|@]|/|\\|\*++)(?![\p{{L}}\p{{N}}_/])",
    r"(?<![\p{L}\p{N}_])(?:\([:;](?!\))|[xX]D++|[oO0][_.][oO0]|[tT]_++[tT])(?![\p{L}\p{N}_])",
    r"</?3++(?![\p{L}\p{N}_])",
    r"\^[_.\-o]?\^|>[_.]<|-_++-",
)
_KINDS = (
    r"[A-Za-z0-9]++(?!\S)",  # what follows would say the same of these, but slowly
    rf"(?i:https?:/{{0,2}}…|(?:https?://|www\.)(?:{_ADDRESS}…?|…))",
    rf"(?<![\p{{L}}\p{{N}}_@])(?:{_LABEL}\.){{1,6}}(?i:{_TOP}(?![\p{{L}}\p{{N}}_@\-]|\.\p{{L}})(?:/(?:{_ADDRESS})?)?"
    rf"|[a-z]{{2,24}}/{_ADDRESS})",
    rf"(?<![\p{{L}}\p{{N}}_])[A-Za-z0-9][A-Za-z0-9_.+\-]{{0,63}}@(?:{_LABEL}\.){{1,6}}[A-Za-z]{{2,24}}(?![\p{{L}}\p{{N}}_])",
    r"&(?:#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});",
    *_EMOTICONS,
    r"[0-9#*]\ufe0f?\u20e3",
    r"\p{RI}{2}",
    rf"{_PICTOGRAM}(?:\u200d{_PICTOGRAM})*+",
    rf"[@＠]{_CORE}(?:@(?:{_LABEL}\.){{1,6}}[A-Za-z]{{2,24}})?",
    r"[#＃][\p{L}\p{M}\p{N}_\u200c\u200d]++",
    r"(?<![\p{L}\p{N}_])\$[A-Z]{1,6}(?![\p{L}\p{N}_])",
    rf"{_ALPHABETIC}(?:\.{_ALPHABETIC})+(?![\p{{L}}\p{{M}}\p{{N}}_])\.?",
    r"(?<![\p{L}\p{N}_])(?i:w/o(?![\p{L}\p{N}_])|b/c(?![\p{L}\p{N}_])|w/(?!/))",
    r"\p{Lu}{1,3}&(?:amp;)?\p{Lu}{1,3}(?![\p{L}\p{N}_])",
    _CLITIC,
    rf"{_CORE}(?:{_JOIN}{_CORE})*+",
    rf"{_CHARACTER}\p{{M}}*+",
    r"\.{2,}+|-{2,}+",
    r"[^\s\p{Z}\p{Cc}\p{Cf}]\p{M}*+",
)
_WORD = regex.compile("|".join(f"(?:{kind})" for kind in _KINDS), regex.V1)


def tokenise(text: str) -> list[Piece]:
    """The words of a text, in order. Every character that is no blank, control or format character is in one."""
    return [Piece(found.group(), *found.span()) for found in _WORD.finditer(text)]


def locate(text: str, words: Sequence[str]) -> list[Piece]:
    """Where known words stand in a text: each at the first place after the one before.

    Errors: `ValueError` naming the first word that does not stand there.
    """
    pieces: list[Piece] = []
    end = 0
    for number, word in enumerate(words, start=1):
        start = text.find(word, end) if word else -1
        if start < 0:
            raise ValueError(
                f"words: number {number}, {word[:40]!r}, does not stand in the text after the {number - 1} before it; "
                "give the words as the text has them, in its order, or none"
            )
        end = start + len(word)
        pieces.append(Piece(word, start, end))
    return pieces
