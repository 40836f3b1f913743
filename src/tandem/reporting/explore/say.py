"""What there is to be seen in the tables of both tasks, in words."""

from __future__ import annotations

import pandas as pd

from tandem.corpora.schema import NO_RELATION
from tandem.reporting.explore.items import Tables
from tandem.reporting.wording import listed, plural, share


def quantile(table: pd.DataFrame, value: str, counted: str, part: float) -> int:
    """The smallest `value` that `part` of the rows, `counted` of each, do not exceed."""
    sums = table.groupby(value)[counted].sum().sort_index().cumsum()
    return int((sums >= part * sums.iloc[-1]).idxmax())


def say_lengths(tables: Tables) -> str:
    return _spread(tables["lengths"], "words", "sentences", "sentence", "word")


def say_entities(tables: Tables) -> str:
    table = tables["entities"]
    if table.empty:
        return "There are no sentences."
    none = table.loc[table["entities"] == 0, "sentences"].sum()
    part = share(none, table["sentences"].sum())
    return f"{_spread(table, 'entities', 'sentences', 'sentence', 'entity')} {part} of the sentences have none."


def say_pairs(tables: Tables) -> str:
    return _spread(tables["pairs"], "pairs", "sentences", "sentence", "pair")


def say_distance(tables: Tables) -> str:
    table = tables["distance"]
    overlap = table.loc[table["words"] < 0, "pairs"].sum()
    told = _spread(table[table["words"] >= 0], "words", "pairs", "pair", "word", " between head and tail")
    return told + (f" In {plural(int(overlap), 'pair')} they overlap." if overlap else "")


def say_types(tables: Tables) -> str:
    table = tables["types"]
    totals = table.groupby("type")["count"].sum().sort_values(ascending=False, kind="stable")
    if totals.empty:
        return "There are no entities."
    total = int(totals.sum())
    told = f"{total:,} {'entity' if total == 1 else 'entities'} of {plural(len(totals), 'type')}"
    if len(totals) == 1:
        return f"{told}: {totals.index[0]}."
    first, last = totals.index[0], totals.index[-1]
    return f"{told}: {share(totals[first], total)} are {first}, the most frequent, {share(totals[last], total)} {last}."


def say_co_occurrence(tables: Tables) -> str:
    table = tables["co_occurrence"]
    pairs = table[table["type"] < table["with"]].sort_values("sentences", ascending=False, kind="stable")
    if pairs.empty or not pairs.iloc[0]["sentences"]:
        return "No two types stand in one sentence."
    first = pairs.iloc[0]
    never = int((pairs["sentences"] == 0).sum())
    rest = f"; {never} of {plural(len(pairs), 'pair')} of types never do" if never else ""
    return f"{first['type']} and {first['with']} stand together most often, in {first['sentences']:,} sentences{rest}."


def say_pictures(tables: Tables) -> str:
    table = tables["pictures"]
    states = table.groupby("picture", sort=False)["sentences"].sum()
    whole = int(states.sum())
    told = {"present": "have a picture", "missing": "name one without a file", "none named": "name none"}
    parts = [f"{share(count, whole)} {told[str(state)]}" for state, count in states.items() if count]
    return f"Of {plural(whole, 'sentence')}, {listed(parts)}." if whole else "There are no sentences."


def say_relations(tables: Tables) -> str:
    table = tables["relations"]
    totals = table.groupby("relation")["count"].sum().sort_values(ascending=False, kind="stable")
    if totals.empty:
        return "There are no pairs."
    whole = int(totals.sum())
    told = f"{share(totals.get(NO_RELATION, 0), whole)} of {plural(whole, 'pair')} have no relation"
    named = totals.drop(NO_RELATION, errors="ignore")
    if named.empty:
        return f"{told}."
    rare = int((named < RARE).sum())
    tail = f"; {rare} have fewer than {RARE} pairs" if rare else ""
    first = named.index[0]
    return f"{told}. Of {plural(len(named), 'relation')}, {first} is the most frequent ({named[first]:,} pairs){tail}."


def say_argument_types(tables: Tables) -> str:
    table = tables["argument_types"].sort_values("pairs", ascending=False, kind="stable")
    if table.empty:
        return "The names of the relations tell no types."
    first = table.iloc[0]
    part = share(first["pairs"], table["pairs"].sum())
    return f"Most often the head is {first['head']} and the tail {first['tail']}: {part} of the pairs with a relation."


RARE = 50  # pairs of a relation, all splits together


def _spread(table: pd.DataFrame, value: str, counted: str, one: str, unit: str, where: str = "") -> str:
    if table.empty or not table[counted].sum():
        return f"There are no {one}s."
    middle, most = (quantile(table, value, counted, part) for part in (0.5, 0.95))
    last = int(table.loc[table[counted] > 0, value].max())
    units = {"entity": "entities"}.get(unit, f"{unit}s")
    amount = f"{middle} {unit if middle == 1 else units} or fewer{where}"
    return f"Half of the {one}s have {amount}, 95 of 100 have {most} at most; the most is {last}."
