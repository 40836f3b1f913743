"""Posts of the embedded relation corpus: two names a sentence, and a relation that words or picture tell."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tandem.corpora.embedded import templates
from tandem.corpora.embedded.frame import Frame, Mention, Tagged, dealer, fill, plain
from tandem.corpora.embedded.names import unambiguous
from tandem.corpora.embedded.relation_templates import LOCATED, MEMBER, PART, TOLD, UNRELATED
from tandem.corpora.embedded.scenes import BIRTH, COUPLE, PEER, RESIDENCE, SCENES, SIBLINGS
from tandem.corpora.schema import NO_RELATION
from tandem.evaluation.spans import spans

NAME, WORD, FIRST_ID = "embedded_relations", "social", 900_000
SYMMETRIC = frozenset({COUPLE, PEER, SIBLINGS})
RELATIONS = (NO_RELATION, *TOLD)  # in the order of their numbers
# Shares of what the words tell in sentences where they do; they sum to 1.
TOLD_SHARES = {
    COUPLE: 0.08,
    PEER: 0.08,
    SIBLINGS: 0.08,
    RESIDENCE: 0.08,
    BIRTH: 0.08,
    MEMBER: 0.13,
    LOCATED: 0.12,
    PART: 0.11,
    NO_RELATION: 0.24,
}

Kinds = tuple[str, str]
Span = tuple[int, int]


@dataclass(frozen=True)
class Riddle:
    """A pair of types whose relation only the picture tells: its share of such sentences, and that of each answer.

    Both shares sum to 1; `prior` has all scenes as keys. `rows` is how many of the two rows of a sentence have the
    relation, where there is one: both if it is symmetric.
    """

    kinds: Kinds
    share: float
    rows: int
    prior: dict[str, float]

    @property
    def name(self) -> str:
        """The types of head and tail: `PER-LOC`."""
        return "-".join(self.kinds)


def _riddle(kinds: Kinds, share: float, prior: dict[str, float]) -> Riddle:
    symmetric = bool(prior.keys() & SYMMETRIC)
    return Riddle(kinds, share, 2 if symmetric else 1, {scene: prior.get(scene, 0.0) for scene in SCENES})


RIDDLES = (
    _riddle(("PER", "PER"), 0.5, {COUPLE: 0.36, PEER: 0.26, SIBLINGS: 0.22, NO_RELATION: 0.16}),
    _riddle(("PER", "LOC"), 0.5, {RESIDENCE: 0.48, BIRTH: 0.34, NO_RELATION: 0.18}),
)


@dataclass(frozen=True)
class RelationPost:
    """One sentence with two mentions, the relation of the head to the tail, and the scene in its picture.

    `riddle` stands where only the picture tells the relation. `picture` is None where the file is absent. `relevant`
    says that the picture was drawn for the relation.
    """

    image_id: str
    words: tuple[str, ...]
    tags: tuple[str, ...]
    head: Span
    tail: Span
    relation: str
    riddle: Riddle | None
    picture: str | None
    relevant: bool

    def rows(self) -> list[tuple[Span, Span, str]]:
        """(head, tail, relation) of the pair, and of the same pair the other way round."""
        back = self.relation if self.relation in SYMMETRIC else NO_RELATION
        return [(self.head, self.tail, self.relation), (self.tail, self.head, back)]


def kinds_of(relation: str) -> Kinds:
    """The types of head and tail, which the relation's name gives: `/per/org/member_of`."""
    _, head, tail, _ = relation.split("/")
    return head.upper(), tail.upper()


