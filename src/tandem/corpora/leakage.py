"""What of a corpus stands in more than one place: sentences, exactly or nearly (see `tandem.corpora.near`); pictures.

A test sentence that a model was trained on, or its best epoch chosen by, tells little of how it will do on others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from tandem.corpora.near import KnownTexts, Text, text_of
from tandem.corpora.schema import SPLITS, Post

Standing = Literal["exact", "near"]
SPLIT_PAIRS = tuple((one, other) for place, one in enumerate(SPLITS) for other in SPLITS[place + 1 :])


def standing(text: Text, known: KnownTexts) -> Standing | None:
    """How a text stands among known ones: in the same words, in nearly the same, or not at all."""
    if known.equal(text) is not None:
        return "exact"
    return "near" if known.near(text) is not None else None


def standings(sentences: Iterable[Sequence[str]], known: Iterable[Sequence[str]]) -> list[Standing | None]:
    """How each of the sentences (their words) stands among known ones."""
    texts = KnownTexts(map(text_of, known))
    return [standing(text_of(words), texts) for words in sentences]


def count(found: Iterable[Standing | None]) -> dict[str, int]:
    """`sentences` that stand elsewhere: `exact` in the same words, the others `near`."""
    counts = Counter(found)
    return {"sentences": counts["exact"] + counts["near"], "exact": counts["exact"], "near": counts["near"]}


class Repeats:
    """The sentences of a corpus held against each other. `posts`: one row a sentence."""

    def __init__(self, posts: Sequence[Post]) -> None:
        self._posts = posts
        self._texts = {post.text_hash: text_of(post.words) for post in posts}
        self._known = {split: KnownTexts(self._distinct(split)) for split in SPLITS}

    def near(self) -> dict[str, int]:
        """How many different texts of a split have a near one (not an equal one) in it, and how many of the later of
        two splits have one in the earlier."""
        pairs = [(split, split) for split in SPLITS] + list(SPLIT_PAIRS)
        return {
            f"within_{one}" if one == other else f"{one}_{other}": sum(
                self._known[one].near(text) is not None for text in self._distinct(other)
            )
            for one, other in pairs
        }

    def leaks(self) -> dict[str, dict[str, int]]:
        """Sentences of valid that stand in train, and of test that stand in train or valid."""
        return {"valid": self._leaks("valid", ("train",)), "test": self._leaks("test", ("train", "valid"))}

    def leaks_of_parts(self) -> dict[str, dict[str, dict[str, int]]]:
        """By part of a merged corpus and then by another part: test sentences of the latter that stand in train or
        valid of the former. Empty if there is one part alone."""
        parts = list(dict.fromkeys(post.source for post in self._posts))
        found: dict[str, dict[str, dict[str, int]]] = {}
        for part in parts if len(parts) > 1 else ():
            known = KnownTexts(self._texts[p.text_hash] for p in self._posts if p.source == part and p.split != "test")
            for other in parts:
                if other != part:
                    tested = [post for post in self._posts if post.source == other and post.split == "test"]
                    said = count(standing(self._texts[post.text_hash], known) for post in tested)
                    found.setdefault(part, {})[other] = said
        return found

    def _leaks(self, split: str, earlier: Sequence[str]) -> dict[str, int]:
        found = []
        for post in self._posts:
            if post.split == split:
                text = self._texts[post.text_hash]
                ways = {standing(text, self._known[other]) for other in earlier}
                found.append("exact" if "exact" in ways else "near" if "near" in ways else None)
        return count(found)  # type: ignore[arg-type]

    def _distinct(self, split: str) -> list[Text]:
        hashes = dict.fromkeys(post.text_hash for post in self._posts if post.split == split)
        return [self._texts[key] for key in hashes]


def shared_pictures(posts: Sequence[Post]) -> dict[str, dict[str, int]]:
    """How many pictures two splits have in common, by `id` and by `file`, the bytes of which are equal.

    The same picture in another size or format counts as another one: nothing here looks at what it shows.
    """
    return {
        "id": _in_common({split: {p.image_id for p in posts if p.split == split and p.image_id} for split in SPLITS}),
        "file": _in_common(
            {split: {p.image_hash for p in posts if p.split == split and p.image_hash} for split in SPLITS}
        ),
    }


def _in_common(sets: dict[str, set[str]]) -> dict[str, int]:
    return {f"{one}_{other}": len(sets[one] & sets[other]) for one, other in SPLIT_PAIRS}
