"""Test sentences that stand in train or valid, too, exactly or nearly (see `tandem.corpora.near`).

leaks.csv has the columns id, standing (exact or near), other (id there), words, other_words.
"""

from __future__ import annotations

import pandas as pd

from tandem.corpora.near import KnownTexts, Text, text_of
from tandem.reporting.explore.items import Item, Tables
from tandem.reporting.wording import plural

COLUMNS = ["id", "standing", "other", "words", "other_words"]


def leaks(rows: pd.DataFrame) -> pd.DataFrame:
    """The table above, exact ones first, out of the columns id, split and words; of equal texts, the first."""
    earlier: dict[Text, str] = {}
    tested: dict[Text, str] = {}
    for name, split, words in zip(rows["id"], rows["split"], rows["words"], strict=True):
        (tested if split == "test" else earlier).setdefault(text_of(list(words)), name)
    others = list(earlier)
    known = KnownTexts(others)
    found = []
    for text, name in tested.items():
        place = known.equal(text)
        standing = "near" if place is None else "exact"
        place = known.near(text) if place is None else place
        if place is not None:
            other = others[place]
            found.append((name, standing, earlier[other], text.exact, other.exact))
    found.sort(key=lambda one: one[1])
    return pd.DataFrame(found, columns=COLUMNS)


def _say(tables: Tables) -> str:
    table = tables["leaks"]
    exact = int((table["standing"] == "exact").sum())
    if table.empty:
        return "No test sentence stands in train or valid, nor one that is nearly the same."
    stand = "stands" if len(table) == 1 else "stand"
    ways = f"{exact} exactly, {len(table) - exact} nearly"
    return f"{plural(len(table), 'test sentence')} {stand} in train or valid, too: {ways}."


ITEMS = (Item(key="leaks", title="Test sentences seen in training", say=_say),)
