"""Posts that stand twice, exactly or nearly: retweets, one headline under two addresses, a word more or less.

What does not make a text another one is left out first: user mentions (with the `RT` before them), addresses, hashtag
signs, case, punctuation, emojis and digits; letters of scripts without blanks count as words. Two posts are near if
their sets of word pairs then have a Jaccard index of at least 7/10. Shorter posts than three words are near to none.
In Twitter-2015, Twitter-2017 and MNRE, posts above 0.7 mostly say the same with a word or two changed; most of those
between 0.6 and 0.7 are two posts by one template (`X is a cutie`).

Near posts are looked for among those that have one of their rarest word pairs in common, which sets of this likeness
must (the prefix filter of Bayardo, Ma and Srikant 2007): nothing is left to chance, as it is with MinHash.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, pairwise

LEAST_LIKENESS = Fraction(7, 10)  # Jaccard index of two sets of word pairs
FEWEST_WORDS = 3
# Comparisons for one post. Only posts by a template, in their tens of thousands, have so many in question; this keeps
# their time from growing with the square of their number.
MOST_COMPARED = 500

# As tokenised corpora write them too: `https : //t . co/x`, `@ name`, `@first _ last`.
ADDRESS = re.compile(r"https?\s?:\s?//\S*(?:\s\.\s\S*/\S*)?|\bwww\.\S+")
MENTION = re.compile(r"(?:\brt\s+)?@\s?\w+(?:\s_\s?\w*)*")
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"  # Thai, Chinese and others
WORD = re.compile(rf"[{UNSPACED}]|[^\W\d_{UNSPACED}]+")

LOW, HIGH = LEAST_LIKENESS.as_integer_ratio()


@dataclass(frozen=True)
class Text:
    """What is compared of a post: its words as they are, and the pairs of neighbours among those that count."""

    exact: str
    pairs: frozenset[str]


def text_of(words: Sequence[str]) -> Text:
    """A post ready to be compared."""
    counting = counting_words(words)
    pairs = (f"{one} {other}" for one, other in pairwise(counting))
    return Text(" ".join(words), frozenset(pairs if len(counting) >= FEWEST_WORDS else ()))


def counting_words(words: Sequence[str]) -> list[str]:
    """The words that count, in order: without mentions, addresses, case, punctuation and digits."""
    text = unicodedata.normalize("NFKC", " ".join(words)).casefold()
    return WORD.findall(MENTION.sub(" ", ADDRESS.sub(" ", text)))


def are_near(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sets of word pairs have the likeness of near posts; an empty set has it with none."""
    common = len(one & other)
    return common > 0 and common * HIGH >= LOW * (len(one) + len(other) - common)


class KnownTexts:
    """Posts among which others are looked for. The outcome does not depend on their order."""

    def __init__(self, texts: Iterable[Text]) -> None:
        self._equal: dict[str, int] = {}
        self._places: dict[frozenset[str], list[int]] = defaultdict(list)  # by set of pairs, each different post once
        for place, text in enumerate(texts):
            if text.exact not in self._equal:
                self._equal[text.exact] = place
                if text.pairs:
                    self._places[text.pairs].append(place)
        self._frequency = Counter(pair for pairs in self._places for pair in pairs)
        self._holders: dict[str, list[frozenset[str]]] = defaultdict(list)
        for pairs in sorted(self._places, key=sorted):
            for pair in self._rarest(pairs):
                self._holders[pair].append(pairs)

    def equal(self, text: Text) -> int | None:
        """Place of the first post of the same words; None if there is none."""
        return self._equal.get(text.exact)

    def near(self, text: Text) -> int | None:
        """Place of a post of other words that is near; None if there is none."""
        own = self._equal.get(text.exact)
        same = [place for place in self._places.get(text.pairs, ()) if place != own]
        if same:
            return same[0]
        seen = {text.pairs}
        candidates = (pairs for pair in self._rarest(text.pairs) for pairs in self._holders.get(pair, ()))
        for pairs in islice(candidates, MOST_COMPARED):
            if pairs not in seen:
                if are_near(text.pairs, pairs):
                    return self._places[pairs][0]
                seen.add(pairs)
        return None

    def _rarest(self, pairs: frozenset[str]) -> list[str]:
        """So many of the rarest that two near sets have one of them in common."""
        in_common = -(-LOW * len(pairs) // HIGH)  # at least so many are in any near set
        ordered = sorted(pairs, key=lambda pair: (self._frequency[pair], pair))
        return ordered[: len(pairs) - in_common + 1]
