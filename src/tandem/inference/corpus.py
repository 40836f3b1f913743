"""A trained model over a prepared corpus, with its own pictures and under the controls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tandem.evaluation.controls import TWIN, conditions
from tandem.inference.held_out import HeldOut
from tandem.inference.runner import Predictions, Runner
from tandem.models.predictions import write_table
from tandem.params import TandemParams
from tandem.tasks import RE


def predict_corpus(
    folder: Path, held_out: HeldOut, params: TandemParams, *, seed: int, twin: Path | None = None
) -> tuple[Predictions, dict[str, Any]]:
    """Predictions of the checkpoint in `folder`, `predicted` and one for each control, and what it says of itself.

    With `twin`, the folder of a model without pictures, `text_only` is what that one says; a model that reads none is
    its own twin. Classes have the names that the rows' corpus gives them. Errors: `ValueError` if the picture features
    are not those that the model was trained on.
    """
    samples = held_out.samples
    runner = Runner(folder, held_out, params)
    pictures = conditions(runner.pictures_of(samples), seed=seed)
    predictions, about = runner.predict(samples, pictures), runner.about
    if twin is not None:
        reader = Runner(twin, held_out, params) if runner.uses_picture else None
        alone = predictions if reader is None else reader.predict(samples, {"predicted": [None] * len(samples)})
        predictions[TWIN] = alone["predicted"]
    return predictions, about


def write_predictions(path: Path, held_out: HeldOut, predictions: Predictions) -> None:
    """Write one row a sample: id, image_id, words, the pair (relations only), gold, and a column a prediction."""
    samples, task = held_out.samples, held_out.task
    write_table(path, samples, task.gold(samples), predictions, pairs=task is RE)
