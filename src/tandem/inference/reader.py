"""One trained model that reads posts with pictures as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch

from tandem.corpora.schema import Post
from tandem.inference.album import Album, Shown
from tandem.models.base import Batch
from tandem.models.build import Trained
from tandem.models.captions import captions_for
from tandem.models.constraints import Rule, TypeConstraints, Types
from tandem.models.data import Dataset
from tandem.models.reading import Reading
from tandem.models.relation import RelationClassifier
from tandem.models.runtime import Runtime
from tandem.vision.live import LiveFeatures

Reads = Literal["picture", "caption", "nothing"]
Ask = Callable[[Batch, list[list[Any]] | None], list[Reading]]
AHEAD = 2  # batches whose pictures are opened while one is computed


@dataclass(frozen=True)
class Read:
    """What a model says of a row, and how probable it finds the same claims without the picture.

    blind: what it says then, with confidences of its own. Both None where no picture was seen or nobody asked.
    """

    seen: Reading
    confidences_blind: list[float] | None = None
    blind: Reading | None = None


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
        relations = isinstance(trained.model, RelationClassifier)
        self._constraints = TypeConstraints(trained.model.label_names) if relations else None

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

    def read(
        self,
        posts: Sequence[Any],
        album: Album,
        *,
        compare: bool = False,
        types: Sequence[Types] | None = None,
        rule: Rule = "none",
    ) -> list[Read]:
        """What the model says of rows of its task; with `compare`, without their pictures too.

        types, rule: of relations, see `TypeConstraints.chooser`.
        """
        found: list[Any] = [None] * len(posts)
        # One context around all batches: weights are cast to bfloat16 once, and not once a batch.
        with torch.inference_mode(), self.runtime.autocast():
            for rows, batch, blind in self._batches(posts, album):
                ask = self._ask(rows, types, rule)
                seen = ask(batch, None)
                without: Any = [(None, None)] * len(rows)
                looked = self._looked(batch, posts, rows)
                if compare and any(looked):
                    without = self._without(ask, blind(), [one.claims for one in seen])
                for row, one, other, was in zip(rows, seen, without, looked, strict=True):
                    found[row] = Read(one, *other) if was else Read(one)
        return found

    def _ask(self, rows: Sequence[int], types: Sequence[Types] | None, rule: Rule) -> Ask:
        """What asks the model for these rows about claims, its own by default."""
        if self._constraints is None:
            plain: Ask = self.model.read
            return plain
        chooser = self._constraints.chooser(rule, None if types is None else [types[row] for row in rows])
        return lambda batch, about: self.model.read(batch, about, chooser)

    @staticmethod
    def _without(ask: Ask, batch: Batch, claims: list[list[Any]]) -> list[tuple[list[float], Reading]]:
        own = ask(batch, None)
        same = own if [one.claims for one in own] == claims else ask(batch, claims)
        return [(one.confidences, other) for one, other in zip(same, own, strict=True)]

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
