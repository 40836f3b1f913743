"""The models that a command reads posts with: those that are named, else the project's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tandem.inference import predictor as predictors
from tandem.params import TandemParams, load_params

if TYPE_CHECKING:
    from tandem.models.constraints import Rule

MODELS, PARAMS = Path("models"), Path("params.yaml")


class Models(NamedTuple):
    """Folders of the model that finds entities, and of the one that is asked for relations, if any.

    types: how types bind relations, as `relation.types`.
    """

    entities: Path
    relations: Path | None
    types: Rule


def project_models() -> Models:
    """The models of the first trained corpus of each task in `datasets`, in the project of the working folder.

    Their folders are of seeds; relations are bound as the pipeline scores them, by `relation.types`.

    Errors: `ValueError` with the remedy if there is no project, or nothing is trained.
    """
    if not PARAMS.is_file():
        raise ValueError(f"no model named, and no {PARAMS} here; name a model's folder, or run in the project's root")
    params = load_params(PARAMS)
    entities = _first(params, "ner")
    if entities is None:
        wanted = [MODELS / name for name in params.datasets if params.corpus(name).task == "ner"]
        raise ValueError(
            f"no model named, and none trained: {_listed(wanted)}; train them with `make run` or `dvc repro`, "
            "or name a model's folder"
        )
    return Models(entities, _first(params, "re"), params.relation.types)


def find_models(entities: Path | None, relations: Path | None) -> Models:
    """The checkpoints of the models named, of the project's where none is.

    Errors: `ValueError`, as of `checkpoint` and `project_models`, and for a relation model in the place of one that
    finds entities.
    """
    types: Rule = "none"
    if entities is None:
        entities, own, types = project_models()
        relations = relations or own
    folder = predictors.checkpoint(entities)
    if predictors.task_of_checkpoint(folder) == "re":
        raise ValueError(f"{entities}: a relation model; name one that finds entities, and this one by --relations")
    return Models(folder, predictors.checkpoint(relations), types) if relations else Models(folder, None, "none")


def load_models(
    entities: Path | None, relations: Path | None, **options: Any
) -> tuple[predictors.Predictor, list[Path]]:
    """The predictor of the models that are found, and the folders of their checkpoints.

    options: of `tandem.load`. Errors: `ValueError`, as of `tandem.load` and `find_models`.
    """
    found = find_models(entities, relations)
    predictor = predictors.load(found.entities, relations=found.relations, types=found.types, **options)
    return predictor, [one for one in (found.entities, found.relations) if one is not None]


def _first(params: TandemParams, task: str) -> Path | None:
    folders = (MODELS / name for name in params.datasets if params.corpus(name).task == task)
    return next((folder for folder in folders if any(folder.glob("*/tandem.json"))), None)


def _listed(folders: Sequence[Path]) -> str:
    shown = ", ".join(map(str, folders))
    return f"{shown} not found" if folders else "`datasets` names no corpus with entities"
