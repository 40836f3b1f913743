"""What is asked and how answers are read, for entities and for relations."""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from tandem.corpora.labels import entity_types
from tandem.corpora.schema import (
    NO_RELATION,
    RelationSample,
    Sample,
    read_relation_names,
    read_relations,
    read_samples,
)
from tandem.evaluation.metrics import Tree, score
from tandem.evaluation.relations import score_relations, without_test_case
from tandem.prompted.align import align, entities_of, tags_of
from tandem.prompted.answers import Answer
from tandem.prompted.parse import Refused, parse_entities, parse_relation
from tandem.prompted.prompt import closed_object
from tandem.text.markers import Marker, mark

PICTURE = "A post may come with a picture: use it to tell what a name stands for."
# What the types of the public corpora mean. A type that is not here has to speak for itself.
MEANINGS = {
    "PER": "people",
    "LOC": "places",
    "ORG": "organisations: companies, teams, bands, institutions",
    "MISC": "other names: products, works, events, nationalities",
    "OTHER": "other names: products, works, events, nationalities",
}


class PromptedTask(ABC):
    """A task as a chat model sees it. `samples` are rows of a prepared table."""

    headline: ClassVar[str]  # key of the tree of scores whose F1 decides
    title: ClassVar[str]  # what this F1 is called in messages
    answer_reasons: ClassVar[tuple[str, ...]]  # why a whole answer may be refused
    entity_reasons: ClassVar[tuple[str, ...]] = ()  # why a single entity may be

    def __init__(self, train: Sequence[Any], test: Sequence[Any], limit: int | None) -> None:
        self.test = test[:limit]
        # Rows to learn from: none whose text is in the test split, whatever `limit` is, and no text twice.
        tested = {row.text_hash for row in test}
        self.train = list({row.text_hash: row for row in reversed(train) if row.text_hash not in tested}.values())[::-1]

    def examples(self, count: int, *, seed: int) -> list[tuple[str, str]]:
        """Texts and answers of training rows, drawn at random. Errors: `ValueError` if there are fewer."""
        if count > len(self.train):
            raise ValueError(f"prompted.examples {count}: the train split has only {len(self.train)} to show; lower it")
        drawn = random.Random(seed).sample(self.train, count)
        return [(self.text(row), self.solution(row)) for row in drawn]

    @property
    @abstractmethod
    def instruction(self) -> str:
        """The system message."""

    @property
    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """JSON schema of an answer, with the corpus's own names as enumerations."""

    @property
    @abstractmethod
    def facts(self) -> Tree:
        """What the scores of any model on the test rows come with."""

    @abstractmethod
    def text(self, sample: Any) -> str:
        """A row as the user's message."""

    @abstractmethod
    def solution(self, sample: Any) -> str:
        """The answer that a row should get."""

    @abstractmethod
    def read(self, answer: Answer, sample: Any) -> tuple[Any, Counter[str]]:
        """What an answer says of a row, and what of it was refused, by reason. Errors: `Refused` if all of it is."""

    @abstractmethod
    def nothing(self, sample: Any) -> Any:
        """What is said of a row whose answer was refused."""

    @abstractmethod
    def gold(self) -> list[Any]:
        """What should be said of each test row."""

    @abstractmethod
    def score(self, gold: Any, predicted: Any) -> Tree:
        """All scores of `predicted` against `gold`."""


