"""The Twitter corpora's own format, which `tandem.corpora.twitter` reads back."""

from __future__ import annotations

from pathlib import Path

from tandem.corpora.labels import OUTSIDE
from tandem.corpora.twitter import BLANK, CorpusError, check_image_id
from tandem.inference.formats.base import Answer, TextFormat
from tandem.inference.prediction import Prediction


class Conll(TextFormat):
    """A line `IMGID:<picture>`, then `word<TAB>tag` lines (BIO), and a blank line. Relations are left out."""

    def text(self, answer: Answer) -> str:
        """As in `TextFormat`."""
        words = answer.prediction.words
        lines = [f"{word.text}\t{tag}" for word, tag in zip(words, tags(answer.prediction), strict=True)]
        return "\n".join([f"IMGID:{_image_id(answer.image)}", *lines, "", ""])


def tags(prediction: Prediction) -> list[str]:
    """BIO tags of the words."""
    found = [OUTSIDE] * len(prediction.words)
    for mention in prediction.mentions:
        prefix = "B"
        for number, word in enumerate(prediction.words):
            if mention.start <= word.start and word.end <= mention.end:
                found[number] = f"{prefix}-{mention.type}"
                prefix = "I"
    return found


def _image_id(image: str | None) -> str:
    """As the row names the picture, if the reader takes that; else the name of its file; else none."""
    for name in () if image is None else (image, Path(image).name):
        try:
            if name == name.strip(BLANK) and not any(mark in name for mark in "\t\r\n"):
                return check_image_id(name, "")
        except CorpusError:
            continue
    return ""
