"""Which release of a known corpus is this?

The corpora of the field circulate in several versions under one name, and scores across versions do not compare.
The originals are known by SHA-256 (first twelve digits), other versions by their sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Splits = Mapping[str, str]


@dataclass(frozen=True)
class Release:
    """A published version of a corpus."""

    corpus: str
    name: str
    hashes: Splits


RELEASES = (
    Release(
        "Twitter-2015",
        "original (UMT)",
        {"train": "a6246e37aa1c", "valid": "9dcc7f9df733", "test": "edb2665b89bf"},
    ),
    Release(
        "Twitter-2017",
        "original (UMT)",
        {"train": "801e149e8635", "valid": "41b5db90cb32", "test": "a7d9e172ae85"},
    ),
    Release(
        "MNRE",
        "second release",
        {"train": "1cc34438a00e", "valid": "c76865179b56", "test": "f53c2f9b7739"},
    ),
)
# Rows (sentences, or pairs of entities) in train/valid/test, and what a corpus of that size but other bytes is likely
# to be.
SIZES = {
    (4000, 1000, 3257): "Twitter-2015 in size but not in content: relabelled or edited; its scores do not compare "
    "with the original's (a relabelled release scores about 2 points higher)",
    (3373, 723, 723): "Twitter-2017 in size but not in content: edited; its scores do not compare with the original's",
    (4290, 1432, 1459): "the other Twitter-2017 (4290/1432/1459 tweets); its scores do not compare with the original's",
    (12247, 1624, 1614): "MNRE (second release) in size but not in content: edited; its scores do not compare with the "
    "original's",
}


def identify(hashes: Splits, rows: Mapping[str, int]) -> tuple[str, str | None]:
    """(name of the release, warning or None) from the SHA-256 and the number of rows of each split."""
    for release in RELEASES:
        same = [split for split, digest in release.hashes.items() if hashes.get(split, "").startswith(digest)]
        if len(same) == len(release.hashes):
            return f"{release.corpus} {release.name}", None
        if same:
            others = sorted(set(release.hashes) - set(same))
            return (
                f"{release.corpus} mixed",
                f"{', '.join(same)} of {release.corpus} {release.name}, but {', '.join(others)} from elsewhere",
            )
    size = (rows.get("train", 0), rows.get("valid", 0), rows.get("test", 0))
    return "unknown", SIZES.get(size, "not a release that Tandem knows; compare its scores only with your own")
