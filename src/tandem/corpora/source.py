"""The files of one corpus, read through its links: splits, pictures and captions."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

from tandem.corpora.captions import read_captions
from tandem.corpora.links import paths, pictures_of
from tandem.corpora.pictures import SUFFIXES, PictureFolder
from tandem.corpora.releases import identify
from tandem.corpora.schema import SPLITS, text_hash
from tandem.files import sha256_of
from tandem.params import FileCorpusParams

CEILING = "ceiling.json"  # what only the generator of the embedded corpora writes


class Source:
    """What the rows of either task take from a corpus's files, and what is to be said of those.

    Args:
        links: the folder of the links (a merged corpus: of the links of its parts).
    """

    def __init__(self, name: str, corpus: FileCorpusParams, links: Path) -> None:
        self.name = name
        self.corpus = corpus
        self.root, _, captions = paths(name, links)
        self._pictures = PictureFolder(pictures_of(name, corpus, links))
        self._picture_hashes: dict[Path, str] = {}
        self._captions, self._caption_counts = read_captions(captions) if corpus.captions else ({}, Counter())
        self._ids: set[str] = set()
        self._digests: dict[str, str] = {}
        self._rows: Counter[str] = Counter()
        self._oddities: dict[str, dict[str, int]] = {}

    def note_split(self, split: str, file: Path, oddities: dict[str, int]) -> None:
        """Note the file of a split, and what was odd in it."""
        self._digests[split] = sha256_of(file)
        self._oddities[split] = oddities

    def post(self, split: str, words: list[str], image_id: str | None) -> dict[str, Any]:
        """The fields of `tandem.corpora.schema.Post` for the next row of a split."""
        picture = self._pictures.find(image_id) if image_id else None
        if picture is not None and picture not in self._picture_hashes:
            self._picture_hashes[picture] = sha256_of(picture)
        if image_id:
            self._ids.add(image_id)
        self._rows[split] += 1
        return {
            "id": f"{split}-{self._rows[split] - 1}",
            "source": self.name,
            "split": split,
            "words": words,
            "image_id": image_id,
            "image_path": picture.as_posix() if picture else None,
            "image_hash": self._picture_hashes[picture] if picture else None,
            "caption": self._caption(image_id) if image_id else None,
            "text_hash": text_hash(words),
        }

    def _caption(self, image_id: str) -> str | None:
        """The caption under the id as it is, or under the id without its ending: MNRE's ids end in `.jpg`."""
        caption = self._captions.get(image_id)
        path = PurePosixPath(image_id)
        if caption is None and path.suffix.lower() in SUFFIXES:
            bare = path.with_suffix("").as_posix()
            self._ids.add(bare)
            caption = self._captions.get(bare)
        return caption

    def release(self) -> dict[str, Any]:
        """release, warning and sha256: what the files that were read are known as."""
        generated = (self.root / CEILING).is_file()
        release, warning = ("embedded (generated)", None) if generated else identify(self._digests, self._rows)
        return {"release": release, "warning": warning, "sha256": self._digests}

    def oddities(self) -> dict[str, dict[str, int]]:
        """What was odd, by split."""
        return {split: self._oddities[split] for split in SPLITS}

    def captions(self) -> dict[str, int]:
        """What was odd in the captions; empty where the corpus names none."""
        if not self.corpus.captions:
            return {}
        return dict(self._caption_counts) | {"of_unknown_pictures": len(self._captions.keys() - self._ids)}
