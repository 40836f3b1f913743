"""Knobs as words of `dvc exp run -S key=value`.

DVC reads them by Hydra's grammar of overrides, and users hand them over through `$(...)`, which the shell cuts at
blanks and searches for `*` and `?`. So a word has no blank and no quotation by the shell: what needs either is refused
with a remedy, which no name of a checkpoint, corpus or strategy does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

# Read back as text without quotes. Digits, signs and dots may begin numbers; `float` decides about the rest.
PLAIN = re.compile(r"[A-Za-z_/.][A-Za-z0-9_/.:@+-]*")
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
RESERVED = ("null", "true", "false")
REFUSED = re.compile(r"[\s'\"\\$*?]|[^ -~]")


class OverrideError(ValueError):
    """A knob that cannot be written as one word; the message names it and the remedy."""


def override(path: Sequence[str], value: Any, *, new: bool = False) -> str:
    """`key=value`, or `+key=value` for a key that params.yaml does not have."""
    key = ".".join(path)
    remedy = "set it in params.yaml itself"
    if not all(KEY.fullmatch(part) for part in path):
        raise OverrideError(f"{key}: this key cannot be written as `-S key=value`; {remedy}")
    try:
        return f"{'+' * new}{key}={_written(value)}"
    except OverrideError as error:
        raise OverrideError(f"{key}: {error}; {remedy}") from None


def _written(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_text(str(key))}:{_written(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(map(_written, value)) + "]"
    return _text(str(value))


def _text(text: str) -> str:
    if REFUSED.search(text):
        raise OverrideError(f"{text!r} has a blank, a quote or another character that a shell would change")
    plain = PLAIN.fullmatch(text) and text.lower() not in RESERVED and not _is_number(text)
    return text if plain else f"'{text}'"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
