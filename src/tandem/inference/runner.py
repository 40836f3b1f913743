"""A checkpoint ready to say something about rows whose pictures have been extracted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from tandem.corpora.schema import Post
from tandem.evaluation.controls import CONTROLS, NOISE
from tandem.inference.conditions import PREDICTED, AskAbout, read_conditions
from tandem.inference.held_out import HeldOut
from tandem.models.build import load_model
from tandem.models.captions import captions_for, noise_captions
from tandem.models.constraints import TypeConstraints, Types
from tandem.models.data import Dataset
from tandem.models.reading import Chooser, Reading
from tandem.models.relation import RelationClassifier
from tandem.models.runtime import pick_runtime
from tandem.params import TandemParams
from tandem.vision.noise import NoiseFeatures

# Name of a prediction -> what is said of each row: tags, or a relation; and how each row is read.
Predictions = dict[str, list[Any]]
Readings = dict[str, list[Reading]]


def said(readings: Readings) -> Predictions:
    """The bare predictions."""
    return {name: [one.said for one in own] for name, own in readings.items()}


class Runner:
    """A trained model on its device, with the picture features and captions of a split."""

    def __init__(self, folder: Path, held_out: HeldOut, params: TandemParams) -> None:
        """Errors: `ValueError` if the picture features are not those that the model was trained on."""
        trained, features = load_model(folder), held_out.features
        reads, fusion = trained.reads, trained.model.fusion
        widths = (features.pooled_dim, features.region_dim)
        if fusion.uses_picture and widths != (reads.pooled, reads.regions):
            raise ValueError(
                f"picture features of {features.pooled_dim}/{features.region_dim} numbers (pooled/regions), but "
                f"{folder} was trained on {reads.pooled}/{reads.regions}; extract both with the same vision.encoder, "
                "vision.train and, for pictures themselves, vision.image_size"
            )
        knobs = params.train
        self._runtime = pick_runtime(
            device=knobs.device,
            precision=knobs.precision,
            threads=knobs.threads,
            small=trained.params.text.encoder == "scratch",
        )
        self._batch_size, self._types = knobs.eval_batch_size, params.relation.types
        self._folder, self._features = folder, features
        self._trained = trained
        self._model = trained.model.to(self._runtime.device)
        self.about, self.task = trained.about, trained.task
        self._captions = captions_for(fusion, held_out.samples)
        self._noise = NoiseFeatures(features, seed=self.about["seed"])
        self.weighs = fusion.weighs
        self.uses_picture = fusion.uses_picture or fusion.reads_caption

    def pictures_of(self, samples: Sequence[Post]) -> list[str | None]:
        """The picture of each row, None where the model would see none.

        Only pictures that can be seen (by their captions, where it reads those) are exchanged: the control must not
        hide one or show one more.
        """
        captions, usable = self._captions, self._features.usable
        ids = [sample.image_id for sample in samples]
        return [one if (usable(one) if captions is None else one in captions) else None for one in ids]

    def predict(
        self,
        samples: Sequence[Any],
        pictures: Mapping[str, Sequence[str | None]],
        types: Sequence[Types | None] | None = None,
    ) -> Predictions:
        """What the model says of rows of its task under each of several conditions; all as of `read`."""
        return said(self.read(samples, pictures, types))

    def read(
        self,
        samples: Sequence[Any],
        pictures: Mapping[str, Sequence[str | None]],
        types: Sequence[Types | None] | None = None,
    ) -> Readings:
        """How the model reads rows of its task under each of several conditions, `predicted` first.

        The confidences of `no_image` are about the claims of `predicted`: how probable the same model finds them when
        it sees no picture.

        `pictures`: by name of the condition, the picture of each row; under `noise_image` all pictures are noise, and
        captions, where the model reads those, random words. `types`: entity types of each pair, where a NER
        model has said them (None = not of this one), for `relation.types: ner`. Classes have the names that the rows'
        corpus gives them.
        """
        data = self.task.dataset(
            samples,
            tokenizer=self._trained.tokenizer,
            features=self._features,
            with_regions=self._model.reads_regions,
            captions=self._captions,
        )
        spared = set(CONTROLS) if PREDICTED in pictures and not self.uses_picture else set()
        conditions = {name: self._under(data, name, ids) for name, ids in pictures.items() if name not in spared}
        readings = read_conditions(
            self._model,
            conditions,
            self._runtime,
            batch_size=self._batch_size,
            description=f"{self._folder} {', '.join(conditions)}",
            ask=self._ask(types),
        )
        return {name: self._renamed(readings[PREDICTED if name in spared else name], samples) for name in pictures}

    def _under(self, data: Dataset, name: str, ids: Sequence[str | None]) -> Dataset:
        """The data set with these pictures, and with noise in the place of pictures and captions under that control."""
        own, captions = copy(data), self._captions or {}
        if name == NOISE:
            own.features, captions = self._noise, noise_captions(captions, seed=self.about["seed"])
        own.captions, own.image_ids = captions, ids
        return own

    def _renamed(self, readings: Sequence[Reading], samples: Sequence[Any]) -> list[Reading]:
        """The readings with the names that the rows' corpus has for the classes."""
        names = self.task.rename([one.said for one in readings], self._model.label_names, samples)
        claims = self.task.rename_claims([one.claims for one in readings], self._model.label_names, samples)
        columns = zip(readings, names, claims, strict=True)
        return [replace(one, said=name, claims=claim) for one, name, claim in columns]

    def _ask(self, types: Sequence[Types | None] | None) -> AskAbout:
        """How the model is asked, under `relation.types`."""
        model, rule = self._model, self._types
        if not isinstance(model, RelationClassifier) or rule == "none" or (rule == "ner" and types is None):
            return lambda batch, rows, about: model.read(batch, about)
        constraints = TypeConstraints(model.label_names)

        def choose(rows: Sequence[int]) -> Chooser | None:
            return constraints.chooser(rule, None if types is None else [types[row] for row in rows])

        return lambda batch, rows, about: model.read(batch, about, choose(rows))
