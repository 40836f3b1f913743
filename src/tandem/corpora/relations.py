"""Names of relations: one way to write them, and the order of a model's classes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tandem.corpora.schema import NO_RELATION
from tandem.corpora.twitter import CorpusError, check_text, decode

LOWER_CASE_NONE = "none"  # how the first release of MNRE writes that there is no relation


@dataclass(frozen=True)
class RelationFile:
    """The relations of a `rel2id` file, by number, renamed; `path` is for messages."""

    path: Path
    names: tuple[str, ...]


def renamed(relation: str, rename: Mapping[str, str]) -> str:
    """A relation of a raw file under its name in the project: `rename` first, and then `none` is `None`."""
    name = rename.get(relation, relation)
    return NO_RELATION if name == LOWER_CASE_NONE else name


def label_order(names: Iterable[str]) -> list[str]:
    """The classes of a model: `None`, then every other name in the order in which it first comes."""
    return list(dict.fromkeys([NO_RELATION, *names]))


def read_rel2id(path: Path, rename: Mapping[str, str] | None = None) -> RelationFile:
    """Read a JSON object that numbers every relation: 0, 1, … without gaps.

    Errors: `CorpusError` for a missing file, for one that is not such an object, and for numbers that are not.
    """
    try:
        text = decode(path.read_bytes(), str(path)).removeprefix("\ufeff")
    except FileNotFoundError:
        raise CorpusError(f"{path}: not found; set `rel2id` of this corpus in params.yaml, or null") from None
    try:
        numbers: Any = json.loads(text, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        raise CorpusError(f"{path}:{error.lineno}: not JSON ({error.msg}); mend the file") from None
    except (RecursionError, ValueError) as error:
        reason = "too deep" if isinstance(error, RecursionError) else str(error)
        raise CorpusError(f"{path}: {reason}; write one object of relations and their numbers") from None
    if not isinstance(numbers, dict) or not numbers or not all(numbers):
        raise CorpusError(f'{path}: not an object of relations and their numbers; write it like {{"None": 0, …}}')
    if any(type(number) is not int for number in numbers.values()) or sorted(numbers.values()) != list(
        range(len(numbers))
    ):
        raise CorpusError(
            f"{path}: the numbers of the {len(numbers)} relations are not 0 to {len(numbers) - 1}, each once; "
            "number them anew"
        )
    check_text("".join(numbers), str(path))
    return RelationFile(path, tuple(renamed(name, rename or {}) for name in sorted(numbers, key=numbers.__getitem__)))


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of `pairs`; json would keep the last of two values for one key in silence."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found
