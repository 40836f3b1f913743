"""What is asked of a predictor, and what it says."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from os import PathLike
from typing import Any

from PIL import Image

Picture = str | PathLike[str] | bytes | Image.Image


@dataclass(frozen=True, slots=True)
class Query:
    """A post to read.

    image: a path, the bytes of a file, a PIL image, or None. caption: for models that read captions. words: the post's
    words where they are known, each standing in `text` in this order; None = tokenised as tweets are. mentions: the
    entities where they are known, in place of those that a NER model would find; a relation model alone needs them.
    """

    text: str
    image: Picture | None = None
    caption: str | None = None
    words: tuple[str, ...] | None = None
    mentions: tuple[Mention, ...] | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """A word and where it stands: `text[start:end]` in characters of the raw text. Likewise below."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mention:
    """An entity: its words as they stand in the raw text, and how probable the model finds it.

    confidence_no_image: the same without the picture, by the same model; None where no picture was read.
    """

    text: str
    type: str
    start: int
    end: int
    confidence: float
    confidence_no_image: float | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation of the mention numbered `head` to the one numbered `tail`, in the prediction's `mentions`."""

    type: str
    head: int
    tail: int
    confidence: float
    confidence_no_image: float | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """All that was found in one post.

    picture: what became of the picture: "ok", "none" (none was given), "not used" (the model reads none, or there is no
    word to read beside it), or why it could not be read, as in `tandem.vision.pictures.STATUSES`. For a model that
    reads captions, the caption is the picture. picture_weight: weight of the picture for each word, in [0, 1];
    region_weight: attention over its regions, sum 1; None where the strategy has none or saw no picture.
    """

    text: str
    words: tuple[Word, ...]
    mentions: tuple[Mention, ...]
    relations: tuple[Relation, ...] = ()
    picture: str = "none"
    without_image: tuple[Mention, ...] | None = None  # mentions that the model finds without the picture
    picture_weight: tuple[float, ...] | None = field(default=None, repr=False)
    region_weight: tuple[float, ...] | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain lists, dictionaries, strings and numbers, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, tree: dict[str, Any]) -> Prediction:
        """What `to_dict` gave."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list | tuple) else value for name, value in tree.items()
        }
        kinds: dict[str, Any] = {"words": Word, "mentions": Mention, "relations": Relation, "without_image": Mention}
        for name, kind in kinds.items():
            if values.get(name) is not None:
                values[name] = tuple(kind(**own) for own in values[name])
        return cls(**values)
