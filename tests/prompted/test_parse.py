"""Answers that have not the form that was asked for."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.prompted.answers import Answer
from tandem.prompted.parse import Entity, Refused, parse_entities, parse_relation

TYPES = ["PER", "LOC"]


def answer(tree: object, status: str = "ok") -> Answer:
    return Answer(tree if isinstance(tree, str) else json.dumps(tree), status)  # type: ignore[arg-type]


def test_parse_reads_entities_in_their_order() -> None:
    listed = [
        {"text": "Ann Lee", "type": "PER"},
        {"type": "LOC", "text": "Rome", "start": None},
        {"text": "Rome", "type": "LOC", "start": 4},
    ]
    found, refused = parse_entities(answer({"entities": listed}), TYPES)
    assert found == [Entity("Ann Lee", "PER"), Entity("Rome", "LOC"), Entity("Rome", "LOC", 4)]
    assert not refused
    assert parse_entities(answer({"entities": []}), TYPES) == ([], {})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not_json"),
        ('{"entities": [{"text": "Ann", "ty', "not_json"),
        ('Here you are: {"entities": []}', "not_json"),
        ('```json\n{"entities": []}\n```', "not_json"),
        ("[" * 100_000, "not_json"),
        ('{"entities": ' + "1" * 5000 + "}", "not_json"),
        ("[]", "wrong_shape"),
        ("null", "wrong_shape"),
        ("{}", "wrong_shape"),
        ('{"entities": null}', "wrong_shape"),
        ('{"entities": {}}', "wrong_shape"),
        ('{"entities": [], "note": ""}', "wrong_shape"),
        ('{"entities": [], "entities": []}', "wrong_shape"),
        ('{"relation": "None"}', "wrong_shape"),
    ],
)
def test_parse_refuses_a_whole_answer(text, reason) -> None:
    with pytest.raises(Refused) as caught:
        parse_entities(answer(text), TYPES)
    assert caught.value.reason == reason


@pytest.mark.parametrize("status", ["declined", "truncated"])
def test_parse_refuses_an_answer_that_is_none_even_if_it_reads_well(status) -> None:
    for parse in (parse_entities, parse_relation):
        with pytest.raises(Refused, match=status):
            parse(answer({"entities": []}, status), TYPES)


@pytest.mark.parametrize(
    "item",
    [
        "Ann",
        None,
        {},
        {"text": "Ann"},
        {"type": "PER"},
        {"text": 1, "type": "PER"},
        {"text": "Ann", "type": None},
        {"text": "Ann", "type": ["PER"]},
        {"text": "Ann", "type": "PER", "start": "0"},
        {"text": "Ann", "type": "PER", "start": True},
        {"text": "Ann", "type": "PER", "start": 0.0},
        {"text": "Ann", "type": "PER", "start": -1},
        {"text": "Ann", "type": "PER", "confidence": 1},
    ],
)
def test_parse_refuses_one_entity_and_keeps_the_others(item) -> None:
    found, refused = parse_entities(answer({"entities": [item, {"text": "Rome", "type": "LOC"}]}), TYPES)
    assert found == [Entity("Rome", "LOC")]
    assert refused == {"wrong_shape": 1}


def test_parse_refuses_types_that_the_corpus_has_not() -> None:
    listed = [{"text": "Ann", "type": kind} for kind in ("PER", "per", "PERSON", "B-PER", "")]
    found, refused = parse_entities(answer({"entities": listed}), TYPES)
    assert found == [Entity("Ann", "PER")]
    assert refused == {"unknown_type": 4}


def test_parse_reads_a_relation_or_says_why_not() -> None:
    names = ["None", "/per/per/peer"]
    assert parse_relation(answer({"relation": "/per/per/peer"}), names) == "/per/per/peer"
    for tree, reason in [
        ({"relation": "peer"}, "unknown_relation"),
        ({"relation": None}, "wrong_shape"),
        ({"relation": ["None"]}, "wrong_shape"),
        ("None", "not_json"),
    ]:
        with pytest.raises(Refused, match=reason):
            parse_relation(answer(tree), names)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["entities", "text", "type"]), inner),
    max_leaves=12,
)


@given(json_values | st.text() | st.fixed_dictionaries({"entities": st.lists(json_values)}))
def test_parse_never_fails_otherwise(tree) -> None:
    try:
        found, refused = parse_entities(answer(tree), TYPES)
    except Refused as error:
        found, refused = [], {error.reason: 1}
    assert all(entity.type in TYPES for entity in found)
    assert set(refused) <= {"not_json", "wrong_shape", "unknown_type"}
