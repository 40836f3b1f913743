"""Which posts are shown, and what is said to be wrong with them."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

from tandem.reporting.examples import MOST_HELPED, Group, choose, errors

ENTITIES = ("helped", "harmed", "right", "type", "boundary", "missed", "invented", "unpictured")
RELATIONS = ("helped", "harmed", "right", "relation", "missed", "invented")


def seen(row: dict[str, Any]) -> bool:
    return bool(row["image_id"])


def ids(groups: list[Group]) -> dict[str, set[str]]:
    return {group.key: {row["id"].removeprefix("test-") for row in group.rows} for group in groups}


def test_choose_groups_entities_by_what_the_picture_does(made_up: SimpleNamespace) -> None:
    rows = [made_up.entities(key) for key in ENTITIES]
    # `missed` and `invented` are named by what the model says, the post that no picture decides counts as plain.
    assert ids(choose(rows, seen)) == {
        "helped": {"helped"},
        "harmed": {"harmed"},
        "right": {"right", "unpictured"},
        "wrong": {"type", "boundary", "missed", "invented"},
    }
    assert {row["id"]: errors(row) for row in rows} == {
        "test-helped": [],
        "test-harmed": ["wrong type"],
        "test-right": [],
        "test-type": ["wrong type"],
        "test-boundary": ["wrong boundary"],
        "test-missed": ["missed"],
        "test-invented": ["invented"],
        "test-unpictured": [],
    }


def test_choose_groups_relations(made_up: SimpleNamespace) -> None:
    rows = [made_up.relation(key) for key in RELATIONS]
    assert ids(choose(rows, seen)) == {
        "helped": {"helped"},
        "harmed": {"harmed"},
        "right": {"right"},
        "wrong": {"relation", "missed", "invented"},
    }
    assert [errors(row) for row in rows[3:]] == [["wrong relation"], ["missed"], ["invented"]]


def test_choose_stands_without_the_control(made_up: SimpleNamespace) -> None:
    rows = [made_up.entities(key, no_image=None) for key in ENTITIES]
    helped, harmed, right, wrong = choose(rows, seen)
    assert (helped.total, harmed.total, right.total, wrong.total) == (0, 0, 3, 5)
    assert (right.title, wrong.title) == ("Right", "Wrong")


def test_choose_is_the_same_in_any_order_and_shows_no_picture_twice(made_up: SimpleNamespace) -> None:
    rows = [
        made_up.entities("helped", id=f"test-{number}", image_id=f"{number // 2}.png", words=[f"w{number}"] * 6)
        for number in range(40)
    ]
    first = choose(rows, seen)[0]
    shown = [row["image_id"] for row in first.rows]
    assert (first.total, len(shown), len(set(shown))) == (40, MOST_HELPED, MOST_HELPED)
    random.Random(1).shuffle(rows)
    assert choose(rows, seen)[0].rows == first.rows
