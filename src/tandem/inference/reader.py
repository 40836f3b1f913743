"""One trained model that reads posts with pictures as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from tandem.corpora.schema import Post, RelationSample, Sample
from tandem.evaluation.spans import Span, spans
from tandem.inference.album import Album, Shown
from tandem.models.base import Batch
from tandem.models.build import Trained
from tandem.models.captions import captions_for
from tandem.models.data import Dataset
from tandem.models.relation import RelationClassifier
from tandem.models.runtime import Runtime
from tandem.models.tagger import Tagger
from tandem.vision.live import LiveFeatures

Reads = Literal["picture", "caption", "nothing"]
AHEAD = 2  # batches whose pictures are opened while one is computed


@dataclass(frozen=True)
class Tagged:
    """The entities of a sentence, in order, and how probable each is.

    blind: likewise without the picture, and how probable the entities of `spans` are then; None where none was seen.
    """

    spans: list[Span]
    confidences: list[float]
    blind: tuple[list[Span], list[float], list[float]] | None = None


@dataclass(frozen=True)
class Related:
    """log p(relation | pair) of a pair, (K,), with the picture and without; None where none was seen."""

    seen: Tensor
    blind: Tensor | None = None


class Reader:
    """A trained model on its device, and the encoder of the pictures that it fuses."""

    def __init__(
        self, trained: Trained, runtime: Runtime, live: LiveFeatures | None, *, batch_size: int, no_image: bool = False
    ) -> None:
        """live: None if no picture is to be encoded. batch_size: posts a forward pass."""
        self.trained, self.runtime, self.batch_size, self.no_image = trained, runtime, batch_size, no_image
        self.model: Any = trained.model.to(runtime.device).eval()
        self.reads: Reads = reads(trained)
        self._live = live
        self._labels = {label: number for number, label in enumerate(trained.model.label_names)}

    def sees(self, shown: Shown) -> bool:
        """Whether there is what the model reads beside the words."""
        if self.no_image or self.reads == "nothing":
            return False
        return shown.source is not None if self.reads == "picture" else shown.caption is not None

    @property
    def regions(self) -> int:
        """Most regions that the model sees of a picture; 0 where none is encoded."""
        encoder = self._live.encoder if self._live is not None else None
        if self.model.vision is not None:
            encoder = self.model.vision.encoder
        return 0 if encoder is None else int(encoder.regions)

    def given(self, shown: Shown) -> bool:
        """Whether there is what could be shown to the model, whether it reads it or not."""
        if self.reads == "caption":
            return shown.caption is not None
        return shown.source is not None

    def flush(self) -> None:
        """Put features that are kept from run to run on disk."""
        if self._live is not None:
            self._live.flush()

    def album(self, shown: Mapping[str, Shown]) -> Album:
        """The pictures of posts, by image id."""
        return Album(self._live, self.trained.reads, shown)

    def tag(self, posts: Sequence[Sample], album: Album, *, compare: bool = False) -> list[Tagged]:
        """The entities of each post; with `compare`, without its picture too."""
        found: list[Any] = [None] * len(posts)
        for rows, batch, blind in self._batches(posts, album):
            tagged, probability = self._tag(batch)
            sure = probability(tagged)
            unseen: list[Any] = [None] * len(rows)
            seen = self._looked(batch, posts, rows)
            if compare and any(seen):
                others, without = self._tag(blind())
                unseen = list(zip(others, without(others), without(tagged), strict=True))
            for row, own, confidences, other, looked in zip(rows, tagged, sure, unseen, seen, strict=True):
                found[row] = Tagged(own, confidences, other if looked else None)
        return found

    def _tag(self, batch: Batch) -> tuple[list[list[Span]], Callable[[Sequence[Sequence[Span]]], list[list[float]]]]:
        """The entities of each sentence of a batch, and what tells how probable entities of its sentences are."""
        model: Tagger = self.model
        with torch.inference_mode(), self.runtime.autocast():
            scores = model(batch)
        mask = batch.word_mask
        best = scores.argmax(-1) if model.crf is None else model.crf.decode(scores, mask, model.constraints)
        lengths = mask.sum(1).tolist()
        names = model.label_names
        rows = zip(best.tolist(), lengths, strict=True)
        tagged = [spans([names[label] for label in row[:length]], "default") for row, length in rows]
        marginals = torch.softmax(scores, -1) if model.crf is None else model.crf.marginals(scores, mask)

        def probability(mentions: Sequence[Sequence[Span]]) -> list[list[float]]:
            return [
                [self._confidence(row, mention) for mention in own]
                for row, own in zip(marginals, mentions, strict=True)
            ]

        return tagged, probability

    def _confidence(self, marginals: Tensor, mention: Span) -> float:
        begin, inside = self._labels[f"B-{mention.type}"], self._labels[f"I-{mention.type}"]
        value = float(marginals[mention.start, begin])
        for place in range(mention.start + 1, mention.end):
            value *= float(marginals[place, inside])
        return value

    def relate(self, pairs: Sequence[RelationSample], album: Album, *, compare: bool = False) -> list[Related]:
        """How probable each relation is for each pair; with `compare`, without the picture too."""
        model: RelationClassifier = self.model
        found: list[Any] = [None] * len(pairs)
        for rows, batch, blind in self._batches(pairs, album):
            with torch.inference_mode(), self.runtime.autocast():
                seen = model.log_probabilities(batch).cpu()
                looked = self._looked(batch, pairs, rows)
                unseen: Any = [None] * len(rows)
                if compare and any(looked):
                    unseen = model.log_probabilities(blind()).cpu()
            for row, own, other, was in zip(rows, seen, unseen, looked, strict=True):
                found[row] = Related(own, other if was else None)
        return found

    def _looked(self, batch: Batch, posts: Sequence[Post], rows: Sequence[int]) -> list[bool]:
        """In which rows of a batch there was a picture, or a caption in its place."""
        if self._live is not None:
            return list(batch.picture.present.tolist())
        return [posts[row].image_id is not None for row in rows]

    def _batches(self, posts: Sequence[Post], album: Album) -> Iterator[tuple[list[int], Batch, Callable[[], Batch]]]:
        """Rows, their batch, and what makes the same batch without pictures; all on the device."""
        data: Dataset = self.trained.task.dataset(
            posts,
            tokenizer=self.trained.tokenizer,
            features=album,
            with_regions=self.model.reads_regions,
            captions=captions_for(self.model.fusion, posts),
        )
        plan = data.plan(self.batch_size)
        for number, rows in enumerate(plan):
            album.ahead(data.image_ids[row] for some in plan[number : number + 1 + AHEAD] for row in some)
            batch = data.batch(rows)
            yield rows, batch.to(self.runtime.device), partial(self._blind, data, rows, batch)

    def _blind(self, data: Dataset, rows: Sequence[int], batch: Batch) -> Batch:
        return data.blind(rows, batch).to(self.runtime.device)


def reads(trained: Trained) -> Reads:
    """What a model reads beside the words."""
    fusion = trained.model.fusion
    if fusion.reads_caption or (fusion.uses_picture and trained.params.vision.extracted.family == "caption"):
        return "caption"
    return "picture" if fusion.uses_picture else "nothing"
