"""A study as its params.yaml describes it, and the parameters of each of its systems."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from tandem.params import ParamsError, TandemParams, parse_params
from tandem.params.base import Knobs, suggest
from tandem.params.root import CORPUS_NAME, load_tree, problems
from tandem.recipes import defaults, load_recipe
from tandem.trees import merge

Overlay = dict[str, Any]

# They decide how a machine is used, not which model comes out.
INDIFFERENT = {"train": ("device", "threads", "resume"), "vision": ("workers",)}
# What of the parameters a trained system depends on. Its corpus comes in as a prepared table.
MODEL_KEYS = ("fusion", "decoder", "text", "vision", "head", "relation", "train")
PROMPTED = "prompted"  # the row of the chat model
PUBLISHED = "published"  # the weights with which a system is its recipe


class System(Knobs):
    """One row of a study."""

    title: str | None = Field(None, description="what tables call it; null = its name")
    recipe: str | None = Field(None, description="a file in recipes/: its settings with `weights: published`")
    set: Overlay = Field({}, description="what makes it this system, on top of params.yaml or of the recipe")
    weights: dict[str, Overlay] = Field({}, description="by a name of `overlays`: on top of that overlay")


class Study(Knobs):
    """params.yaml of a study."""

    title: str = Field(min_length=1)
    corpora: list[str] = Field(min_length=1, description="names under `corpora` of the project's params.yaml")
    seeds: list[int] = Field(min_length=1)
    systems: list[str] = Field(min_length=1, description="names under `settings`: the rows that are run")
    baseline: str | None = Field(None, description="the system that the others are compared with")
    weights: str = Field(PUBLISHED, description="a name under `overlays`: which pretrained weights are used")
    overlays: dict[str, Overlay] = Field({PUBLISHED: {}}, description="parameters on top of every system's")
    settings: dict[str, System]
    prompted: bool = Field(False, description="whether the chat model of studies/prompted has a row, where it has run")
    notes: list[str] = Field([], description="said under the title")

    @model_validator(mode="after")
    def _names_known(self) -> Study:
        if self.weights not in self.overlays:
            raise ValueError(f"weights {self.weights!r} is not under overlays; {suggest(self.weights, self.overlays)}")
        for name in [*self.systems, *([self.baseline] if self.baseline else [])]:
            if name not in self.settings:
                raise ValueError(f"system {name!r} has no entry under settings; {suggest(name, self.settings)}")
        for key, values in (("systems", self.systems), ("corpora", self.corpora), ("seeds", self.seeds)):
            if twice := [value for value, times in Counter(values).items() if times > 1]:
                raise ValueError(f"{key}: {twice[0]!r} stands there twice; remove one")
        for name, system in self.settings.items():
            if not CORPUS_NAME.fullmatch(name) or name == PROMPTED:  # it names folders, and stands on command lines
                raise ValueError(f"settings: {name!r} cannot name a system; use letters, digits, '.', '_' and '-'")
            for weights in system.weights:
                if weights not in self.overlays:
                    raise ValueError(f"settings.{name}.weights: {weights!r}: {suggest(weights, self.overlays)}")
        return self

    def parameters(self, name: str, project: Path) -> TandemParams:
        """The parameters of a system; of the project's params.yaml the corpora alone, whatever else it was left with.

        The defaults, then (with the published weights) its recipe, then its own, then those of the weights. With other
        weights the recipe stays out: its rates and epochs belong to other encoders.

        Errors: `ParamsError` naming the system and the key.
        """
        if name not in self.settings:
            raise ParamsError(f"unknown system {name!r}; {suggest(name, self.settings)}")
        system = self.settings[name]
        recipe: Overlay = {}
        if system.recipe and self.weights == PUBLISHED:
            recipe = load_recipe(system.recipe, project_tree(project), project / "recipes").complete
        overlay: Overlay = {}
        for part in (recipe, system.set, self.overlays[self.weights], system.weights.get(self.weights, {})):
            overlay = merge(overlay, part)
        if "fusion" not in overlay:
            raise ParamsError(f"system {name}: names neither a recipe nor a fusion; add `set: {{fusion: …}}`")
        tree = merge(defaults(overlay["fusion"]), overlay)
        corpora = {"corpora": project_tree(project).get("corpora"), "datasets": self.corpora, "seeds": self.seeds}
        return parse_params(tree | corpora, f"system {name}")


def project_tree(project: Path) -> dict[str, Any]:
    """params.yaml of the project, as it stands."""
    tree: dict[str, Any] = load_tree(project / "params.yaml")
    return tree


def read_study(folder: Path) -> Study:
    """Read params.yaml of a study. Errors: `ParamsError`, one line naming the file and every problem."""
    path = folder / "params.yaml"
    try:
        return Study.model_validate(load_tree(path))
    except ValidationError as error:
        raise ParamsError(f"{path}: {'; '.join(problems(error))}") from None


def model_tree(params: TandemParams) -> dict[str, Any]:
    """What of the parameters decides the models and scores of a system, machine and corpora left out."""
    tree = params.model_dump(mode="json")
    kept = {key: tree[key] for key in MODEL_KEYS}
    for section, keys in INDIFFERENT.items():
        kept[section] = {key: value for key, value in tree[section].items() if key not in keys}
    kept["fusions"] = {params.fusion: params.fusion_knobs.model_dump(mode="json")}
    return kept


def complete(resolved: dict[str, Any], study: Study, project: Path) -> dict[str, Any]:
    """A resolved system as a whole params.yaml, with datasets and seeds of the study; the rest is the project's."""
    base = project_tree(project)
    kept: dict[str, Any] = {key: base[key] for key in ("corpora", "embedded") if key in base}
    for section, keys in INDIFFERENT.items():
        kept[section] = {key: base[section][key] for key in keys if key in base.get(section, {})}
    return merge(kept, resolved) | {"datasets": study.corpora, "seeds": study.seeds}
