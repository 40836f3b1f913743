"""Label sets of BIO tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

OUTSIDE = "O"
# One class under two names: Twitter-2015 writes OTHER, Twitter-2017 writes MISC.
SAME_CLASS = (frozenset({"MISC", "OTHER"}),)


def entity_types(sentences: Iterable[Sequence[str]]) -> list[str]:
    """The entity types of the tags, sorted."""
    return sorted({tag[2:] for tags in sentences for tag in tags if tag != OUTSIDE})


def label_set(types: Sequence[str]) -> list[str]:
    """O, then B- and I- of each type: index = class number of the model (K = 1 + 2 x types)."""
    return [OUTSIDE, *(f"{prefix}-{kind}" for kind in types for prefix in "BI")]


def type_mapping(source: Sequence[str], target: Sequence[str]) -> dict[str, str]:
    """How a model's types are called in another corpus: by name, MISC and OTHER being the same class.

    A type that the target does not have keeps its name, so that its predictions count as errors there.
    """
    mapping = {}
    for kind in source:
        twins = next((group for group in SAME_CLASS if kind in group), frozenset({kind}))
        mapping[kind] = kind if kind in target else next((t for t in target if t in twins), kind)
    return mapping


def rename_tags(tags: Sequence[str], mapping: Mapping[str, str]) -> list[str]:
    """The tags with their types renamed."""
    return [tag if tag == OUTSIDE else f"{tag[:2]}{mapping.get(tag[2:], tag[2:])}" for tag in tags]
