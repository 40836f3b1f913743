"""The caption as a second segment: the text encoder itself fuses, by reading both."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from tandem.fusion.base import Fusion, Picture, Widths


class CaptionPrefix(Fusion):
    """The word vectors as they are, out of a text encoder that has read the words and the picture's caption together.

    The caption's first `max_words` words are the second segment of every input; they get no vectors and no labels. The
    features of the picture are never read.
    """

    uses_picture: ClassVar[bool] = False
    reads_caption: ClassVar[bool] = True

    def __init__(self, *, widths: Widths, max_words: int) -> None:
        super().__init__()
        self.out_dim = widths.text
        self.caption_words = max_words

    def forward(self, words: Tensor, word_mask: Tensor, picture: Picture) -> Tensor:
        """Return `words` (B, T, d_t)."""
        return words
