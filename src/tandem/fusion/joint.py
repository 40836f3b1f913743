"""A joint encoder: the text encoder itself fuses, by reading words and picture together."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from tandem.fusion.base import Fusion, Picture, Widths


class Joint(Fusion):
    """The word vectors as they are, out of a text encoder that has read the picture beside the words.

    Only the encoders of `tandem.models.joint` can do that.
    """

    uses_regions: ClassVar[bool] = True
    joint: ClassVar[bool] = True

    def __init__(self, *, widths: Widths) -> None:
        super().__init__()
        self.out_dim = widths.text

    def forward(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        """Return `words` (B, T, d_t)."""
        return words
