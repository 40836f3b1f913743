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


class MnreFiles(SplitFiles):
    """File names of MNRE. Its second release calls one of them `mnre_val .txt`: a blank before the dot is tolerated."""

    train: str = Field("mnre_train.txt", min_length=1)
    valid: str = Field("mnre_val.txt", min_length=1)
    test: str = Field("mnre_test.txt", min_length=1)


class FileCorpusParams(Knobs):
    """What every corpus with files of its own has."""

    format: str
    task: Literal["ner", "re"]
    root: str | None = Field(None, description="folder of the raw files; null = data/raw/<name>")
    files: SplitFiles = SplitFiles()
    images: str = Field("images", min_length=1, description="folder of the pictures, relative to root")
    captions: str | None = Field(
        None, description="tab-separated image id and caption; relative to root or to the project"
    )

    def folder(self, name: str) -> Path:
        """The folder of the raw files of the corpus `name`."""
        return Path(self.root) if self.root else Path("data/raw") / name


class TwitterCorpusParams(FileCorpusParams):
    """A corpus in the format of Twitter-2015 and Twitter-2017: an `IMGID:` line, then one word and tag a line."""

    format: Literal["twitter"]
    task: Literal["ner"] = "ner"
    rename: dict[str, str] = Field({}, description="entity types to rename while reading, e.g. MISC: OTHER")


class MnreCorpusParams(FileCorpusParams):
    """A corpus in the format of MNRE: one Python dict a line, with words, head, tail, picture and relation."""

    format: Literal["mnre"]
    task: Literal["re"] = "re"
    files: MnreFiles = MnreFiles()
    rel2id: str | None = Field(
        None, description="JSON file of relations and their numbers, relative to root; null = those of the train split"
    )
    rename: dict[str, str] = Field({}, description="relations to rename while reading")


class MergedCorpusParams(Knobs):
    """Other corpora of params.yaml joined split by split."""

    format: Literal["merged"]
    task: Literal["ner", "re"] = Field("ner", description="of the parts, which must all have it; taken from the first")
    parts: list[str] = Field(min_length=2, description="names under `corpora`")
    rename: dict[str, str] = Field({}, description="entity types (relations) to rename, after the parts' own renaming")

    @field_validator("parts")
    @classmethod
    def _distinct(cls, parts: list[str]) -> list[str]:
        if len(set(parts)) != len(parts):
            raise ValueError(f"parts must be distinct, found {parts}")
        return parts


CorpusParams = Annotated[TwitterCorpusParams | MnreCorpusParams | MergedCorpusParams, Field(discriminator="format")]
