"""Posts of the embedded corpora: words and tags first, then which picture goes with each."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tandem.corpora.embedded import templates
from tandem.corpora.embedded.frame import Frame, Mention, Tagged, dealer, fill, plain
from tandem.corpora.embedded.names import AMBIGUOUS, TYPES, unambiguous

# Chances of a further unambiguous mention beside an ambiguous one, and of 0, 1, 2 mentions where there is none.
BESIDE_AMBIGUOUS = 0.2
MENTIONS_OTHERWISE = (0.25, 0.55, 0.2)


@dataclass(frozen=True)
class Theme:
    """A corpus: its name, its word lists, the first of its image ids, and the shares of its types (they sum to 1)."""

    name: str
    word: str
    first_id: int
    prior: dict[str, float]


THEMES = (
    Theme(
        name="embedded_social",
        word="social",
        first_id=100_000,
        prior={"PER": 0.36, "LOC": 0.18, "ORG": 0.28, "MISC": 0.18},
    ),
    Theme(
        name="embedded_travel",
        word="travel",
        first_id=500_000,
        prior={"PER": 0.2, "LOC": 0.36, "ORG": 0.18, "MISC": 0.26},
    ),
)


@dataclass(frozen=True)
class Post:
    """One sentence with its gold tags and the class drawn in its picture.

    `ambiguous` is the type of the ambiguous mention, None without one. `picture` is the class in the picture, None
    where the file is absent. `relevant` says that the picture was drawn for the ambiguous mention.
    """

    image_id: str
    words: tuple[str, ...]
    tags: tuple[str, ...]
    mentions: tuple[str, ...]
    ambiguous: str | None
    picture: str | None
    relevant: bool


def draw_type(chance: random.Random, prior: dict[str, float]) -> str:
    """One type at random with the shares of `prior`."""
    return chance.choices(TYPES, weights=[prior[kind] for kind in TYPES])[0]


class Writer:
    """Writes the sentences of one split; the ambiguous type reaches nothing but the tag.

    Args:
        written: texts of the corpus so far, added to; no text comes twice, so that no split leaks into another.
    """

    def __init__(self, *, theme: Theme, chance: random.Random, written: set[tuple[str, ...]]) -> None:
        self._theme = theme
        self._chance = chance
        self._frame = Frame(word=theme.word, chance=chance, written=written)
        self._ambiguous = dealer(chance, AMBIGUOUS)
        self._names = {kind: dealer(chance, names) for kind, names in unambiguous(theme.word).items()}

    def write(self, ambiguous: str | None) -> tuple[list[Tagged], list[str]]:
        """(words with tags, types of the mentions) of a sentence with a mention of type `ambiguous`, or without."""
        mentions = self._mentions(ambiguous)
        opening = self._frame.opening() if len(mentions) < 2 else []
        tagged = self._frame.close(opening + self._body(mentions))
        return tagged, [mention.kind for mention in mentions]

    def _mentions(self, ambiguous: str | None) -> list[Mention]:
        chance = self._chance
        mentions: list[Mention] = []
        if ambiguous is not None:
            mentions.append(Mention(self._ambiguous(), ambiguous, True))
            others = int(chance.random() < BESIDE_AMBIGUOUS)
        else:
            others = chance.choices((0, 1, 2), weights=MENTIONS_OTHERWISE)[0]
        for _ in range(others):
            kind = draw_type(chance, self._theme.prior)
            mentions.append(Mention(self._names[kind](), kind, False))
        chance.shuffle(mentions)
        return mentions

    def _body(self, mentions: Sequence[Mention]) -> list[Tagged]:
        chance = self._chance
        if not mentions:
            return plain(chance.choice(templates.CHATTER[self._theme.word]))
        if len(mentions) == 2 and chance.random() < 0.5:
            return fill(chance.choice(templates.PAIR), mentions)
        tagged: list[Tagged] = []
        for mention in mentions:
            if tagged:
                tagged += plain(chance.choice(templates.JOINERS))
            typed = not mention.ambiguous and chance.random() < 0.5
            tagged += fill(chance.choice(templates.TYPED[mention.kind] if typed else templates.ANY), [mention])
        return tagged


def write_posts(
    theme: Theme,
    *,
    split: str,
    size: int,
    seed: int,
    ambiguous: float,
    irrelevant: float,
    missing: float,
    first: int = 0,
    written: set[tuple[str, ...]] | None = None,
) -> list[Post]:
    """The posts of one split.

    Types, words and pictures come from generators of their own, so that no draw of one can tell of another, and
    changing a share of the pictures leaves the text alone. Exactly `round(size * ambiguous)` sentences hold an
    ambiguous mention; everything else is drawn independently sentence by sentence.

    Args:
        first: number of the split's first sentence within the corpus; image ids count on from there.
        written: texts of the other splits, which must not come again.
    """
    kinds, text, pictures = (
        random.Random(f"{seed}/{theme.name}/{split}/{use}") for use in ("types", "text", "pictures")
    )
    holds = [index < round(size * ambiguous) for index in range(size)]
    kinds.shuffle(holds)
    writer = Writer(theme=theme, chance=text, written=set() if written is None else written)
    posts = []
    for index, hold in enumerate(holds):
        kind = draw_type(kinds, theme.prior) if hold else None
        tagged, mentions = writer.write(kind)
        # All three are drawn for each sentence, so that one share does not shift the draws of another.
        any_class = pictures.choice(TYPES)
        off_topic = pictures.random() < irrelevant
        absent = pictures.random() < missing
        relevant = kind is not None and not off_topic and not absent
        shown = kind if kind is not None and not off_topic else any_class
        posts.append(
            Post(
                image_id=str(theme.first_id + first + index),
                words=tuple(word for word, _ in tagged),
                tags=tuple(tag for _, tag in tagged),
                mentions=tuple(mentions),
                ambiguous=kind,
                picture=None if absent else shown,
                relevant=relevant,
            )
        )
    return posts
