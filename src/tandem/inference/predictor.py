"""A trained model that reads raw posts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from typing import Any, overload

from tandem.inference.prediction import Picture, Prediction, Query


class Predictor:
    """A model, or a NER model with a relation model behind it, ready for raw text and pictures.

    task: "ner" or "re". fusion: the name of the strategy. labels: the classes of the model. about: what tandem.json
    says. regions_grid: rows and columns of the grid that `Prediction.region_weight` is over, None if there is none.
    no_image: no picture is opened and no caption read. reads: what the model reads beside the words.
    """

    task: str
    fusion: str
    labels: list[str]
    about: dict[str, Any]
    regions_grid: tuple[int, int] | None
    no_image: bool
    reads: str  # "picture", "caption" or "nothing"

    @overload
    def __call__(self, text: str, image: Picture | None = None, *, caption: str | None = None) -> Prediction: ...

    @overload
    def __call__(
        self,
        text: Sequence[str],
        image: Sequence[Picture | None] | None = None,
        *,
        caption: Sequence[str | None] | None = None,
    ) -> list[Prediction]: ...

    def __call__(self, text: Any, image: Any = None, *, caption: Any = None) -> Any:
        """What is found in one post, or in each of several."""
        raise NotImplementedError

    def check(self, query: Query) -> None:
        """That the query can be read; `stream` does the same. Errors: `ValueError`, one line."""
        raise NotImplementedError

    def stream(self, queries: Iterable[Query], *, window: int = 4096, compare: bool = False) -> Iterator[Prediction]:
        """Predictions in the order of the queries, with no more than `window` of them in memory.

        compare: say too what the same model finds without the picture.
        Errors: `ValueError` for a query that `check` refuses.
        """
        raise NotImplementedError


def load(
    path: str | PathLike[str],
    *,
    relations: str | PathLike[str] | None = None,
    device: str = "auto",
    precision: str = "auto",
    threads: int = 0,
    batch_size: int = 64,
    no_image: bool = False,
    cache: str | PathLike[str] | None = None,
) -> Predictor:
    """A predictor from a checkpoint's folder, an exported one, or `models/<corpus>`, of which the best seed is taken.

    relations: folder of a relation model, which is asked about the mentions that the first one finds. cache: folder in
    which the features of pictures are kept from run to run; None keeps those of the last pictures in memory.
    Errors: `ValueError` naming file or value and remedy.
    """
    raise NotImplementedError
