"""Pictures as rows of pixels, the form in which the cache keeps the pictures themselves. Needs torch alone."""

from __future__ import annotations

from torch import Tensor

CHANNELS = 3  # red, green, blue; also the width of the pooled vector, the mean colour


def to_rows(squares: Tensor) -> Tensor:
    """(B, 3, S, S) -> (B, S, 3 S): region y is row y from the top, its S pixels of 3 numbers from the left."""
    return squares.permute(0, 2, 3, 1).flatten(2)


def to_squares(rows: Tensor) -> Tensor:
    """(B, S, 3 S) of whole numbers from 0 to 255 in any format -> (B, 3, S, S) uint8, what `to_rows` was given.

    Errors: `ValueError` for regions that are no rows of pixels.
    """
    if rows.shape[2] != CHANNELS * rows.shape[1]:
        raise ValueError(
            f"expected the rows of square pictures, (B, S, {CHANNELS} S), found {tuple(rows.shape)}; extract with "
            "vision.encoder: raw or vision.train: true"
        )
    return rows.byte().unflatten(2, (-1, CHANNELS)).permute(0, 3, 1, 2)
