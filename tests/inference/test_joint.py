"""Pairs out of predicted mentions, and the relation model over them."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.corpora.labels import label_set
from tandem.corpora.schema import RelationSample, text_hash
from tandem.evaluation.joint import Reading, Triple, gather
from tandem.evaluation.spans import spans
from tandem.inference import joint
from tandem.inference.joint import predict_joint
from tandem.inference.pairs import MOST_MENTIONS, candidate_pairs

WORDS = ["Ada", "Bo", "Cy", "Oslo"]


def row(number: int, words: list[str], head: int, tail: int, relation: str = "None") -> RelationSample:
    """A pair of single words of a sentence with the picture `image-<number>`, every word a person by its tag."""
    return RelationSample(
        id=f"test-{number}",
        source="tiny",
        split="test",
        words=words,
        tags=["B-PER"] * len(words),
        image_id=f"image-{number}",
        image_path=None,
        image_hash=None,
        caption=None,
        text_hash=text_hash(words),
        head_start=head,
        head_end=head + 1,
        tail_start=tail,
        tail_end=tail + 1,
        relation=relation,
    )


class Stub:
    """A model that says what a function says of a row and its picture; the calls are kept."""

    def __init__(self, say, *, uses_picture: bool = True) -> None:
        self.say, self.uses_picture, self.calls = say, uses_picture, []

    def pictures_of(self, samples):
        return [sample.image_id for sample in samples]

    def predict(self, samples, pictures, types=None):
        self.calls.append((list(samples), {name: list(ids) for name, ids in pictures.items()}, types))
        return {name: [self.say(*pair) for pair in zip(samples, ids, strict=True)] for name, ids in pictures.items()}


def tag(sample, picture) -> list[str]:
    """Names are persons, but for Oslo; without a picture nobody sees Bo."""
    kinds = {"Ada": "B-PER", "Bo": "B-PER" if picture else "O", "Cy": "B-PER", "Oslo": "B-LOC"}
    return [kinds[word] for word in sample.words]


def relate(pair, picture) -> str:
    """Everyone knows the next one, with the picture's name; nothing else holds."""
    return f"knows-{picture}" if pair.tail_start == pair.head_start + 1 else "None"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(label_set(["PER", "LOC"])), max_size=60))
def test_joint_pairs_are_all_ordered_pairs_of_the_first_mentions(tags: list[str]) -> None:
    every = spans(tags, "default")
    mentions = every[:MOST_MENTIONS]
    expected = {(one, two) for one, two in product(mentions, mentions) if one != two}
    pairs = candidate_pairs(every)
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == expected


@pytest.mark.parametrize("block", [1, 3, 4096])
def test_joint_reads_every_condition_with_its_own_pictures(monkeypatch, block) -> None:
    monkeypatch.setattr(joint, "BLOCK", block)
    rows = [row(1, WORDS, 0, 1), row(1, WORDS, 1, 0), row(2, ["Bo"], 0, 0), row(3, ["Cy", "Bo"], 0, 1)]
    ner, re = Stub(tag), Stub(relate)
    found = predict_joint(ner, re, rows, gather(rows), seed=1)
    (_, pictures, _), *more = ner.calls
    assert not more
    assert pictures["predicted"] == ["image-1", "image-2", "image-3"]
    texts = [WORDS, ["Bo"], ["Cy", "Bo"]]
    for name, ids in pictures.items():
        expected = []
        for words, picture in zip(texts, ids, strict=True):
            tags = tag(row(0, words, 0, 0), picture)
            mentions = [(said[2:], place, place + 1) for place, said in enumerate(tags) if said != "O"]
            chain = [(a, b) for a, b in product(mentions, mentions) if b[1] == a[1] + 1]
            expected.append(Reading(tags, frozenset(Triple(a, b, f"knows-{picture}") for a, b in chain)))
        assert found.readings[name] == expected
    assert found.gold_pairs == ["knows-image-1", "None", "None", "knows-image-3"]
    assert max(len(call[0]) for call in re.calls[:-1]) <= block


def test_joint_asks_once_where_no_model_sees_a_picture() -> None:
    rows = [row(1, WORDS, 0, 1)]
    ner, re = Stub(lambda s, _: tag(s, "any"), uses_picture=False), Stub(lambda p, _: "knows", uses_picture=False)
    found = predict_joint(ner, re, rows, gather(rows), seed=1)
    assert found.readings["predicted"] == found.readings["no_image"] == found.readings["shuffled_image"]
    assert len(re.calls) == 2  # the pairs, and the rows


def test_joint_gives_the_types_of_the_mentions_to_the_relation_model() -> None:
    rows = [row(1, WORDS, 0, 3), row(1, WORDS, 3, 1), row(2, ["Cy", "Bo"], 1, 0)]
    ner = Stub(lambda sample, _: ["B-PER", "O", "O", "B-LOC"][: len(sample.words)])
    re = Stub(relate)
    predict_joint(ner, re, rows, gather(rows), seed=1)
    *conditions, (asked, _, types) = re.calls
    assert asked == rows
    # Bo is no mention: the pairs with it are of no known type.
    assert types == [("PER", "LOC"), None, None]
    for pairs, _, known in conditions:
        assert [(pair.head, pair.tail) for pair in pairs] == [((0, 1), (3, 4)), ((3, 4), (0, 1))]
        assert known == [("PER", "LOC"), ("LOC", "PER")]


def test_joint_bounds_the_pairs_of_a_sentence_and_counts_what_it_drops() -> None:
    words = ["Ada"] * (MOST_MENTIONS + 5)
    rows = [row(1, words, 0, 1), row(2, ["Ada", "Bo"], 0, 1)]
    re = Stub(relate)
    found = predict_joint(Stub(tag), re, rows, gather(rows), seed=1)
    assert found.dropped == 5
    assert len(re.calls[0][0]) == MOST_MENTIONS * (MOST_MENTIONS - 1) + 2


def test_joint_of_nothing_said_is_nothing_found() -> None:
    rows = [row(1, WORDS, 0, 1)]
    re = Stub(relate)
    found = predict_joint(Stub(lambda sample, _: ["O"] * len(sample.words)), re, rows, gather(rows), seed=1)
    assert found.readings["predicted"] == [Reading(["O"] * 4, frozenset())]
    assert len(re.calls) == 1  # the rows alone
