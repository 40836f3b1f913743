"""From the text of an entity to the words of a post, and back."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

from tandem.evaluation.spans import Span, spans
from tandem.prompted.parse import Entity

# Models write typographic marks as plain ones, and the other way round.
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"})


def light(text: str) -> str:
    """A text without blanks, in Unicode's compatibility form (NFKC), with plain quotes and dashes; letters keep case.

    Blanks go because models join what a tokeniser has split (`Ann 's`). Of texts joined by blanks it is the same as of
    each of them, one after the other.
    """
    pieces = (unicodedata.normalize("NFKC", piece) for piece in text.translate(_PLAIN).split())
    return "".join("".join(pieces).split())


class Words:
    """The words of a post as one string in which texts are looked for."""

    def __init__(self, words: Sequence[str]) -> None:
        self._whole = ""
        self._starts: dict[int, int] = {}  # place in the string -> the word that starts there
        self._ends: dict[int, int] = {}  # place in the string -> the word after the one that ends there
        for number, word in enumerate(words):
            letters = light(word)
            if letters:  # a word of which nothing is left belongs to no mention's edge
                self._starts[len(self._whole)] = number
                self._whole += letters
                self._ends[len(self._whole)] = number + 1

    def occurrences(self, text: str) -> list[tuple[int, int]]:
        """Every place where a text stands as whole words, in order: first word, and the one after the last."""
        return [
            (self._starts[place], self._ends[place + length])
            for place, length in self._places(text)
            if place in self._starts and place + length in self._ends
        ]

    def holds(self, text: str) -> bool:
        """Whether a text stands anywhere, be it as parts of words."""
        return bool(self._places(text))

    def _places(self, text: str) -> list[tuple[int, int]]:
        wanted = light(text)
        if not wanted:
            return []
        places = []
        place = self._whole.find(wanted)
        while place >= 0:
            places.append((place, len(wanted)))
            place = self._whole.find(wanted, place + 1)
        return places


def align(words: Sequence[str], entities: Sequence[Entity]) -> tuple[list[Span], Counter[str]]:
    """The spans of entities in a post, in the post's order, and how many could not be placed, by reason.

    Entities are taken as they are listed. One with a start word stands there or nowhere; another takes the first free
    place after the one before it, or else the first free place. No place is used twice and no two overlap. Reasons:

    - `not_in_text`: the text does not stand in the post.
    - `partial_word`: it does, but begins or ends within a word.
    - `wrong_start`: it does, but not at the start word given.
    - `overlapping`: all its places (or the one given) are taken, wholly or in part, by entities listed before.
    """
    post = Words(words)
    found: list[Span] = []
    refused: Counter[str] = Counter()
    free = [True] * len(words)
    after = 0  # the word after the last entity placed
    for entity in entities:
        places = post.occurrences(entity.text)
        if not places:
            refused["partial_word" if post.holds(entity.text) else "not_in_text"] += 1
            continue
        if entity.start is not None:
            places = [place for place in places if place[0] == entity.start]
            if not places:
                refused["wrong_start"] += 1
                continue
        open_places = [place for place in places if all(free[slice(*place)])]
        if not open_places:
            refused["overlapping"] += 1
            continue
        start, end = next((place for place in open_places if place[0] >= after), open_places[0])
        free[start:end] = [False] * (end - start)
        found.append(Span(entity.type, start, end))
        after = end
    return sorted(found, key=lambda span: span.start), refused


def entities_of(words: Sequence[str], tags: Sequence[str]) -> list[Entity]:
    """The entities of tags (seqeval's default reading) as a model should name them.

    Those whose text stands more than once in the post have their start word.
    """
    post = Words(words)
    named = []
    for span in spans(tags, "default"):
        text = " ".join(words[span.start : span.end])
        named.append(Entity(text, span.type, span.start if len(post.occurrences(text)) > 1 else None))
    return named


def tags_of(found: Sequence[Span], length: int) -> list[str]:
    """BIO tags of spans that do not overlap, in a post of `length` words."""
    tags = ["O"] * length
    for span in found:
        tags[span.start : span.end] = [f"B-{span.type}", *[f"I-{span.type}"] * (span.end - span.start - 1)]
    return tags
