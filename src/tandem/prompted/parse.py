"""Strict reading of answers: what has not the form that was asked for is refused with a reason, never guessed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from typing import Any, NamedTuple

from tandem.prompted.answers import Answer


class Entity(NamedTuple):
    """An entity as a model names it: its text, its type, and (optional) its first word, counted from 0."""

    text: str
    type: str
    start: int | None = None


class Refused(ValueError):
    """A whole answer that cannot be used. Its only argument is the reason."""

    @property
    def reason(self) -> str:
        """One of `declined`, `truncated`, `not_json`, `wrong_shape`, `unknown_relation`."""
        return str(self.args[0])


def parse_entities(answer: Answer, types: Collection[str]) -> tuple[list[Entity], Counter[str]]:
    """The entities of an answer `{"entities": [{"text", "type"}, ...]}`, and how many were refused, by reason.

    An entity may have `start` besides, a word's number or null. Reasons: `wrong_shape`, `unknown_type`.
    Errors: `Refused` for an answer that has not this form as a whole.
    """
    listed = _member(answer, "entities")
    if not isinstance(listed, list):
        raise Refused("wrong_shape")
    entities: list[Entity] = []
    refused: Counter[str] = Counter()
    for item in listed:
        if not _is_entity(item):
            refused["wrong_shape"] += 1
        elif item["type"] not in types:
            refused["unknown_type"] += 1
        else:
            entities.append(Entity(item["text"], item["type"], item.get("start")))
    return entities, refused


def parse_relation(answer: Answer, relations: Collection[str]) -> str:
    """The relation of an answer `{"relation": name}`. Errors: `Refused`."""
    relation = _member(answer, "relation")
    if not isinstance(relation, str):
        raise Refused("wrong_shape")
    if relation not in relations:
        raise Refused("unknown_relation")
    return relation


def _member(answer: Answer, name: str) -> Any:
    """The only member of the object that an answer is."""
    if answer.status != "ok":
        raise Refused(answer.status)
    try:
        tree = json.loads(answer.text, object_pairs_hook=_without_repeats)
    except Refused:
        raise
    except (ValueError, RecursionError):
        raise Refused("not_json") from None
    if not isinstance(tree, dict) or set(tree) != {name}:
        raise Refused("wrong_shape")
    return tree[name]


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of `pairs`; json would keep the last of two values for one key."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused("wrong_shape")
    return found


def _is_entity(item: Any) -> bool:
    if not isinstance(item, dict) or not {"text", "type"} <= set(item) <= {"text", "type", "start"}:
        return False
    start = item.get("start")
    number = start is None or (type(start) is int and start >= 0)
    return isinstance(item["text"], str) and isinstance(item["type"], str) and number
