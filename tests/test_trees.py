"""Trees of knobs: leaves by path, one tree over another."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tandem.trees import find, leaves, merge

KEYS = st.sampled_from("abc")
TREES = st.recursive(
    st.dictionaries(KEYS, st.none() | st.integers()), lambda inner: st.dictionaries(KEYS, inner | st.integers())
)


def test_trees_merge_puts_leaves_in_and_changes_neither() -> None:
    base, over = {"a": {"b": 1, "c": [2]}, "d": 3, "e": None}, {"a": {"c": [9]}, "d": {"x": 1}, "e": {"y": 2}}
    assert merge(base, over) == {"a": {"b": 1, "c": [9]}, "d": {"x": 1}, "e": {"y": 2}}
    assert base == {"a": {"b": 1, "c": [2]}, "d": 3, "e": None}


@given(TREES, TREES)
def test_trees_merged_leaves_are_those_of_the_upper_then_of_the_lower(
    base: dict[str, Any], over: dict[str, Any]
) -> None:
    merged = merge(base, over)
    for path, value in leaves(over):
        if value != {}:  # an empty mapping adds nothing
            assert find(merged, path) == value
    kept = {path for path, _ in leaves(merged)} - {path for path, _ in leaves(over)}
    assert all(find(base, path) == find(merged, path) for path in kept)


def test_trees_find_tells_null_from_nothing() -> None:
    assert find({"a": {"b": None}}, ("a", "b"), 7) is None
    assert find({"a": {"b": None}}, ("a", "c"), 7) == 7
    assert find({"a": None}, ("a", "c"), 7) == 7
    assert list(leaves({"a": {"b": None}, "c": {}})) == [(("a", "b"), None), (("c",), {})]
