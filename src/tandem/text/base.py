"""What a text encoder is to the rest: words in, one vector a word out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from tandem.text.markers import Word

TextBatch = dict[str, Tensor]


class WordTokenizer(ABC):
    """Turns words into what its encoder reads. Encoding is done once a sentence, collating once a batch.

    Entity markers stand among the words; normalisation leaves them alone.
    """

    @abstractmethod
    def prepare(self, texts: Iterable[Sequence[Word]]) -> None:
        """Be told of texts that are going to be encoded, for tokenizers that are faster over many at once."""

    @abstractmethod
    def encode(self, words: Sequence[Word], context: Sequence[str] = ()) -> Any:
        """What the encoder needs of one sentence; `context` are words that it reads besides, and gives no vectors."""

    @abstractmethod
    def cost(self, encoded: Any) -> int:
        """Length of an encoded sentence, for batches of like lengths."""

    @abstractmethod
    def collate(self, batch: Sequence[Any]) -> TextBatch:
        """Tensors of a batch, among them `word_mask` (B, T) bool: True = a word, False = padding."""

    @abstractmethod
    def drop_words(self, batch: TextBatch, share: float) -> TextBatch:
        """The batch with a random `share` of its words replaced by the unknown word, for training; markers stay."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what is needed to make this tokenizer again."""


class TextEncoder(nn.Module, ABC):
    """(B sentences of at most T words) -> (B, T, out_dim); padding words get zeros."""

    out_dim: int

    @abstractmethod
    def forward(self, batch: TextBatch) -> Tensor:
        """Word vectors (B, T, out_dim)."""

    @abstractmethod
    def layers(self) -> list[list[nn.Parameter]]:
        """Parameters from the bottom layer to the top, for rates that fall with depth."""

    @abstractmethod
    def save_config(self, folder: Path) -> None:
        """Write what is needed, beside the weights, to build this encoder again."""
