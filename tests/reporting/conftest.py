"""What the tests of the report share: a page taken apart, and results as they lie on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tandem.params import RelationParams
from tandem.reporting.loading import load_results
from tandem.reporting.results import Results

SEEDS = [1, 2, 3]
VOID = {"meta", "link", "br", "img", "input"}

# A corpus of entities and one of relations, made up.
NAMES = ["birds", "knots"]
TWO_SEEDS = [1, 2]
WORDS = ["Amber", "and", "New", "York", "<3", "https://t.co/" + "x" * 60]
GOLD = ["B-PER", "O", "B-LOC", "I-LOC", "O", "O"]
# Gold or not, prediction, prediction without the picture: one post for each thing that can happen.
TAGS = {
    "helped": (GOLD, ["B-ORG", *GOLD[1:]]),
    "harmed": (["B-ORG", *GOLD[1:]], GOLD),
    "right": (GOLD, GOLD),
    "type": (["B-ORG", *GOLD[1:]], ["B-ORG", *GOLD[1:]]),
    "boundary": (["B-PER", "O", "O", "B-LOC", "O", "O"], ["O"] * 6),
    "missed": (["B-PER", *["O"] * 5], ["O"] * 6),
    "invented": (["B-PER", "B-PER", *GOLD[2:]], ["O"] * 6),
    "unpictured": (GOLD, ["O"] * 6),
}
RELATIONS = {
    "helped": ("/per/loc/born", "/per/loc/born", "None"),
    "harmed": ("None", "/per/loc/born", "None"),
    "right": ("/per/loc/born", "/per/loc/born", "/per/loc/born"),
    "relation": ("/per/loc/born", "/per/loc/died", "/per/loc/died"),
    "missed": ("/per/loc/born", "None", "None"),
    "invented": ("None", "/per/loc/died", "/per/loc/died"),
}
RATES = {"precision": 0.8, "recall": 0.8, "f1": 0.8}
INTERVAL = {"low": 0.75, "high": 0.85}

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


@pytest.fixture(scope="session")
def load() -> Load:
    """The results of corpora below a folder, of film with a CRF and three seeds if not told otherwise."""

    def read(root: Path, names: Sequence[str], seeds: Sequence[int] = SEEDS, **relation: Any) -> Results:
        return load_results(
            fusion="film",
            decoder="crf",
            relation=RelationParams(**relation),
            datasets=names,
            seeds=seeds,
            encoder="pixels",
            max_pixels=10**6,
            root=root,
        )

    return read


@pytest.fixture(scope="session")
def made_up() -> SimpleNamespace:
    """Results of everything that the report shows: `made_up.write_all(root)`, and single rows of predictions."""
    return SimpleNamespace(
        names=NAMES, seeds=TWO_SEEDS, write_all=write_all, write_posts=write_posts, entities=entities, relation=relation
    )


def write_all(root: Path) -> None:
    """Everything below `root` as the pipeline leaves it."""
    for name, task in zip(NAMES, ("ner", "re"), strict=True):
        _json(root / f"metrics/evaluate/{name}.json", scores(task))
        _json(root / f"metrics/data/{name}.json", data(task))
        _json(root / f"metrics/features/{name}.json", {"image_ids": 9, "ok": 8, "missing": 1, "broken": 0})
        _json(root / f"metrics/transfer/{name}-{name}.json", scores(task))
        for seed in TWO_SEEDS:
            curve = root / f"plots/train/{name}/{seed}/history.csv"
            curve.parent.mkdir(parents=True)
            curve.write_text("epoch,loss,valid_f1\n1,2.0,0.5\n2,1.0,0.7\n")
        _explore(root / f"plots/explore/{name}")
    _json(root / "metrics/transfer/birds-knots.json", {"not_applicable": "made up"})
    _json(root / "metrics/transfer/knots-birds.json", {"not_applicable": "made up"})
    _json(
        root / "metrics/ceiling.json", {"birds": {"picture": {"expected_f1": 0.9}, "text_only": {"expected_f1": 0.6}}}
    )
    write_posts(root, "birds", [entities(key) for key in TAGS])
    write_posts(root, "knots", [relation(key) for key in RELATIONS])
    study = root / "studies/fusion"
    study.mkdir(parents=True)
    (study / "params.yaml").write_text("title: Ways to fuse\nbaseline: text_only\n")
    (study / "table.csv").write_text(
        "corpus,system,weights,seeds,metric,mean,std,exchanged,no_picture,above_baseline,low,high,p_holm\n"
        "terns,film,minilm,2,span.f1,0.82,0.01,0.8,0.79,0.02,0.01,0.03,0.0004\n"
        "terns,gated,minilm,2,span.f1,0.81,0.01,0.8,0.79,0.01,-0.01,0.03,0.2\n"
        "terns,text_only,minilm,2,span.f1,0.8,0.01,0.8,0.8,,,,\n"
    )


def scores(task: str) -> dict[str, Any]:
    """What `evaluate` says of a corpus."""
    kinds = ("PER", "LOC", "ORG") if task == "ner" else ("/per/loc/born", "/per/loc/died")
    group, key = ("per_type", "span") if task == "ner" else ("per_relation", "relation")
    classes = {kind: {**RATES, "support": 4} for kind in kinds}
    tree: dict[str, Any] = {
        "task": task,
        key: {**RATES, "support": 8},
        f"{key}_macro": RATES,
        group: classes,
        "controls": {name: {"f1": 0.6, "delta": 0.2} for name in ("shuffled_image", "noise_image", "no_image")},
        "twin": {"f1": 0.65, "delta": 0.15, "low": 0.1, "high": 0.2, "p": 0.001},
        "picture": {"delta": 0.2, "low": 0.1, "high": 0.3, "p": 0.001, "changed": 5.5, "helped": 3, "harmed": 1},
        "valid": {"f1": 0.7},
        "interval": {**dict.fromkeys(RATES, INTERVAL), group: dict.fromkeys(kinds, INTERVAL)},
        "clean": {**RATES, "f1": 0.71, "support": 6},
        "leaks": {"sentences": 3, "exact": 1, "near": 2},
        "calibration": {
            "ece": 0.031,
            "brier": 0.12,
            "items": 9,
            "bins": [
                {"low": 0.0, "high": 0.5, "items": 0, "confidence": None, "accuracy": None},
                {"low": 0.5, "high": 1.0, "items": 9, "confidence": 0.8, "accuracy": 0.7},
            ],
        },
        "explanation": {"kind": "gate", "per_type": {"PER": 0.7} if task == "ner" else {}, "outside": 0.123},
        "std": {key: dict.fromkeys(RATES, 0.01)},
        "seeds": 2,
        "sentences": 8,
        "by_seed": {"1": 0.8},
    }
    if task == "ner":
        tree |= {
            "span_strict": tree["span"],
            "span_weighted": RATES,
            "token": {"accuracy": 0.95, "weighted_f1": 0.94, "macro_f1": 0.7},
            "token_entities": {**RATES, "macro_f1": 0.7, "weighted_f1": 0.8, "support": 12},
            "partial": {kind: {**RATES, "f1": 0.8123} for kind in ("exact", "type", "boundary", "overlap")},
        }
    else:
        counts = {"/per/loc/born": {"/per/loc/born": 3.0, "None": 1.0}, "None": {"None": 2.0}}
        tree |= {"accuracy": 0.9, "weighted_f1": 0.9, "pairs": 6, "confusion": counts}
    return tree


def data(task: str) -> dict[str, Any]:
    """What `prepare` says of a corpus."""
    found: dict[str, Any] = {"release": "unknown", "warning": "a release that nobody knows", "splits": {"test": {}}}
    return found | ({"relations": {}} if task == "re" else {})


def entities(key: str, **more: Any) -> dict[str, Any]:
    """A row of predictions of entities in which what `key` says has happened."""
    predicted, blind = TAGS[key]
    row = {"id": f"test-{key}", "words": [*WORDS[:5], f"{key}:{WORDS[5]}"], "gold": GOLD, "predicted": predicted}
    sure = {"type": "PER", "start": 0, "end": 1, "confidence": 0.87, "confidence_no_image": 0.4}
    row |= {"shuffled_image": blind, "no_image": blind, "noise_image": blind, "spans": [sure]}
    row |= {"picture_weight": [0.9, 0.1, 0.8, 0.8, 0.1, 0.0], "region_weight": [0.4, 0.1, 0.2, 0.3]}
    return row | {"image_id": None if key == "unpictured" else f"{key}.png"} | more


def relation(key: str, **more: Any) -> dict[str, Any]:
    """A row of predictions of relations in which what `key` says has happened."""
    gold, predicted, blind = RELATIONS[key]
    row = {"id": f"test-{key}", "words": [*WORDS, key], "gold": gold, "predicted": predicted, "confidence": 0.65}
    row |= {"head_start": 0, "head_end": 1, "tail_start": 2, "tail_end": 4, "shuffled_image": blind, "no_image": blind}
    return row | {"picture_weight": None, "region_weight": [0.25] * 4, "image_id": f"{key}.png"} | more


def write_posts(root: Path, name: str, rows: list[dict[str, Any]]) -> None:
    """Predictions of each seed, the prepared table, and the pictures of a corpus."""
    folder = root / f"data/links/{name}.images"
    folder.mkdir(parents=True, exist_ok=True)
    prepared = []
    for number, row in enumerate(rows):
        path = folder / str(row["image_id"])
        if row["image_id"]:
            Image.new("RGB", (40, 30), (20 * number, 90, 160)).save(path)
        image = path.relative_to(root).as_posix() if row["image_id"] else None
        prepared.append({"id": row["id"], "split": "test", "image_path": image, "caption": "a <bird> & a knot"})
    _parquet(root / f"data/prepared/{name}.parquet", prepared)
    for seed in TWO_SEEDS:
        _parquet(root / f"data/predictions/{name}/{seed}.parquet", rows)


def _explore(folder: Path) -> None:
    folder.mkdir(parents=True)
    index = [
        {"key": key, "title": title, "sentence": said, "csv": f"{key}.csv", "png": f"{key}.png", "kind": "plot"}
        for key, title, said in (("lengths", "Lengths", "Short & sweet."), ("gone", "Gone", "No file."))
    ]
    index.append(
        {
            "key": "leaks",
            "title": "Leaks",
            "sentence": "Nothing to draw.",
            "csv": "leaks.csv",
            "png": None,
            "kind": "table",
        }
    )
    _json(folder / "index.json", index)
    Image.new("RGB", (200, 100), (255, 255, 255)).save(folder / "lengths.png")


def _json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def _parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
