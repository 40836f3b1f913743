"""From the raw files of a corpus to its prepared table and the account of what was met."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from tandem.corpora.captions import read_captions
from tandem.corpora.labels import entity_types, rename_tags
from tandem.corpora.links import LINKS, paths
from tandem.corpora.pictures import PictureFolder
from tandem.corpora.releases import identify
from tandem.corpora.schema import SPLITS, Sample, text_hash
from tandem.corpora.twitter import read_twitter
from tandem.evaluation.spans import spans
from tandem.files import sha256_of
from tandem.params import MergedCorpusParams, TandemParams, TwitterCorpusParams

CEILING = "ceiling.json"  # what only the generator of the embedded corpora writes
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


def prepare(params: TandemParams, name: str, links: Path = LINKS) -> tuple[list[Sample], dict[str, Any]]:
    """Samples and report of one corpus, read through its links.

    The report is a tree for `metrics/data/<corpus>.json`: release and warning, sizes, entities, oddities, pictures,
    captions, duplicates. Errors: `CorpusError`.
    """
    corpus = params.corpus(name)
    if isinstance(corpus, TwitterCorpusParams):
        samples, report = _prepare_files(name, corpus, links)
    else:
        samples, report = _prepare_merged(params, name, corpus, links)
    report["duplicates"] = duplicates(samples)
    return samples, report


def _prepare_files(name: str, corpus: TwitterCorpusParams, links: Path) -> tuple[list[Sample], dict[str, Any]]:
    root, images, captions_file = paths(name, links)
    folder = PictureFolder(images)
    captions, caption_counts = read_captions(captions_file) if corpus.captions else ({}, Counter())
    hashes: dict[Path, str] = {}
    samples: list[Sample] = []
    oddities: dict[str, Counter[str]] = {}
    for split, file in corpus.files.items():
        raw = read_twitter(root / file, corpus.rename)
        oddities[split] = raw.oddities
        for number, sentence in enumerate(raw.sentences):
            picture = folder.find(sentence.image_id) if sentence.image_id else None
            if picture is not None and picture not in hashes:
                hashes[picture] = sha256_of(picture)
            samples.append(
                Sample(
                    id=f"{split}-{number}",
                    source=name,
                    split=split,
                    words=sentence.words,
                    tags=sentence.tags,
                    image_id=sentence.image_id,
                    image_path=picture.as_posix() if picture else None,
                    image_hash=hashes[picture] if picture else None,
                    caption=captions.get(sentence.image_id) if sentence.image_id else None,
                    text_hash=text_hash(sentence.words),
                )
            )
    digests = {split: sha256_of(root / file) for split, file in corpus.files.items()}
    sizes = {split: sum(sample.split == split for sample in samples) for split in SPLITS}
    generated = (root / CEILING).is_file()
    release, warning = ("embedded (generated)", None) if generated else identify(digests, sizes)
    report: dict[str, Any] = {"release": release, "warning": warning, "sha256": digests}
    report |= describe(samples)
    report["oddities"] = {split: {key: oddities[split][key] for key in ODDITIES} for split in SPLITS}
    if corpus.captions:
        ids = {sample.image_id for sample in samples}
        report["captions"] |= dict(caption_counts) | {"of_unknown_pictures": len(captions.keys() - ids)}
    return samples, report


def _prepare_merged(
    params: TandemParams, name: str, corpus: MergedCorpusParams, links: Path
) -> tuple[list[Sample], dict[str, Any]]:
    by_split: dict[str, list[Sample]] = {split: [] for split in SPLITS}
    parts: dict[str, Any] = {}
    for part in corpus.parts:
        entry = params.corpus(part)
        assert isinstance(entry, TwitterCorpusParams)
        samples, report = _prepare_files(part, entry, links / name)
        parts[part] = {key: report[key] for key in ("release", "warning", "oddities")}
        for sample in samples:
            joined = replace(
                sample,
                id=f"{part}:{sample.id}",
                image_id=f"{part}/{sample.image_id}" if sample.image_id else None,
                tags=rename_tags(sample.tags, corpus.rename),
            )
            by_split[sample.split].append(joined)
    merged = [sample for split in SPLITS for sample in by_split[split]]
    warnings = [f"{part}: {report['warning']}" for part, report in parts.items() if report["warning"]]
    release = " + ".join(report["release"] for report in parts.values())
    return merged, {"release": release, "warning": "; ".join(warnings) or None, **describe(merged), "parts": parts}


def describe(samples: list[Sample]) -> dict[str, Any]:
    """Sizes, entities, pictures and captions, by split and in all."""
    splits: dict[str, Any] = {}
    for split in SPLITS:
        chosen = [sample for sample in samples if sample.split == split]
        tags = [sample.tags for sample in chosen]
        default = Counter(span.type for row in tags for span in spans(row, "default"))
        strict = Counter(span.type for row in tags for span in spans(row, "strict"))
        splits[split] = {
            "sentences": len(chosen),
            "tokens": sum(map(len, tags)),
            "longest_sentence": max(map(len, tags), default=0),
            "entities_default": sum(default.values()),
            "entities_strict": sum(strict.values()),
            "orphan_inside": sum(map(orphan_inside, tags)),
            "sentences_ending_in_url": sum(sample.words[-1].startswith("http") for sample in chosen),
            "types_default": dict(sorted(default.items())),
            "types_strict": dict(sorted(strict.items())),
            "begin_tags": dict(sorted(Counter(tag[2:] for row in tags for tag in row if tag[0] == "B").items())),
        }
    pictures: dict[str, tuple[str | None, str | None]] = {
        sample.image_id: (sample.image_hash, sample.caption) for sample in samples if sample.image_id
    }
    contents = [digest for digest, _ in pictures.values() if digest]
    return {
        "types": len(entity_types(sample.tags for sample in samples)),
        "splits": splits,
        "pictures": {
            "ids": len(pictures),
            "present": len(contents),
            "missing": len(pictures) - len(contents),
            "distinct": len(set(contents)),
        },
        "captions": {
            "present": sum(bool(caption) for _, caption in pictures.values()),
            "missing": sum(not caption for _, caption in pictures.values()),
        },
    }


def orphan_inside(tags: list[str]) -> int:
    """How many I- tags neither follow B- nor I- of their own type."""
    previous = ["O", *tags]
    return sum(tag[0] == "I" and before[1:] != tag[1:] for before, tag in zip(previous, tags, strict=False))


def duplicates(samples: list[Sample]) -> dict[str, int]:
    """Sentences whose exact text stands elsewhere too: within a split, and pairs of texts across splits."""
    texts = {split: Counter(s.text_hash for s in samples if s.split == split) for split in SPLITS}
    counts = {f"within_{split}": sum(n - 1 for n in texts[split].values()) for split in SPLITS}
    for i, one in enumerate(SPLITS):
        for other in SPLITS[i + 1 :]:
            counts[f"{one}_{other}"] = len(texts[one].keys() & texts[other].keys())
    return counts
