"""Posts for people: the text with its mentions in colour, and a line for each mention and relation."""

from __future__ import annotations

import re
import unicodedata

from tandem.inference.colours import colour_of
from tandem.inference.formats.base import Answer, TextFormat
from tandem.inference.prediction import Mention, Prediction

# What would steer a terminal, or turn the order of characters around; a line's end is shown as a blank.
HOSTILE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Table(TextFormat):
    """For people. `colour`: for a terminal that has it. `numbered`: each post with its line, id and picture."""

    def __init__(self, *, colour: bool = False, numbered: bool = True) -> None:
        self._colour, self._numbered = colour, numbered

    def text(self, answer: Answer) -> str:
        """As in `TextFormat`."""
        found = answer.prediction
        lines = [self._head(answer)] if self._numbered else []
        lines.append(self._tagged(found))
        rows = [
            (self._paint(one.type), one.type, _shown(one.text), _sure(one.confidence, one.confidence_no_image))
            for one in found.mentions
        ]
        names = [_shown(one.text) for one in found.mentions]
        for one in found.relations:
            pair = f"{names[one.head]} → {names[one.tail]}"
            rows.append((one.type, one.type, pair, _sure(one.confidence, one.confidence_no_image)))
        first, second = (max((width(row[column]) for row in rows), default=0) for column in (1, 2))
        for painted, plain, name, sure in rows:
            lines.append(f"  {painted}{' ' * (first - width(plain))}  {name}{' ' * (second - width(name))}  {sure}")
        if not rows:
            lines.append("  (no entity)")
        if found.without_image is not None:
            alone = ", ".join(f"{_shown(one.text)} {one.type} {one.confidence:.2f}" for one in found.without_image)
            lines.append(f"  without the picture: {alone or 'no entity'}")
        return "\n".join(lines) + "\n\n"

    def _head(self, answer: Answer) -> str:
        parts = [str(answer.line), *([] if answer.id is None else [_shown(str(answer.id))])]
        picture = answer.prediction.picture
        if answer.image is not None or picture != "none":
            parts.append(f"[{_shown(answer.image or 'picture')}: {picture}]")
        head = " ".join(parts)
        return f"\x1b[2m{head}\x1b[0m" if self._colour else head

    def _tagged(self, found: Prediction) -> str:
        if not self._colour:
            return _shown(found.text)
        parts, position = [], 0
        for mention in sorted(found.mentions, key=_start):
            start = max(position, mention.start)
            parts += [_shown(found.text[position:start]), self._paint(mention.type, found.text[start : mention.end])]
            position = max(position, mention.end)
        return "".join([*parts, _shown(found.text[position:])])

    def _paint(self, kind: str, text: str | None = None) -> str:
        shown = _shown(kind if text is None else text)
        return f"\x1b[1;38;5;{colour_of(kind).terminal}m{shown}\x1b[0m" if self._colour else shown


def width(text: str) -> int:
    """Columns that a text takes on a terminal: two for wide characters, none for marks that stand on others."""
    return sum(
        0 if unicodedata.combining(one) or unicodedata.category(one) in {"Cf", "Mn", "Me"}
        else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )  # fmt: skip


def _start(mention: Mention) -> int:
    return mention.start


def _shown(text: str) -> str:
    return HOSTILE.sub(lambda found: " " if found[0] in "\t\n\r" else "\ufffd", text)


def _sure(confidence: float, alone: float | None) -> str:
    return f"{confidence:.2f}" + ("" if alone is None else f"  (without the picture {alone:.2f})")
