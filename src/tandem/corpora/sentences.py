"""Named entities: one row a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tandem.corpora.labels import entity_types, rename_tags
from tandem.corpora.schema import SPLITS, Sample, write_samples
from tandem.corpora.source import Source
from tandem.corpora.table import Table, count_across, count_within, describe_pictures, joined
from tandem.corpora.twitter import read_twitter
from tandem.evaluation.spans import spans
from tandem.params import TwitterCorpusParams

ODDITIES = (
    "extra_blank_lines",
    "missing_blank_lines",
    "byte_order_marks",
    "image_ids_without_words",
    "sentences_without_image_id",
    "empty_words",
    "no_break_space_words",
    "invisible_words",
    "replacement_character_words",
    "words_with_blanks",
    "extra_columns",
    "docstart_blocks",
)


@dataclass(frozen=True)
class Sentences(Table):
    """The sentences of a corpus with their BIO tags."""

    rows: list[Sample]
    unit = "sentences"
    labels = "types_default"

    @classmethod
    def read(cls, source: Source) -> Sentences:
        corpus = source.corpus
        assert isinstance(corpus, TwitterCorpusParams)
        rows: list[Sample] = []
        for split, file in corpus.files.items():
            raw = read_twitter(source.root / file, corpus.rename)
            source.note_split(split, source.root / file, {key: raw.oddities[key] for key in ODDITIES})
            rows += [
                Sample(**source.post(split, sentence.words, sentence.image_id), tags=sentence.tags)
                for sentence in raw.sentences
            ]
        return cls(rows)

    @classmethod
    def join(cls, parts: Mapping[str, Sentences], rename: Mapping[str, str]) -> Sentences:
        rows = joined({part: table.rows for part, table in parts.items()})
        return cls([replace(row, tags=rename_tags(row.tags, rename)) for row in rows])

    def write(self, path: Path) -> None:
        write_samples(path, self.rows)

    def sentences(self) -> list[Sample]:
        return self.rows

    def duplicates(self) -> dict[str, Any]:
        """Sentences whose exact text stands elsewhere too."""
        texts = {split: [row.text_hash for row in self.rows if row.split == split] for split in SPLITS}
        return count_within(texts) | count_across(texts)

    def describe(self) -> dict[str, Any]:
        """types, splits, pictures, captions."""
        splits = {split: _describe_split([row for row in self.rows if row.split == split]) for split in SPLITS}
        types = entity_types(row.tags for row in self.rows)
        return {"types": len(types), "splits": splits, **describe_pictures(self.rows)}


def _describe_split(rows: list[Sample]) -> dict[str, Any]:
    tags = [row.tags for row in rows]
    default = Counter(span.type for row in tags for span in spans(row, "default"))
    strict = Counter(span.type for row in tags for span in spans(row, "strict"))
    return {
        "sentences": len(rows),
        "tokens": sum(map(len, tags)),
        "longest_sentence": max(map(len, tags), default=0),
        "entities_default": sum(default.values()),
        "entities_strict": sum(strict.values()),
        "orphan_inside": sum(map(orphan_inside, tags)),
        "sentences_ending_in_url": sum(row.words[-1].startswith("http") for row in rows),
        "types_default": dict(sorted(default.items())),
        "types_strict": dict(sorted(strict.items())),
        "begin_tags": dict(sorted(Counter(tag[2:] for row in tags for tag in row if tag[0] == "B").items())),
    }


def orphan_inside(tags: list[str]) -> int:
    """How many I- tags neither follow B- nor I- of their own type."""
    previous = ["O", *tags]
    return sum(tag[0] == "I" and before[1:] != tag[1:] for before, tag in zip(previous, tags, strict=False))
