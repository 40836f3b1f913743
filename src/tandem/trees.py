"""Trees of knobs, as YAML gives them: leaves by their dotted path, and one tree laid over another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the leaves of `over` put in; neither is changed."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def leaves(tree: Mapping[str, Any], prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value that is not a mapping with entries, by the keys that lead to it, in the order of the tree."""
    for key, value in tree.items():
        path = (*prefix, str(key))
        if isinstance(value, Mapping) and value:
            yield from leaves(value, path)
        else:
            yield path, value


def find(tree: Mapping[str, Any], path: tuple[str, ...], default: Any = None) -> Any:
    """What stands at `path`, or `default` where nothing does."""
    place: Any = tree
    for key in path:
        if not isinstance(place, Mapping) or key not in place:
            return default
        place = place[key]
    return place
