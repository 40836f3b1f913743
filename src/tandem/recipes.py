"""The published systems by name: overlays of params.yaml in `recipes/<name>.yaml`.

    about:                    # what it is, and what its report says of it
      system: …
      report: …
      table: …                # of the report
      published:              # a share of 1 for each score, under the keys of metrics/evaluate/<corpus>.json, or of
        twitter2015: {token.accuracy: 0.9}      # metrics/transfer/<source>-<target>.json
      notes: […]              # what the report does not tell, and what has no knob here
    extends: …                # another recipe: its params hold here too, and what it is, unless this file says
    params: {…}               # the knobs, as in params.yaml

What a recipe leaves open has its default, so that a system is the same whatever params.yaml was changed to, be it by
the run of another recipe (DVC leaves its values there). Only what a recipe is not about is as params.yaml has it: the
corpora, the knobs of other strategies, and those of the machine. The merged whole is checked like params.yaml itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError

from tandem.overrides import OverrideError, override
from tandem.params import ParamsError, TandemParams, parse_params
from tandem.params.base import Knobs, suggest
from tandem.params.fusions import FUSION_PARAMS
from tandem.params.root import problems
from tandem.trees import find, leaves, merge

FOLDER = Path("recipes")
KEYS = ("about", "extends", "params")
SECTIONS = ("decoder", "text", "vision", "head", "relation", "train")  # of params.yaml: what a system is made of
MACHINE = {
    "vision": ("batch_size", "workers", "precision", "storage", "max_pixels"),
    "train": ("eval_batch_size", "precision", "device", "threads", "resume"),
}
"""Knobs of the machine that a system runs on."""
INHERITED = ("system", "report", "table")  # of `about`, where a recipe that extends another does not say them
SCORES = (  # what the keys of `published` may begin with: evaluation/metrics.py, evaluation/relations.py
    *("span", "span_strict", "span_macro", "span_weighted", "partial", "per_type", "token", "token_entities"),
    *("relation", "relation_macro", "per_relation", "accuracy", "weighted_f1"),
)

Share = Annotated[float, Field(ge=0, le=1)]


class RecipeError(ParamsError):
    """A recipe that cannot be used; the message names file, key and remedy."""


class About(Knobs):
    """What a recipe reproduces."""

    system: str = Field(min_length=1, description="encoders and fusion, in a few words")
    report: str = Field(min_length=1, description="where it was published")
    table: str = Field(min_length=1, description="the table of the report that `published` is from")
    published: dict[str, dict[str, Share]] = Field({}, description="corpus, or source-target -> score -> value")
    notes: list[str] = Field([], description="one sentence or a few each")


@dataclass(frozen=True)
class Recipe:
    """A recipe over the params.yaml at hand."""

    name: str
    about: About
    extends: str | None
    overlay: dict[str, Any]  # its own knobs, with those of the recipe that it extends
    complete: dict[str, Any]  # the same with the defaults of what it leaves open
    comments: dict[tuple[str, ...], str]  # that stand behind knobs in the files
    params: TandemParams  # everything


def recipe_names(folder: Path = FOLDER) -> list[str]:
    """All recipes, by name. Errors: `RecipeError` where there is no such folder."""
    if not folder.is_dir():
        raise RecipeError(f"{folder}: no such folder; run from the project's root")
    return sorted(path.stem for path in folder.glob("*.yaml"))


def load_recipe(name: str, base: Mapping[str, Any], folder: Path = FOLDER) -> Recipe:
    """Read a recipe, lay it over `base` (the tree of params.yaml) and check the whole.

    Errors: `RecipeError` for an unknown name, with the nearest one, or `ParamsError` with file, key and remedy.
    """
    return _load(name, base, folder, below=())


def _load(name: str, base: Mapping[str, Any], folder: Path, below: tuple[str, ...]) -> Recipe:
    """`below`: the recipes that extend this one."""
    names = recipe_names(folder)
    if name not in names:
        place = f"{folder / below[-1]}.yaml: extends: " if below else ""
        raise RecipeError(f"{place}unknown recipe {name!r}; {suggest(name, names)}")
    if name in below:
        raise RecipeError(f"{folder / name}.yaml: extends: a circle: {' > '.join([*below, name])}")
    path = folder / f"{name}.yaml"
    tree, comments = _read(path)
    about, overlay = tree.get("about") or {}, tree.get("params") or {}
    extends = tree.get("extends")
    if extends is not None:
        parent = _load(str(extends), base, folder, (*below, name))
        inherited = {key: getattr(parent.about, key) for key in INHERITED}
        about = {**inherited, **about}
        # What the parent says of a value does not hold for another one in its place.
        replaced = {path for path, _ in leaves(overlay)}
        comments = {path: text for path, text in parent.comments.items() if path not in replaced} | comments
        overlay = merge(parent.overlay, overlay)
    try:
        known = About.model_validate(about)
    except ValidationError as error:
        raise RecipeError(f"{path}: {'; '.join(problems(error, 'about'))}") from None
    fusion = merge(base, overlay).get("fusion")
    params = parse_params(merge(base, merge(defaults(fusion), overlay)), str(path))
    _check_published(path, known, params)
    overlay = _of_one_fusion(overlay, params.fusion)
    merged = merge(defaults(fusion), overlay)
    complete = {key: merged[key] for key in TandemParams.model_fields if key in merged}  # in the order of params.yaml
    return Recipe(name, known, extends, overlay, complete, comments, parse_params(merge(base, complete), str(path)))


def defaults(fusion: Any) -> dict[str, Any]:
    """The defaults of all that a system with this strategy is made of; of no strategy's where there is none such."""
    tree = {key: TandemParams.model_fields[key].default for key in SECTIONS}
    tree = {key: value.model_dump(mode="json") if isinstance(value, Knobs) else value for key, value in tree.items()}
    for section, keys in MACHINE.items():
        for key in keys:
            del tree[section][key]
    knobs = FUSION_PARAMS.get(fusion) if isinstance(fusion, str) else None  # a list cannot be looked up
    return tree | ({"fusions": {fusion: knobs().model_dump(mode="json")}} if knobs else {})


