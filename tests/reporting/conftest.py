"""What the tests of the report share: a page taken apart, and results as they lie on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tandem.params import RelationParams
from tandem.reporting.results import Results, load_results

SEEDS = [1, 2, 3]
VOID = {"meta", "link", "br", "img"}

Write = Callable[[Path, Any], None]
Load = Callable[..., Results]


class Page(HTMLParser):
    """Text, attributes and balance of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def read_page() -> type[Page]:
    """`read_page(path)` is a page with its text, tags and attributes; `open` has what it fails to close."""
    return Page


@pytest.fixture
def write() -> Write:
    """Write a tree as JSON."""

    def to(path: Path, value: Any) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value), encoding="utf-8")

    return to


@pytest.fixture
def load() -> Load:
    """The results of corpora below a folder, of film with a CRF and three seeds if not told otherwise."""

    def read(root: Path, names: Sequence[str], seeds: Sequence[int] = SEEDS, **relation: Any) -> Results:
        knobs = RelationParams(**relation)
        return load_results(fusion="film", decoder="crf", relation=knobs, datasets=names, seeds=seeds, root=root)

    return read