class PromptedEntities(PromptedTask):
    """Named entities: `{"entities": [{"text": ..., "type": ..., "start": null}, ...]}`."""

    headline = "span"
    title = "span F1"
    answer_reasons = ("declined", "truncated", "not_json", "wrong_shape")
    entity_reasons = ("wrong_shape", "unknown_type", "not_in_text", "partial_word", "wrong_start", "overlapping")

    def __init__(self, prepared: Path, limit: int | None = None) -> None:
        train = read_samples(prepared, "train")
        super().__init__(train, read_samples(prepared, "test"), limit)
        self.types = entity_types(sample.tags for sample in train)

    @property
    def instruction(self) -> str:
        types = "; ".join(f"{kind} ({MEANINGS[kind]})" if kind in MEANINGS else kind for kind in self.types)
        return (
            f"You find named entities in posts of social media. {PICTURE}\n"
            f"The types are: {types}.\n"
            "Answer with one JSON object and nothing else: "
            '{"entities": [{"text": "...", "type": "...", "start": null}]}, the entities in the order in which they '
            'appear; {"entities": []} if there are none. "text" is copied from the post letter by letter and consists '
            "of whole words (the words of the post are separated by blanks). "
            'Entities do not overlap. "start" is null, unless the same text stands in the post more than once: then it '
            "is the number of the entity's first word, the first word of the post being number 0."
        )

    @property
    def schema(self) -> dict[str, Any]:
        kind = {"type": "string", "enum": self.types}
        entity = closed_object({"text": {"type": "string"}, "type": kind, "start": {"type": ["integer", "null"]}})
        return closed_object({"entities": {"type": "array", "items": entity}})

    @property
    def facts(self) -> Tree:
        return {"sentences": len(self.test)}

    def text(self, sample: Sample) -> str:
        return " ".join(sample.words)

    def solution(self, sample: Sample) -> str:
        named = [entity._asdict() for entity in entities_of(sample.words, sample.tags)]
        return json.dumps({"entities": named}, ensure_ascii=False)

    def read(self, answer: Answer, sample: Sample) -> tuple[list[str], Counter[str]]:
        entities, refused = parse_entities(answer, self.types)
        found, unplaced = align(sample.words, entities)
        return tags_of(found, len(sample.words)), refused + unplaced

    def nothing(self, sample: Sample) -> list[str]:
        return ["O"] * len(sample.words)

    def gold(self) -> list[list[str]]:
        return [sample.tags for sample in self.test]

    def score(self, gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> Tree:
        return score(gold, predicted)


class PromptedRelations(PromptedTask):
    """The relation of a marked pair: `{"relation": ...}`."""

    headline = "relation"
    title = "relation F1"
    answer_reasons = ("declined", "truncated", "not_json", "wrong_shape", "unknown_relation")

    def __init__(self, prepared: Path, limit: int | None = None) -> None:
        super().__init__(read_relations(prepared, "train"), read_relations(prepared, "test"), limit)
        self.relations = read_relation_names(prepared)

    @property
    def instruction(self) -> str:
        return (
            "You tell how two entities of a post of social media are related. "
            "The head stands between [E1] and [/E1], the tail between [E2] and [/E2]. "
            f"{PICTURE}\nThe relations of head to tail are: {', '.join(self.relations)}. "
            "A name like /per/org/member_of begins with the types of head and tail. "
            f"{NO_RELATION} means that none of the others holds.\n"
            'Answer with one JSON object and nothing else: {"relation": "..."}.'
        )

    @property
    def schema(self) -> dict[str, Any]:
        return closed_object({"relation": {"type": "string", "enum": self.relations}})

    @property
    def facts(self) -> Tree:
        return {
            "sentences": len({row.text_hash for row in self.test}),
            "task": "re",
            "pairs": len(self.test),
            "without_test_case": without_test_case(self.relations, self.gold()),
        }

    def text(self, sample: RelationSample) -> str:
        marked = mark(sample.words, sample.head, sample.tail).words
        return " ".join(word.value if isinstance(word, Marker) else word for word in marked)

    def solution(self, sample: RelationSample) -> str:
        return json.dumps({"relation": sample.relation}, ensure_ascii=False)

    def read(self, answer: Answer, sample: RelationSample) -> tuple[str, Counter[str]]:
        return parse_relation(answer, self.relations), Counter()

    def nothing(self, sample: RelationSample) -> str:
        return NO_RELATION

    def gold(self) -> list[str]:
        return [row.relation for row in self.test]

    def score(self, gold: Sequence[str], predicted: Sequence[str]) -> Tree:
        return score_relations(gold, predicted)


def prompted_task(name: str, prepared: Path, limit: int | None = None) -> PromptedTask:
    """The task of a corpus with its first `limit` test rows. Errors: `ValueError` naming a table that is unreadable."""
    return PromptedRelations(prepared, limit) if name == "re" else PromptedEntities(prepared, limit)


def read_answer(task: PromptedTask, answer: Answer, sample: Any) -> tuple[Any, Counter[str], str | None]:
    """What an answer says of a row, entities refused by reason, and the reason why all of it was (else None)."""
    try:
        said, refused = task.read(answer, sample)
    except Refused as error:
        return task.nothing(sample), Counter(), error.reason
    return said, refused, None
