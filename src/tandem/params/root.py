"""params.yaml, read and checked as a whole."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from tandem.params.base import Knobs, suggest
from tandem.params.corpora import CorpusParams, FileCorpusParams, MergedCorpusParams
from tandem.params.embedded import EmbeddedParams
from tandem.params.fusions import FUSION_PARAMS
from tandem.params.prompted import PromptedParams
from tandem.params.relation import RelationParams
from tandem.params.text import HeadParams, TextParams
from tandem.params.training import TrainParams
from tandem.params.vision import VisionParams

CORPUS_NAME = re.compile(r"\w[\w.-]*")  # a leading '.' would hide the files, a leading '-' read as an option
LINK_ENDINGS = (".images", ".captions", ".json")  # what stands beside a corpus's own link; see corpora/links.py


class ParamsError(ValueError):
    """A value in params.yaml that cannot be used; the message names key, value and remedy."""


class TandemParams(Knobs):
    """Every knob of the pipeline, one attribute per top-level key of params.yaml."""

    fusion: str
    datasets: list[str] = Field(min_length=1)
    seeds: list[int] = Field(min_length=1)
    decoder: Literal["crf", "softmax"] = "crf"
    corpora: dict[str, CorpusParams]
    embedded: EmbeddedParams = EmbeddedParams()
    text: TextParams = TextParams()
    vision: VisionParams = VisionParams()
    head: HeadParams = HeadParams()
    relation: RelationParams = RelationParams()
    train: TrainParams = TrainParams()
    prompted: PromptedParams = PromptedParams()
    fusions: dict[str, dict[str, Any]] = {}

    @field_validator("fusion")
    @classmethod
    def _known_fusion(cls, name: str) -> str:
        if name not in FUSION_PARAMS:
            raise ValueError(f"unknown fusion {name!r}; {suggest(name, FUSION_PARAMS)}")
        return name

    @field_validator("fusions")
    @classmethod
    def _known_fusions(cls, fusions: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for name, knobs in fusions.items():
            if name not in FUSION_PARAMS:
                raise ValueError(f"unknown fusion {name!r}; {suggest(name, FUSION_PARAMS)}")
            try:
                FUSION_PARAMS[name].model_validate(knobs or {})
            except ValidationError as error:
                raise ValueError("; ".join(problems(error, name))) from None
        return {name: knobs or {} for name, knobs in fusions.items()}

    @field_validator("seeds", "datasets")
    @classmethod
    def _distinct(cls, values: list[Any]) -> list[Any]:
        if len(set(values)) != len(values):
            raise ValueError(f"values must be distinct, found {values}")
        return values

    @field_validator("seeds")
    @classmethod
    def _seeds_fit(cls, seeds: list[int]) -> list[int]:
        if any(not 0 <= seed < 2**31 for seed in seeds):
            raise ValueError(f"seeds must lie between 0 and 2147483647, found {seeds}")
        return seeds

    @model_validator(mode="before")
    @classmethod
    def _merged_task(cls, values: dict[str, Any]) -> dict[str, Any]:
        """A merged corpus that names no task has that of its first part."""
        corpora = values.get("corpora")
        if not isinstance(corpora, dict):
            return values
        filled = dict(corpora)
        for name, entry in corpora.items():
            if isinstance(entry, dict) and entry.get("format") == "merged" and "task" not in entry:
                parts = entry.get("parts")
                first = (
                    corpora.get(parts[0]) if isinstance(parts, list) and parts and isinstance(parts[0], str) else None
                )
                pairs = isinstance(first, dict) and first.get("format") == "mnre"
                filled[name] = {**entry, "task": "re" if pairs else "ner"}
        return {**values, "corpora": filled}

    @model_validator(mode="after")
    def _names_known(self) -> TandemParams:
        for name in self.datasets:
            if name not in self.corpora:
                raise ValueError(f"datasets: {name!r} has no entry under corpora; {suggest(name, self.corpora)}")
        for name, corpus in self.corpora.items():
            if not CORPUS_NAME.fullmatch(name):
                raise ValueError(
                    f"corpora: {name!r} must be letters, digits, '_', '-' or '.', the first not '-' or '.' "
                    "(it names files); rename it"
                )
            if name.endswith(LINK_ENDINGS):
                raise ValueError(
                    f"corpora: {name!r} must not end in {', '.join(LINK_ENDINGS)} "
                    "(another corpus's links may have that name); rename it"
                )
            for part in corpus.parts if isinstance(corpus, MergedCorpusParams) else []:
                entry = self.corpora.get(part)
                if not isinstance(entry, FileCorpusParams):
                    raise ValueError(f"corpora.{name}.parts: {part!r} is not a corpus with files of its own")
                if entry.task != corpus.task:
                    raise ValueError(
                        f"corpora.{name}: task {corpus.task}, but its part {part!r} is of task {entry.task}; "
                        "merge corpora of one task, and set `task` to it"
                    )
        return self

    @model_validator(mode="after")
    def _transfers_apart(self) -> TandemParams:
        """Results of a transfer are named `<source>-<target>`; no two pairs may share a name."""
        pairs: dict[str, tuple[str, str]] = {}
        for pair in product(self.datasets, self.datasets):
            other = pairs.setdefault("-".join(pair), pair)
            if other != pair:
                raise ValueError(
                    f"datasets: the transfers {' to '.join(map(repr, other))} and {' to '.join(map(repr, pair))} "
                    f"would both be named '{'-'.join(pair)}'; rename one of these corpora"
                )
        return self

    @property
    def fusion_knobs(self) -> BaseModel:
        """The knobs of the chosen fusion."""
        return FUSION_PARAMS[self.fusion].model_validate(self.fusions.get(self.fusion, {}))

    def corpus(self, name: str) -> CorpusParams:
        """The entry of one corpus; `ParamsError` names the nearest one if there is none."""
        if name not in self.corpora:
            raise ParamsError(f"unknown corpus {name!r}; {suggest(name, self.corpora)}")
        return self.corpora[name]


def parse_params(values: Any, source: str = "params.yaml") -> TandemParams:
    """Check a tree of values; `ParamsError` is one line with every problem and where it stands."""
    if not isinstance(values, dict):
        raise ParamsError(f"{source}: expected keys and values, found {type(values).__name__}")
    try:
        return TandemParams.model_validate(values)
    except ValidationError as error:
        raise ParamsError(f"{source}: " + "; ".join(problems(error))) from None


def problems(error: ValidationError, prefix: str = "") -> list[str]:
    """Each problem with its place in the file and the value found there."""
    lines = []
    for problem in error.errors():
        place = ".".join([prefix] * bool(prefix) + [str(part) for part in problem["loc"]]) or "top level"
        text = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            text = "unknown key"
        shown = repr(problem["input"])
        lines.append(f"{place}: {text}" + (f" (found {shown})" if len(shown) < 60 else ""))
    return lines


def load_tree(path: Path = Path("params.yaml")) -> Any:
    """The values of a parameter file as they stand there, not checked. Errors: `ParamsError` naming the file."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParamsError(f"{path}: not found; run from the project's root") from None
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise ParamsError(f"{path}: byte 0x{byte:02x} is not UTF-8; re-encode the file as UTF-8") from None
    except yaml.YAMLError as error:
        raise ParamsError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None


def load_params(path: Path = Path("params.yaml")) -> TandemParams:
    """Read and check a parameter file."""
    return parse_params(load_tree(path), str(path))
