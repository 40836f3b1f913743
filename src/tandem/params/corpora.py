"""Where a corpus lies and how it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from tandem.params.base import Knobs


class SplitFiles(Knobs):
    """File names of the three splits, relative to the corpus root."""

    train: str = Field("train.txt", min_length=1)
    valid: str = Field("valid.txt", min_length=1)
    test: str = Field("test.txt", min_length=1)

    def items(self) -> list[tuple[str, str]]:
        """(split, file name) in the order train, valid, test."""
        return [("train", self.train), ("valid", self.valid), ("test", self.test)]


class TwitterCorpusParams(Knobs):
    """A corpus in the format of Twitter-2015 and Twitter-2017: an `IMGID:` line, then one word and tag a line."""

    format: Literal["twitter"]
    root: str | None = Field(None, description="folder of the raw files; null = data/raw/<name>")
    files: SplitFiles = SplitFiles()
    images: str = Field("images", min_length=1, description="folder of the pictures, relative to root")
    captions: str | None = Field(
        None, description="tab-separated image id and caption; relative to root or to the project"
    )
    rename: dict[str, str] = Field({}, description="entity types to rename while reading, e.g. MISC: OTHER")

    def folder(self, name: str) -> Path:
        """The folder of the raw files of the corpus `name`."""
        return Path(self.root) if self.root else Path("data/raw") / name


class MergedCorpusParams(Knobs):
    """Other corpora of params.yaml joined split by split."""

    format: Literal["merged"]
    parts: list[str] = Field(min_length=2, description="names under `corpora`")
    rename: dict[str, str] = Field({}, description="entity types to rename, after the parts' own renaming")

    @field_validator("parts")
    @classmethod
    def _distinct(cls, parts: list[str]) -> list[str]:
        if len(set(parts)) != len(parts):
            raise ValueError(f"parts must be distinct, found {parts}")
        return parts


CorpusParams = Annotated[TwitterCorpusParams | MergedCorpusParams, Field(discriminator="format")]
