"""What the models of both tasks share: text encoder, fusion with the picture, head."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn

from tandem.fusion.base import Fusion, Picture
from tandem.models.reading import Reading
from tandem.models.vision import TrainedVision
from tandem.text.base import TextBatch, TextEncoder

IGNORE = -100  # label of padding words


@dataclass(frozen=True)
class PairPlaces:
    """Where head and tail, in this order, stand in each of B marked sentences."""

    starts: Tensor  # (B, 2) long, places of their start markers
    words: Tensor  # (B, 2, T) bool, True = a word of theirs
    kept: Tensor  # (B, T) bool, True = a word of the sentence, and no marker

    def to(self, device: torch.device) -> PairPlaces:
        """The same on another device."""
        return PairPlaces(self.starts.to(device), self.words.to(device), self.kept.to(device))


@dataclass(frozen=True)
class Batch:
    """B sentences of at most T words with their pictures."""

    text: TextBatch
    picture: Picture
    labels: Tensor | None = None  # of words (B, T) long, IGNORE on padding; or of pairs (B,) long
    pairs: PairPlaces | None = None  # relation extraction only

    @property
    def word_mask(self) -> Tensor:
        """(B, T) bool, True = a word."""
        return self.text["word_mask"]

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        return Batch(
            text={key: value.to(device) for key, value in self.text.items()},
            picture=Picture(**{f.name: getattr(self.picture, f.name).to(device) for f in fields(self.picture)}),
            labels=None if self.labels is None else self.labels.to(device),
            pairs=None if self.pairs is None else self.pairs.to(device),
        )


class FusedModel(nn.Module, ABC):
    """Text encoder, dropout, fusion, and a head that scores the labels; what the head reads is up to the task.

    `vision`, where there is one, is the picture encoder that trains with the model; else the batches bring features.
    """

    def __init__(
        self, *, text: TextEncoder, fusion: Fusion, head: nn.Module, labels: list[str], dropout: float
    ) -> None:
        super().__init__()
        self.text = text
        self.dropout = nn.Dropout(dropout)
        self.fusion = fusion
        self.head = head
        self.label_names = labels
        self.vision: TrainedVision | None = None

    @property
    def reads_regions(self) -> bool:
        """Whether its batches need the regions of the pictures."""
        return self.fusion.uses_regions or self.vision is not None

    def encode(self, batch: Batch, picture: Picture | None = None) -> Tensor:
        """Word vectors (B, T, d_t), those of a joint encoder of words and `picture`."""
        words: Tensor = self.dropout(self.text(batch.text) if picture is None else self.text(batch.text, picture))
        return words

    def see(self, batch: Batch) -> Picture:
        """The features of the pictures."""
        return batch.picture if self.vision is None else self.vision(batch.picture)

    def fusion_inputs(self, batch: Batch) -> tuple[Tensor, Tensor, Picture]:
        """What the strategy fuses: word vectors (B, T, d_t), their mask (B, T), and pictures."""
        picture = self.see(batch)
        return self.encode(batch, picture if self.fusion.joint else None), batch.word_mask, picture

    def fuse(self, batch: Batch) -> Tensor:
        """Fused word vectors (B, T, d)."""
        fused: Tensor = self.fusion(*self.fusion_inputs(batch))
        return fused

    def forward(self, batch: Batch) -> Tensor:
        """As `scores`."""
        return self.scores(self.fuse(batch), batch)

    @abstractmethod
    def scores(self, fused: Tensor, batch: Batch) -> Tensor:
        """Scores of the labels, in float32, of what the strategy gives for a batch."""

    @abstractmethod
    def loss(self, batch: Batch) -> Tensor:
        """The mean over the items of a batch with labels."""

    @abstractmethod
    def loss_items(self, batch: Batch) -> int:
        """How many items `loss` is the mean of."""

    @abstractmethod
    def decode(self, batch: Batch) -> list[Any]:
        """The best labels of each row: tags, or a relation."""

    @abstractmethod
    def read(self, batch: Batch, about: Sequence[list[Any]] | None = None) -> list[Reading]:
        """What `decode` says of each row, with confidences and weights, out of one pass.

        about: for each row, the claims that the confidences are to be about, None = those that it makes itself. So the
        same claims can be asked about with a picture and without.
        """
