"""A predictor without a model: capitalised words are entities, and neighbours among them related."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tandem.inference.prediction import Mention, Prediction, Query, Relation, Word


class FakePredictor:
    """Keeps the contract of `Predictor`: whole windows, in order; a confidence depends on all of its window."""

    task = "ner"

    def __init__(self, pause: float = 0.0) -> None:
        self.pause, self.asked = pause, 0

    def check(self, query: Query) -> None:
        """Words must stand in the text."""
        position = 0
        for word in query.words or ():
            position = query.text.find(word, position) + len(word)
            if position < len(word):
                raise ValueError(f"word {word!r} does not stand in the text")

    def stream(self, queries: Iterable[Query], *, window: int = 4096, compare: bool = False) -> Iterator[Prediction]:
        """As `Predictor.stream`."""
        rest = iter(queries)
        while block := list(islice(rest, window)):
            self.asked += len(block)
            share = (sum(len(query.text) for query in block) % 997) / 1000
            for query in block:
                time.sleep(self.pause)
                yield _read(query, share, compare)


def _read(query: Query, share: float, compare: bool) -> Prediction:
    words = tuple(Word(found[0], *found.span()) for found in re.finditer(r"\S+", query.text))
    path = query.image
    picture = "none" if path is None else "ok" if isinstance(path, bytes) or Path(str(path)).is_file() else "missing"
    alone = share / 2 if compare and picture == "ok" else None
    names = [word for word in words if word.text[0].isupper()]
    mentions = tuple(
        Mention(word.text, "PER" if len(word.text) % 2 else "LOC", word.start, word.end, share, alone) for word in names
    )
    relations = tuple(Relation("/per/per/peer", n, n + 1, share, alone) for n in range(len(mentions) - 1))
    return Prediction(query.text, words, mentions, relations, picture, mentions[:1] if compare else None)


def load(path: Any, **options: Any) -> FakePredictor:
    """In the place of `tandem.inference.predictor.load`."""
    return FakePredictor()
