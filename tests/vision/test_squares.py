from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tandem.vision.squares import to_rows, to_squares


@given(st.integers(0, 3), st.integers(1, 9), st.integers(0, 99), st.sampled_from([torch.uint8, torch.float32]))
def test_squares_round_trip_is_exact(count: int, side: int, seed: int, dtype: torch.dtype) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 3, side, side), dtype=np.uint8)
    squares = torch.from_numpy(pixels)
    rows = to_rows(squares).to(dtype)
    assert rows.shape == (count, side, 3 * side)
    assert torch.equal(to_squares(rows), squares)


def test_squares_rows_hold_pixels_from_the_left() -> None:
    square = torch.zeros(1, 3, 4, 4, dtype=torch.uint8)
    square[0, :, 2, 1] = torch.tensor([7, 8, 9])  # the pixel in row 2, column 1
    rows = to_rows(square)
    assert rows[0, 2].tolist() == [0, 0, 0, 7, 8, 9, 0, 0, 0, 0, 0, 0]
    assert int(rows.sum()) == 24


def test_squares_refuse_other_regions() -> None:
    with pytest.raises(ValueError, match=r"found \(2, 16, 124\); extract with vision.encoder: raw"):
        to_squares(torch.zeros(2, 16, 124))