class RelationWriter:
    """Writes the sentences of one split; where only the picture tells, the relation reaches nothing but the label.

    Args:
        written: texts of the corpus so far, added to; no text comes twice, so that no split leaks into another.
    """

    def __init__(self, *, chance: random.Random, written: set[tuple[str, ...]]) -> None:
        self._chance = chance
        self._frame = Frame(word=WORD, chance=chance, written=written)
        self._names = {kind: dealer(chance, names) for kind, names in unambiguous(WORD).items()}

    def told(self, relation: str) -> tuple[list[Tagged], Span, Span]:
        """(words with tags, head, tail) of a sentence whose words tell the relation, or that there is none."""
        if relation == NO_RELATION:
            kinds = self._chance.choice(list(UNRELATED))
            template = self._chance.choice(UNRELATED[kinds])
        else:
            kinds = kinds_of(relation)
            template = self._chance.choice(TOLD[relation])
        mentions = self._mentions(kinds)
        head_first = template.index("{A}") < template.index("{B}")
        return self._post(self._frame.opening() + fill(template, mentions), head_first)

    def open(self, kinds: Kinds) -> tuple[list[Tagged], Span, Span]:
        """The same of a sentence whose words, those of the other embedded corpora, suit every relation."""
        chance = self._chance
        mentions = self._mentions(kinds)
        head_first = chance.random() < 0.5
        shown = mentions if head_first else mentions[::-1]
        if chance.random() < 0.5:
            return self._post(self._frame.opening() + fill(chance.choice(templates.PAIR), shown), head_first)
        first, second = (fill(chance.choice(templates.ANY), [mention]) for mention in shown)
        return self._post([*first, *plain(chance.choice(templates.JOINERS)), *second], head_first)

    def _mentions(self, kinds: Kinds) -> list[Mention]:
        """Two different names of these types."""
        names: list[str] = []
        for kind in kinds:
            name = self._names[kind]()
            while name in names:  # where a deck begins anew
                name = self._names[kind]()
            names.append(name)
        return [Mention(name, kind, ambiguous=False) for name, kind in zip(names, kinds, strict=True)]

    def _post(self, tagged: list[Tagged], head_first: bool) -> tuple[list[Tagged], Span, Span]:
        tagged = self._frame.close(tagged)
        first, second = ((span.start, span.end) for span in spans([tag for _, tag in tagged], "strict"))
        return (tagged, first, second) if head_first else (tagged, second, first)


def write_relation_posts(
    *,
    split: str,
    size: int,
    seed: int,
    ambiguous: float,
    irrelevant: float,
    missing: float,
    first: int = 0,
    written: set[tuple[str, ...]] | None = None,
) -> list[RelationPost]:
    """The posts of one split.

    Relations, words and pictures come from generators of their own, so that no draw of one can tell of another.
    Exactly `round(size * ambiguous)` sentences leave their relation to the picture; everything else is drawn
    independently sentence by sentence.

    Args:
        size: sentences.
        first: number of the split's first sentence within the corpus; image ids count on from there.
        written: texts of the other splits, which must not come again.
    """
    answers, text, pictures = (random.Random(f"{seed}/{NAME}/{split}/{use}") for use in ("types", "text", "pictures"))
    opens = [index < round(size * ambiguous) for index in range(size)]
    answers.shuffle(opens)
    writer = RelationWriter(chance=text, written=set() if written is None else written)
    posts = []
    for index, is_open in enumerate(opens):
        riddle = answers.choices(RIDDLES, weights=[riddle.share for riddle in RIDDLES])[0] if is_open else None
        shares = riddle.prior if riddle else TOLD_SHARES
        relation = answers.choices(list(shares), weights=list(shares.values()))[0]
        tagged, head, tail = writer.open(riddle.kinds) if riddle else writer.told(relation)
        # All three are drawn for each sentence, so that one share does not shift the draws of another.
        any_scene = pictures.choice(SCENES)
        off_topic = pictures.random() < irrelevant
        absent = pictures.random() < missing
        relevant = riddle is not None and not off_topic and not absent
        shown = relation if riddle is not None and not off_topic else any_scene
        posts.append(
            RelationPost(
                image_id=str(FIRST_ID + first + index),
                words=tuple(word for word, _ in tagged),
                tags=tuple(tag for _, tag in tagged),
                head=head,
                tail=tail,
                relation=relation,
                riddle=riddle,
                picture=None if absent else shown,
                relevant=relevant,
            )
        )
    return posts
