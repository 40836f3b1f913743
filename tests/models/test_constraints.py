"""Relations decided under the types of their entities, against counting by hand."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tandem.models.constraints import TypeConstraints, signature

RELATIONS = [
    "None",
    "/per/org/member_of",
    "/per/per/peer",
    "/per/misc/present_in",
    "/per/other/awarded",
    "/per/org/leader_of",
    "likes",
    "/per/per/couple",
]
TYPES = [("PER", "ORG"), ("per", "per"), ("Per", "OTHER"), ("PER", "MISC"), ("LOC", "LOC"), ("ORG", "PER"), None]


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("/per/org/member_of", ("PER", "ORG")),
        ("/per/other/awarded", ("PER", "MISC")),
        ("/Misc/loc/held_on", ("MISC", "LOC")),
        ("/a/b/c/d", ("A", "B")),
        ("None", None),
        ("member_of", None),
        ("/per/org", None),
        ("/per//x", None),
        ("per/org/x", None),
    ],
)
def test_constraints_read_types_out_of_names(name, types) -> None:
    assert signature(name) == types


def test_constraints_by_names_decide_the_types_first() -> None:
    # One relation of PER-ORG is the most probable, but PER-PER is more probable as a whole.
    probabilities = torch.tensor([[0.2, 0.32, 0.25, 0.0, 0.0, 0.01, 0.02, 0.2]])
    assert TypeConstraints(RELATIONS).by_names(probabilities.log()) == ["/per/per/peer"]


def test_constraints_by_names_count_none_as_a_group() -> None:
    probabilities = torch.tensor([[0.4, 0.3, 0.1, 0.0, 0.0, 0.05, 0.0, 0.15]])
    assert TypeConstraints(RELATIONS).by_names(probabilities.log()) == ["None"]


def test_constraints_without_types_in_the_names_change_nothing() -> None:
    scores = torch.log_softmax(torch.randn(50, 4, generator=torch.Generator().manual_seed(0)), -1)
    names = ["None", "a", "b", "/c"]
    best = [names[number] for number in scores.argmax(-1)]
    constraints = TypeConstraints(names)
    assert constraints.by_names(scores) == best
    assert constraints.by_types(scores, [("PER", "LOC")] * 50) == best


def test_constraints_types_that_no_relation_has_leave_none() -> None:
    names = ["/per/org/member_of", "None", "/per/per/peer"]
    certain = torch.tensor([[0.9, 1e-6, 0.1]]).log()
    assert TypeConstraints(names).by_types(certain, [("LOC", "LOC")]) == ["None"]
    assert TypeConstraints(names).by_types(certain, [("ORG", "PER")]) == ["None"]  # the order counts
    assert TypeConstraints(names).by_types(certain, [("PER", "PER")]) == ["/per/per/peer"]
    assert TypeConstraints(names).by_types(certain, [None]) == ["/per/org/member_of"]


def test_constraints_of_no_rows() -> None:
    nothing = torch.zeros(0, len(RELATIONS))
    assert TypeConstraints(RELATIONS).by_names(nothing) == []
    assert TypeConstraints(RELATIONS).by_types(nothing, []) == []


rows = st.lists(st.floats(-20, 0), min_size=len(RELATIONS), max_size=len(RELATIONS), unique=True)


def pair_of(name: str) -> tuple[str, str] | None:
    if not name.startswith("/"):
        return None
    _, head, tail, _ = name.split("/")
    return head, tail.replace("other", "misc")


@given(rows)
def test_constraints_by_names_match_brute_force(scores) -> None:
    scores = torch.log_softmax(torch.tensor(scores, dtype=torch.float64), -1)
    probability = dict(zip(RELATIONS, scores.exp().tolist(), strict=True))
    groups: dict[object, list[str]] = {}
    for name in RELATIONS:
        groups.setdefault(pair_of(name) or name, []).append(name)
    masses = sorted((math.fsum(probability[name] for name in names) for names in groups.values()), reverse=True)
    if masses[0] - masses[1] < 1e-9:
        return
    winner = max(groups.values(), key=lambda names: math.fsum(probability[name] for name in names))
    assert TypeConstraints(RELATIONS).by_names(scores[None]) == [max(winner, key=probability.__getitem__)]


@given(rows, st.sampled_from(TYPES))
def test_constraints_by_types_match_brute_force(scores, types) -> None:
    scores = torch.tensor(scores, dtype=torch.float64)
    written = None if types is None else tuple(kind.lower().replace("other", "misc") for kind in types)
    allowed = [name for name in RELATIONS if pair_of(name) in (None, written) or types is None]
    best = max(allowed, key=lambda name: float(scores[RELATIONS.index(name)]))
    assert TypeConstraints(RELATIONS).by_types(scores[None], [types]) == [best]


@given(rows, st.sampled_from(TYPES))
def test_constraints_given_types_divide_by_what_is_left(scores, types) -> None:
    logs = torch.log_softmax(torch.tensor(scores, dtype=torch.float64), -1)
    written = None if types is None else tuple(kind.lower().replace("other", "misc") for kind in types)
    left = [pair_of(name) in (None, written) or types is None for name in RELATIONS]
    total = math.fsum(value for value, kept in zip(logs.exp().tolist(), left, strict=True) if kept)
    expected = [value / total if kept else 0.0 for value, kept in zip(logs.exp().tolist(), left, strict=True)]
    assert TypeConstraints(RELATIONS).given(logs[None], [types]).exp()[0].tolist() == pytest.approx(expected)
