"""From the raw files of a corpus to its prepared table and the account of what was met."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tandem.corpora.checks import label_shift, warnings
from tandem.corpora.leakage import Repeats, shared_pictures
from tandem.corpora.links import LINKS
from tandem.corpora.pairs import Pairs
from tandem.corpora.sentences import Sentences
from tandem.corpora.source import Source
from tandem.corpora.table import Table
from tandem.params import FileCorpusParams, MergedCorpusParams, TandemParams

TABLES: dict[str, type[Table]] = {"ner": Sentences, "re": Pairs}


@dataclass(frozen=True)
class Prepared:
    """The rows of a corpus, and the account of them: a tree for `metrics/data/<corpus>.json`.

    The account has release and warning, sizes, labels, oddities, pictures, captions, duplicates, leakage, and
    `warnings`: what is odd, a line each.
    """

    table: Table
    report: dict[str, Any]

    @property
    def samples(self) -> list[Any]:
        """The rows: `Sample` or `RelationSample`."""
        return list(self.table.rows)


def prepare(params: TandemParams, name: str, links: Path = LINKS) -> Prepared:
    """Rows and report of one corpus, read through its links. Errors: `CorpusError`."""
    corpus = params.corpus(name)
    if isinstance(corpus, MergedCorpusParams):
        prepared = _prepare_merged(params, name, corpus, links)
    else:
        prepared = _prepare_files(name, corpus, links)
    return Prepared(prepared.table, prepared.report | _checked(prepared.table, prepared.report))


def _checked(table: Table, report: dict[str, Any]) -> dict[str, Any]:
    """duplicates, leakage, labels and warnings."""
    repeats = Repeats(table.sentences())
    parts = repeats.leaks_of_parts()
    found = {
        "duplicates": table.duplicates() | {"near": repeats.near(), "pictures": shared_pictures(table.rows)},
        "leakage": repeats.leaks() | ({"parts": parts} if parts else {}),
        "labels": label_shift({split: tree[table.labels] for split, tree in report["splits"].items()}),
    }
    return found | {"warnings": warnings(report | found)}


def _prepare_files(name: str, corpus: FileCorpusParams, links: Path) -> Prepared:
    source = Source(name, corpus, links)
    table = TABLES[corpus.task].read(source)
    report = {**source.release(), **table.describe(), "oddities": source.oddities()}
    report["captions"] |= source.captions()
    return Prepared(table, report)


def _prepare_merged(params: TandemParams, name: str, corpus: MergedCorpusParams, links: Path) -> Prepared:
    tables: dict[str, Table] = {}
    parts: dict[str, Any] = {}
    for part in corpus.parts:
        entry = params.corpus(part)
        assert isinstance(entry, FileCorpusParams)
        prepared = _prepare_files(part, entry, links / name)
        tables[part] = prepared.table
        parts[part] = {key: prepared.report[key] for key in ("release", "warning", "oddities")}
    merged = TABLES[corpus.task].join(tables, corpus.rename)
    warnings = [f"{part}: {report['warning']}" for part, report in parts.items() if report["warning"]]
    release = " + ".join(report["release"] for report in parts.values())
    head = {"release": release, "warning": "; ".join(warnings) or None}
    return Prepared(merged, {**head, **merged.describe(), "parts": parts})
