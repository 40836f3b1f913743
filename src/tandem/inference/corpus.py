"""A trained tagger over a prepared corpus, with its own pictures and under the controls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tandem.corpora.labels import entity_types, rename_tags, type_mapping
from tandem.corpora.schema import Sample
from tandem.evaluation.controls import CONTROLS, exchanged_pictures, no_pictures
from tandem.files import atomic_path
from tandem.models.build import TrainedTagger, load_tagger
from tandem.models.data import Dataset
from tandem.models.predict import predict_tags
from tandem.models.runtime import pick_runtime
from tandem.params import TandemParams
from tandem.vision.cache import FeatureCache

# Name of a prediction -> the predicted tags of each sentence.
Predictions = dict[str, list[list[str]]]


def predict_corpus(
    folder: Path, samples: Sequence[Sample], features: FeatureCache, params: TandemParams, *, seed: int
) -> tuple[Predictions, TrainedTagger]:
    """Predictions of the checkpoint in `folder`: `predicted`, and one for each control.

    Types are renamed to what the samples' corpus calls them. Errors: `ValueError` if the picture features are not
    those that the model was trained on.
    """
    trained = load_tagger(folder)
    if (features.pooled_dim, features.region_dim) != (trained.dims.pooled, trained.dims.regions):
        raise ValueError(
            f"picture features of {features.pooled_dim}/{features.region_dim} numbers (pooled/regions), but {folder} "
            f"was trained on {trained.dims.pooled}/{trained.dims.regions}; extract both with the same vision.encoder"
        )
    knobs = params.train
    runtime = pick_runtime(
        device=knobs.device,
        precision=knobs.precision,
        threads=knobs.threads,
        small=trained.params.text.encoder == "scratch",
    )
    model = trained.model.to(runtime.device)
    # Only pictures that can be seen are exchanged: the control must not hide one or show one more.
    own = [sample.image_id if features.usable(sample.image_id) else None for sample in samples]
    pictures = {
        "predicted": own,
        "shuffled_image": exchanged_pictures(own, seed=seed),
        "no_image": no_pictures(own),
    }
    data = Dataset(samples, tokenizer=trained.tokenizer, features=features, with_regions=model.fusion.uses_regions)
    types = entity_types([model.label_names])
    mapping = type_mapping(types, entity_types(sample.tags for sample in samples))
    predictions: Predictions = {}
    for name, ids in pictures.items():
        if name in CONTROLS and not model.fusion.uses_picture:
            predictions[name] = predictions["predicted"]
            continue
        data.image_ids = ids
        tags = predict_tags(model, data, runtime, batch_size=knobs.eval_batch_size, description=f"{folder} {name}")
        predictions[name] = [rename_tags(sentence, mapping) for sentence in tags]
    return predictions, trained


def write_predictions(path: Path, samples: Sequence[Sample], predictions: Predictions) -> None:
    """Write one row a sentence: id, image_id, words, gold tags, and one column of tags for each prediction."""
    columns = {
        "id": [sample.id for sample in samples],
        "image_id": [sample.image_id for sample in samples],
        "words": [sample.words for sample in samples],
        "gold": [sample.tags for sample in samples],
        **predictions,
    }
    text, row = pa.string(), pa.list_(pa.string())
    schema = pa.schema([(name, text if name in ("id", "image_id") else row) for name in columns])
    with atomic_path(path) as temporary:
        pq.write_table(pa.table(columns, schema=schema), temporary, compression="zstd")
