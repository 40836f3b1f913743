"""What a tokenizer puts around one text, and around two that are read together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PairTokens:
    """The special tokens of a pair: `prefix` first `separator` second `suffix`.

    The types are those of the second segment and the tokens beside it, 0 throughout where a model has none; all before
    is of type 0.
    """

    prefix: list[int]
    separator: list[int]
    suffix: list[int]
    separator_types: list[int]
    second_type: int
    suffix_types: list[int]


def special_tokens(tokenizer: Any) -> tuple[list[int], list[int]]:
    """The special tokens that a tokenizer puts before and after a text."""
    plain, whole = _plain(tokenizer, "a"), list(tokenizer("a")["input_ids"])
    start = _find(tokenizer, plain, whole, 0)
    return whole[:start], whole[start + len(plain) :]


def pair_tokens(tokenizer: Any) -> PairTokens:
    """The special tokens that a tokenizer puts around and between two texts, and their token types."""
    first, second = _plain(tokenizer, "a"), _plain(tokenizer, "b")
    encoded = tokenizer("a", "b")
    whole = list(encoded["input_ids"])
    types = list(encoded.get("token_type_ids") or [0] * len(whole))
    start = _find(tokenizer, first, whole, 0)
    between = start + len(first)
    following = _find(tokenizer, second, whole, between)
    end = following + len(second)
    return PairTokens(
        prefix=whole[:start],
        separator=whole[between:following],
        suffix=whole[end:],
        separator_types=types[between:following],
        second_type=types[following],
        suffix_types=types[end:],
    )


def _plain(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _find(tokenizer: Any, plain: list[int], whole: list[int], first: int) -> int:
    """Where a text's own tokens start in the whole, from `first` on."""
    for start in range(first, len(whole) - len(plain) + 1):
        if whole[start : start + len(plain)] == plain:
            return start
    raise ValueError(f"{type(tokenizer).__name__}: cannot tell its special tokens from its pieces")
