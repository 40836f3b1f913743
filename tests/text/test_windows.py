"""Windows over long sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.text.windows import windows


def test_windows_short_sentence_is_one() -> None:
    (window,) = windows([1, 2, 1], capacity=10, overlap=3)
    assert (window.first, window.last, window.owned_first, window.owned_last) == (0, 3, 0, 3)
    assert windows([], capacity=10, overlap=3) == []


def test_windows_give_a_shared_word_to_the_one_where_it_is_further_inside() -> None:
    first, second = windows([1] * 10, capacity=7, overlap=4)
    assert (first.first, first.last) == (0, 7)
    assert (second.first, second.last) == (3, 10)
    assert (first.owned_last, second.owned_first) == (5, 5)


def test_windows_reject_a_word_that_fits_none() -> None:
    with pytest.raises(ValueError, match="12 sub-words does not fit a window of 10"):
        windows([1, 12], capacity=10, overlap=0)


@given(st.lists(st.integers(1, 5), max_size=60), st.integers(10, 30), st.integers(0, 15))
def test_windows_own_every_word_once_and_fit(lengths: list[int], capacity: int, overlap: int) -> None:
    cut = windows(lengths, capacity, min(overlap, capacity // 2))
    owned = [word for window in cut for word in range(window.owned_first, window.owned_last)]
    assert owned == list(range(len(lengths)))
    for window in cut:
        assert window.first <= window.owned_first <= window.owned_last <= window.last
        assert sum(lengths[window.first : window.last]) <= capacity
