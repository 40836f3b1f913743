"""A trained model over a prepared corpus, with its own pictures and under the controls."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from tandem.evaluation.controls import TWIN, conditions
from tandem.fusion.base import WeightKind
from tandem.inference.held_out import HeldOut
from tandem.inference.runner import Predictions, Readings, Runner, said
from tandem.models.predictions import write_table
from tandem.models.reading import Reading
from tandem.params import TandemParams
from tandem.tasks import RE

NUMBER = pa.float32()
SPAN = pa.struct(
    [
        ("type", pa.string()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("confidence", NUMBER),
        ("confidence_no_image", NUMBER),
    ]
)


@dataclass(frozen=True)
class CorpusReadings:
    """How a checkpoint reads a corpus, by name of the prediction; what it says of itself; the kind of its weights."""

    readings: Readings
    about: dict[str, Any]
    weighs: WeightKind

    @property
    def predictions(self) -> Predictions:
        """The bare predictions."""
        return said(self.readings)


def read_corpus(
    folder: Path, held_out: HeldOut, params: TandemParams, *, seed: int, twin: Path | None = None
) -> CorpusReadings:
    """Readings by the checkpoint in `folder`: `predicted`, and one for each control.

    With `twin`, the folder of a model without pictures, `text_only` is how that one reads; a model that reads none is
    its own twin. Classes have the names that the rows' corpus gives them. Errors: `ValueError` if the picture features
    are not those that the model was trained on.
    """
    samples = held_out.samples
    runner = Runner(folder, held_out, params)
    readings = runner.read(samples, conditions(runner.pictures_of(samples), seed=seed))
    if twin is not None:
        reader = Runner(twin, held_out, params) if runner.uses_picture else None
        alone = readings if reader is None else reader.read(samples, {"predicted": [None] * len(samples)})
        readings[TWIN] = alone["predicted"]
    return CorpusReadings(readings, runner.about, runner.weighs)


def predict_corpus(
    folder: Path, held_out: HeldOut, params: TandemParams, *, seed: int
) -> tuple[Predictions, dict[str, Any]]:
    """The bare predictions of `read_corpus`, and what the checkpoint says of itself."""
    read = read_corpus(folder, held_out, params, seed=seed)
    return read.predictions, read.about


def write_predictions(path: Path, held_out: HeldOut, readings: Readings) -> None:
    """Write one row a sample: id, image_id, words, the pair (relations only), gold, and a column a prediction.

    Then, of `predicted`: how probable the model finds what it says with the picture (`confidence`) and without
    (`confidence_no_image`), of every entity in `spans`, or of the relation; `picture_weight` and `region_weight` as of
    `tandem.models.reading.Reading`.
    """
    samples, task = held_out.samples, held_out.task
    columns = _columns(readings["predicted"], readings["no_image"], pairs=task is RE)
    write_table(path, samples, task.gold(samples), said(readings), pairs=task is RE, more=columns)


def _columns(own: list[Reading], without: list[Reading], *, pairs: bool) -> dict[str, pa.Array]:
    columns: dict[str, pa.Array] = {}
    if pairs:
        for name, side in (("confidence", own), ("confidence_no_image", without)):
            columns[name] = pa.array([reading.confidences[0] for reading in side], NUMBER)
    else:
        rows = [
            [(*span, *both) for span, *both in zip(one.claims, one.confidences, other.confidences, strict=True)]
            for one, other in zip(own, without, strict=True)
        ]
        columns["spans"] = pa.array(rows, pa.list_(SPAN))
    for name in ("picture_weight", "region_weight"):
        columns[name] = pa.array([getattr(reading, name) for reading in own], pa.list_(NUMBER))
    return columns
