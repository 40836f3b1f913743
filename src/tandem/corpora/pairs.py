"""Relations: one row a pair of entities in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tandem.corpora.mnre import locate_split, read_mnre
from tandem.corpora.relations import label_order, read_rel2id, renamed
from tandem.corpora.schema import NO_RELATION, SPLITS, RelationSample, write_relations
from tandem.corpora.source import Source
from tandem.corpora.table import Table, count_across, count_within, describe_pictures, joined
from tandem.params import MnreCorpusParams

ODDITIES = (
    "blanks_in_file_name",
    "byte_order_marks",
    "blank_lines",
    "rows_with_extra_keys",
    "entities_with_extra_keys",
    "lower_case_none",
    "integer_image_ids",
    "image_ids_without_extension",
    "rows_without_image_id",
    "names_that_differ_in_case",
    "names_that_differ_in_spacing",
    "names_that_differ_otherwise",
    "overlapping_pairs",
    "nested_pairs",
    "identical_pairs",
    "adjacent_pairs",
    "pairs_with_an_entity_at_the_end",
    "pairs_off_the_tags",
    "repeated_pairs",
    "repeated_pairs_same_picture",
    "conflicting_pairs",
    "conflicting_pairs_same_picture",
    "empty_words",
    "no_break_space_words",
    "invisible_words",
    "replacement_character_words",
    "words_with_blanks",
)


@dataclass(frozen=True)
class Pairs(Table):
    """The pairs of a corpus, and the relations that a model of it chooses from: `None` first.

    `none_added` says that a `rel2id` file lacked it.
    """

    rows: list[RelationSample]
    relations: list[str]
    none_added: bool
    unit = "pairs"
    labels = "relations"

    @classmethod
    def read(cls, source: Source) -> Pairs:
        corpus = source.corpus
        assert isinstance(corpus, MnreCorpusParams)
        known = read_rel2id(source.root / corpus.rel2id, corpus.rename) if corpus.rel2id else None
        rows: list[RelationSample] = []
        for split, name in corpus.files.items():
            file = locate_split(source.root / name)
            raw = read_mnre(file, corpus.rename, known)
            source.note_split(split, file, {key: raw.oddities[key] for key in ODDITIES})
            rows += [
                RelationSample(
                    **source.post(split, pair.words, pair.image_id),
                    head_start=pair.head[0],
                    head_end=pair.head[1],
                    tail_start=pair.tail[0],
                    tail_end=pair.tail[1],
                    relation=pair.relation,
                    tags=pair.tags,
                )
                for pair in raw.pairs
            ]
        trained = sorted({row.relation for row in rows if row.split == "train"})
        names = trained if known is None else known.names
        return cls(rows, label_order(names), known is not None and NO_RELATION not in known.names)

    @classmethod
    def join(cls, parts: Mapping[str, Pairs], rename: Mapping[str, str]) -> Pairs:
        rows = joined({part: table.rows for part, table in parts.items()})
        names = [renamed(name, rename) for table in parts.values() for name in table.relations]
        return cls(
            [replace(row, relation=renamed(row.relation, rename)) for row in rows],
            label_order(names),
            any(table.none_added for table in parts.values()),
        )

    def write(self, path: Path) -> None:
        write_relations(path, self.rows, self.relations)

    def sentences(self) -> list[RelationSample]:
        """The first pair of each text of a split."""
        return list({(row.split, row.text_hash): row for row in reversed(self.rows)}.values())[::-1]

    def duplicates(self) -> dict[str, Any]:
        """Pairs (same words, head and tail) that stand elsewhere too, and texts that two splits have in common."""
        pairs = {
            split: [(row.text_hash, row.head, row.tail) for row in self.rows if row.split == split] for split in SPLITS
        }
        texts = {split: [key[0] for key in keys] for split, keys in pairs.items()}
        return count_within(pairs) | count_across(pairs) | {"sentences": count_across(texts)}

    def describe(self) -> dict[str, Any]:
        """relations, splits, pictures, captions."""
        counts = {split: Counter(row.relation for row in self.rows if row.split == split) for split in SPLITS}
        relations = {
            "labels": len(self.relations),
            "none_added_to_rel2id": self.none_added,
            "without_train_case": [name for name in self.relations if not counts["train"][name]],
            "without_test_case": [name for name in self.relations if name != NO_RELATION and not counts["test"][name]],
            # Rows whose relation no training row has, so that a model will hardly ever be right on them.
            "unseen_in_train": {
                split: sum(n for name, n in counts[split].items() if not counts["train"][name])
                for split in SPLITS
                if split != "train"
            },
        }
        splits = {split: self._describe_split(split, counts[split]) for split in SPLITS}
        return {"relations": relations, "splits": splits, **describe_pictures(self.rows)}

    def _describe_split(self, split: str, counts: Counter[str]) -> dict[str, Any]:
        rows = [row for row in self.rows if row.split == split]
        sentences = {row.text_hash: len(row.words) for row in rows}
        names = [*self.relations, *sorted(counts.keys() - set(self.relations))]
        return {
            "rows": len(rows),
            "sentences": len(sentences),  # of different text
            "tokens": sum(sentences.values()),
            "longest_sentence": max(sentences.values(), default=0),
            "relations": {name: counts[name] for name in names if counts[name]},
            "none_share": round(counts[NO_RELATION] / len(rows), 4) if rows else 0.0,
        }
