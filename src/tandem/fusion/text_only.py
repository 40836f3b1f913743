"""No fusion: the row every image row has to beat."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from tandem.fusion.base import Fusion, Picture, Widths


class TextOnly(Fusion):
    """The word vectors as they are; the picture is never read."""

    uses_picture: ClassVar[bool] = False

    def __init__(self, *, widths: Widths) -> None:
        super().__init__()
        self.out_dim = widths.text

    def forward(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        """Return `words` (B, T, d_t)."""
        return words
