"""Random tags, often malformed."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

TYPES = ["LOC", "PER", "ORG", "geo-loc", "O"]
LABELS = ["O", "O", "O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI")]


@st.composite
def _corpora(draw: st.DrawFn) -> tuple[list[list[str]], list[list[str]]]:
    """Gold and predicted tags; predictions are often right, so that some entities match."""
    label = st.sampled_from(LABELS)
    gold = draw(st.lists(st.lists(label, max_size=9), min_size=1, max_size=7))
    keep = st.sampled_from([True, True, True, False])
    return gold, [[tag if draw(keep) else draw(label) for tag in tags] for tags in gold]


@pytest.fixture(scope="session")
def tagged() -> st.SearchStrategy[tuple[list[list[str]], list[list[str]]]]:
    """To draw from: gold and predicted tags of a few sentences, orphan I- and changes of type among them."""
    return _corpora()
