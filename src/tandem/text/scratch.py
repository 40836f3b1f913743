"""The small text encoder that needs no download: hashed embeddings and convolutions over words."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tandem.files import write_json
from tandem.text.base import TextBatch, TextEncoder, WordTokenizer
from tandem.text.markers import Marker, Word
from tandem.text.normalise import NORMALISERS

FEATURES = 5  # hashed views of a word, see `views`
MARKERS = tuple(Marker)


def views(word: str) -> list[str]:
    """What is hashed of a word: its lower-case form, prefix, suffix, shape, and itself."""
    lower = word.lower()
    shape = re.sub(r"[a-z]+", "x", re.sub(r"[A-Z]+", "X", re.sub(r"\d+", "9", word)))
    return [f"l:{lower}", f"p:{lower[:3]}", f"s:{lower[-3:]}", f"h:{shape[:8]}", f"w:{word}"]


@dataclass(frozen=True)
class HashedWords:
    """Rows of the table for one sentence."""

    words: Tensor  # (T, FEATURES)
    context: Tensor  # (C, FEATURES), C = 0 without a context


class HashTokenizer(WordTokenizer):
    """Words to rows of a hashed table: CRC-32 of each view, modulo the table's size (row 0 is padding).

    Markers have rows of their own after those of the hashed views; the encoder's table then has as many more.
    """

    def __init__(self, *, buckets: int, normalise: str) -> None:
        self.buckets = buckets
        self.normalise = normalise
        self._normalise = NORMALISERS[normalise]

    def prepare(self, texts: Iterable[Sequence[Word]]) -> None:
        """Nothing: words are hashed one by one."""

    def encode(self, words: Sequence[Word], context: Sequence[str] = ()) -> HashedWords:
        return HashedWords(self._table(words), self._table(context))

    def _table(self, words: Sequence[Word]) -> Tensor:
        """(T, FEATURES) rows of the table."""
        rows = [self._rows(word) for word in words]
        return torch.tensor(rows, dtype=torch.long).reshape(len(words), FEATURES)

    def _rows(self, word: Word) -> list[int]:
        if isinstance(word, Marker):
            return [self.buckets + MARKERS.index(word)] + [0] * (FEATURES - 1)
        return [1 + zlib.crc32(view.encode()) % (self.buckets - 1) for view in views(self._normalise(word))]

    def cost(self, encoded: HashedWords) -> int:
        return len(encoded.words)

    def collate(self, batch: Sequence[HashedWords]) -> TextBatch:
        """rows (B, T, FEATURES), 0 = padding; word_mask (B, T); context (B, C, FEATURES), where any has one."""
        rows = nn.utils.rnn.pad_sequence([encoded.words for encoded in batch], batch_first=True)
        lengths = torch.tensor([len(encoded.words) for encoded in batch])
        found = {"rows": rows, "word_mask": torch.arange(rows.shape[1])[None] < lengths[:, None]}
        if any(len(encoded.context) for encoded in batch):
            found["context"] = nn.utils.rnn.pad_sequence([encoded.context for encoded in batch], batch_first=True)
        return found

    def drop_words(self, batch: TextBatch, share: float) -> TextBatch:
        dropped = torch.rand(batch["word_mask"].shape) < share
        dropped &= batch["rows"][..., 0] < self.buckets  # not a marker
        return batch | {"rows": batch["rows"].masked_fill(dropped[..., None], 0)}

    def save(self, folder: Path) -> None:
        write_json(folder / "tokenizer.json", {"buckets": self.buckets, "normalise": self.normalise})

    @classmethod
    def load(cls, folder: Path) -> HashTokenizer:
        """Read what `save` wrote."""
        return cls(**json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")))


class ConvolutionBlock(nn.Module):
    """Residual convolution over three neighbouring words, after a LayerNorm."""

    def __init__(self, *, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.convolution = nn.Conv1d(dim, dim, kernel_size=3, padding=1)

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        """(B, T, d), (B, T, 1) -> (B, T, d)."""
        inner = (self.norm(words) * mask).transpose(1, 2)  # zeros beyond the sentence, as at its true edge
        return words + torch.relu(self.convolution(inner)).transpose(1, 2)


class ScratchEncoder(TextEncoder):
    """Sum of the hashed views' embeddings, then `layers` convolution blocks.

    The blocks see a few words to either side, too few for a second segment: with `context`, the mean of the context's
    words goes through a linear layer and is added to every word (nothing is, where there is no context).
    """

    def __init__(self, *, dim: int, buckets: int, layers: int, context: bool = False) -> None:
        super().__init__()
        self.config: dict[str, Any] = {"dim": dim, "buckets": buckets, "layers": layers}
        if context:
            self.config["context"] = True
        self.out_dim = dim
        self.table = nn.Embedding(buckets, dim, padding_idx=0)
        nn.init.normal_(self.table.weight, std=0.3)
        self.blocks = nn.ModuleList(ConvolutionBlock(dim=dim) for _ in range(layers))
        self.norm = nn.LayerNorm(dim)
        self.context = nn.Linear(dim, dim) if context else None

    def forward(self, batch: TextBatch) -> Tensor:
        mask = batch["word_mask"][..., None].to(self.table.weight.dtype)
        words = self.table(batch["rows"]).sum(2)  # (B, T, d)
        if self.context is not None and "context" in batch:
            words = words + self._read(batch["context"]).unsqueeze(1)
        for block in self.blocks:
            words = block(words, mask)
        return self.norm(words) * mask

    def _read(self, rows: Tensor) -> Tensor:
        """What contexts (B, C, FEATURES) add to each word, (B, d); zero where there is none."""
        assert self.context is not None
        real = rows[..., :1] > 0  # (B, C, 1); the table's row of the padding is not zero
        words = torch.where(real, self.table(rows).sum(2), 0.0)  # (B, C, d)
        count = real.sum(1)  # (B, 1)
        return torch.where(count > 0, self.context(words.sum(1) / count.clamp(min=1)), 0.0)

    def layers(self) -> list[list[nn.Parameter]]:
        return [list(self.parameters())]

    def save_config(self, folder: Path) -> None:
        write_json(folder / "config.json", self.config)

    @classmethod
    def from_config(cls, folder: Path) -> ScratchEncoder:
        """Build from what `save_config` wrote; the weights come from the checkpoint."""
        return cls(**json.loads((folder / "config.json").read_text(encoding="utf-8")))
