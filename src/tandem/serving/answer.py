"""What the server says of a post: the prediction, and what people want to know about it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from tandem.inference.prediction import Mention, Prediction

NOTES = {
    "missing": "There is no picture to see, so the text was read without one.",
    "broken": "The picture cannot be opened: the file is damaged, cut off or not a picture. "
    "The text was read without it.",
    "too_large": "The picture has more pixels than the model may open. The text was read without it.",
    "not used": "This model read the text alone; the picture was not looked at.",
}
"""By what became of the picture."""


class Change(BaseModel):
    """Something that the model says with the picture and would not say without it."""

    kind: Literal["gained", "lost", "retyped", "moved"] = Field(
        description="An entity that is found with the picture alone; one that is found without it alone; one whose "
        "type differs; one whose first or last word differs, and perhaps its type."
    )
    mention: int | None = Field(description="Its number in the prediction's `mentions`; null where it is lost.")
    without: int | None = Field(description="Its number in `without_image`; null where it is gained.")


class Answer(BaseModel):
    """A prediction, what the picture changed in it, and where the model looked."""

    prediction: Prediction
    changes: list[Change] | None = Field(description="Null where nothing was compared: there was no picture to see.")
    regions_grid: tuple[int, int] | None = Field(
        description="Rows and columns of the grid that `region_weight` is over, row by row; it lies on the largest "
        "centred square of the picture. Null where the model attends to no grid."
    )
    note: str | None = Field(description="A sentence about a picture that was not read; null where there is none.")
    milliseconds: float = Field(description="For which the model worked; waiting does not count.")


def note_of(prediction: Prediction) -> str | None:
    """What has to be said of the picture, if anything."""
    return None if prediction.picture in ("ok", "none") else NOTES.get(prediction.picture, NOTES["broken"])


def changes_of(prediction: Prediction) -> list[Change] | None:
    """How the mentions differ from those without the picture, from left to right."""
    if prediction.without_image is None:
        return None
    seen, blind = list(enumerate(prediction.mentions)), list(enumerate(prediction.without_image))
    changes = []
    for number, mention in seen:
        beneath = [(other, one) for other, one in blind if _overlap(mention, one)]
        same = next(((other, one) for other, one in beneath if _bounds(one) == _bounds(mention)), None)
        if same is not None:
            if same[1].type != mention.type:
                changes.append(Change(kind="retyped", mention=number, without=same[0]))
        elif beneath:
            changes.append(Change(kind="moved", mention=number, without=beneath[0][0]))
        else:
            changes.append(Change(kind="gained", mention=number, without=None))
    told = {change.without for change in changes}
    for number, mention in blind:
        covered = any(_bounds(one) == _bounds(mention) for _, one in seen)
        if number not in told and not covered:
            changes.append(Change(kind="lost", mention=None, without=number))
    start = {id(change): _start(prediction, change) for change in changes}
    return sorted(changes, key=lambda change: start[id(change)])


def _start(prediction: Prediction, change: Change) -> int:
    if change.mention is not None:
        return prediction.mentions[change.mention].start
    assert prediction.without_image is not None
    assert change.without is not None
    return prediction.without_image[change.without].start


def _bounds(mention: Mention) -> tuple[int, int]:
    return mention.start, mention.end


def _overlap(one: Mention, other: Mention) -> bool:
    return one.start < other.end and other.start < one.end