def _of_one_fusion(overlay: dict[str, Any], fusion: str) -> dict[str, Any]:
    """Without the knobs of strategies that are not chosen: the one that a recipe extends may have had another."""
    knobs = {name: values for name, values in overlay.get("fusions", {}).items() if name == fusion}
    rest = {key: value for key, value in overlay.items() if key != "fusions"}
    return {**rest, "fusions": knobs} if knobs else rest


def _check_published(path: Path, about: About, params: TandemParams) -> None:
    known = {*params.corpora, *(f"{source}-{target}" for source in params.corpora for target in params.corpora)}
    for corpus, row in about.published.items():
        if corpus not in known:
            raise RecipeError(f"{path}: about.published: {corpus!r} is no corpus and no <source>-<target> of corpora")
        for score in row:
            if (first := score.partition(".")[0]) not in SCORES:
                place = f"about.published.{corpus}.{score}"
                raise RecipeError(f"{path}: {place}: no scores are named {first!r}; {suggest(first, SCORES)}")


def _read(path: Path) -> tuple[dict[str, Any], dict[tuple[str, ...], str]]:
    """The tree of a file, and the comments behind the values of `params`."""
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        tree = yaml.safe_load(text)
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise RecipeError(f"{path}: byte 0x{byte:02x} is not UTF-8; re-encode the file as UTF-8") from None
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(tree, dict):
        raise RecipeError(f"{path}: expected {', '.join(KEYS)}, found {type(tree).__name__}")
    for key, value in tree.items():
        if key not in KEYS:
            raise RecipeError(f"{path}: {key}: unknown key; {suggest(str(key), KEYS)}")
        if key != "extends" and not isinstance(value, dict):
            raise RecipeError(f"{path}: {key}: expected keys and values, found {type(value).__name__}")
    comments: dict[tuple[str, ...], str] = {}
    _collect(root, text.splitlines(), path, (), comments)
    return tree, {place[1:]: comment for place, comment in comments.items() if place[0] == "params"}


def _collect(
    node: Any, lines: list[str], path: Path, place: tuple[str, ...], comments: dict[tuple[str, ...], str]
) -> None:
    """Walk through the mappings of a YAML document; a key that stands twice is an error (YAML would take the last)."""
    seen = set()
    for key, value in node.value:
        inner = (*place, key.value)
        if key.value in seen:
            raise RecipeError(f"{path}: {'.'.join(inner)}: stands there twice; remove one")
        seen.add(key.value)
        if isinstance(value, yaml.MappingNode):
            _collect(value, lines, path, inner, comments)
        elif value.start_mark.line == value.end_mark.line < len(lines):
            behind = lines[value.end_mark.line][value.end_mark.column :].strip()
            if behind.startswith("#"):
                comments[inner] = behind.lstrip("# ")


def flags(recipe: Recipe, base: Mapping[str, Any]) -> list[str]:
    """The words `-S key=value` that turn the params.yaml with the tree `base` into the recipe's.

    Only what differs is named. Errors: `RecipeError` for a value that cannot be written as one word.
    """
    before, after = _effective(parse_params(base)), _effective(recipe.params)
    missing = object()
    words = []
    for path, _ in leaves(recipe.complete):
        value = find(after, path)
        if find(before, path, missing) != value:
            try:
                words += ["-S", override(path, value, new=find(base, path, missing) is missing)]
            except OverrideError as error:
                raise RecipeError(f"recipe {recipe.name}: {error}") from None
    return words


def _effective(params: TandemParams) -> dict[str, Any]:
    """All knobs, those of every fusion among them, with the defaults of what params.yaml leaves out."""
    fusions = {
        name: model.model_validate(params.fusions.get(name, {})).model_dump() for name, model in FUSION_PARAMS.items()
    }
    return params.model_dump(mode="json") | {"fusions": fusions}


def weights_needed(params: TandemParams) -> list[str]:
    """The checkpoints that a run needs, by the names under which encoders look for them."""
    found = [params.text.encoder] if params.text.encoder != "scratch" else []
    vision = params.vision
    if params.fusion != "text_only":
        if vision.family == "caption":
            found.append(vision.caption_encoder)
        elif vision.architecture and vision.weights != "none":
            found.append(vision.architecture if vision.family == "hf" else vision.encoder)
    return list(dict.fromkeys(found))
