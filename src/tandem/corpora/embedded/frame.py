"""What every post has, whatever it says: names put into templates, an opening before them, an ending behind."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tandem.corpora.embedded import templates

# Words of a post.
SHORTEST, LONGEST = 5, 25

Tagged = tuple[str, str]


@dataclass(frozen=True)
class Mention:
    """A name (words split at spaces), its type, and whether other types have the name too."""

    name: str
    kind: str
    ambiguous: bool


class Frame:
    """Openings and endings of the posts of one split.

    Args:
        word: the theme, `social` or `travel`.
        written: texts of the corpus so far, added to; no text comes twice, so that no split leaks into another.
    """

    def __init__(self, *, word: str, chance: random.Random, written: set[tuple[str, ...]]) -> None:
        self._word = word
        self._chance = chance
        self._written = written

    def opening(self) -> list[Tagged]:
        """Words before what a post says; often none."""
        chance = self._chance
        if chance.random() < 0.25:
            return plain(f"RT {chance.choice(templates.USERS[self._word])} :")
        return plain(chance.choice(templates.OPENERS[self._word])) if chance.random() < 0.3 else []

    def close(self, tagged: list[Tagged]) -> list[Tagged]:
        """The whole post: `tagged`, an ending where there is room, and a link, at least where it is needed."""
        if self._chance.random() < 0.5 and len(tagged) <= LONGEST - 3:
            tagged = tagged + plain(self._chance.choice(templates.ENDINGS[self._word]))
        known = tuple(word for word, _ in tagged) in self._written
        if self._chance.random() < 0.7 or len(tagged) < SHORTEST or known:
            tagged = [*tagged, (self._link(), "O")]
        self._written.add(tuple(word for word, _ in tagged))
        return tagged

    def _link(self) -> str:
        return "http://t.co/" + "".join(self._chance.choice(string.ascii_letters + string.digits) for _ in range(10))


def dealer(chance: random.Random, cards: Sequence[str]) -> Callable[[], str]:
    """A function that deals `cards` in random order, each once before any comes again: no name stays unseen."""
    left: list[str] = []

    def deal() -> str:
        if not left:
            left.extend(cards)
            chance.shuffle(left)
        return left.pop()

    return deal


def plain(text: str) -> list[Tagged]:
    """Words outside any mention."""
    return [(word, "O") for word in text.split(" ")]


def fill(template: str, mentions: Sequence[Mention]) -> list[Tagged]:
    """The words of a template with the mentions in its slots, tagged in BIO."""
    slots = dict(zip(("{A}", "{B}"), mentions, strict=False))
    tagged: list[Tagged] = []
    for word in template.split(" "):
        if word not in slots:
            tagged.append((word, "O"))
            continue
        first, *rest = slots[word].name.split(" ")
        tagged.append((first, f"B-{slots[word].kind}"))
        tagged += [(part, f"I-{slots[word].kind}") for part in rest]
    return tagged
