"""Features of pictures as joint encoders read them, and models of both tasks around them."""

from __future__ import annotations

import pytest
import torch

from tandem.models.build import PictureDims, build_model
from tandem.tasks import NER, RE
from tandem.vision.cache import FeatureCache

NAMES = ["blip_vqa", "blip_itm", "blip_captioning", "vilt", "blip2_opt", "blip2_t5"]
LABELS = {NER: ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"], RE: ["None", "/per/org/member_of", "/org/per/led_by"]}


@pytest.fixture
def joint_features(tiny_pictures):
    """`joint_features(samples, name)`: a cache of tokens of a tower, or of the pixels that ViLT reads.

    Pictures of one type look alike.
    """

    def make(samples, name):
        if name == "vilt":
            return tiny_pictures(samples)
        ids = [sample.image_id for sample in samples if sample.image_id]
        generator = torch.Generator().manual_seed(0)
        signs = torch.tensor([1.0 if "-PER-" in image_id else -1.0 for image_id in ids])[:, None, None]
        tokens = signs * torch.linspace(-1, 1, 16) + 0.1 * torch.randn(len(ids), 5, 16, generator=generator)
        pooled, regions = tokens[:, 0], tokens[:, 1:]
        lengths = torch.full((len(ids),), regions.shape[1])
        return FeatureCache(ids=ids, pooled=pooled, rows=torch.arange(len(ids)), lengths=lengths, regions=regions)

    return make


@pytest.fixture
def joint_params(make_params, tiny_joint):
    """`joint_params(name, **knobs)`: parameters with that joint encoder."""

    def make(name, **knobs):
        settings = {
            "text.encoder": str(tiny_joint(name)),
            "text.max_length": 32,
            "text.overlap": 8,
            "text.dropout": 0.0,
        }
        return make_params(**{"fusion": "joint", **settings, **knobs})

    return make


@pytest.fixture
def built(joint_params, tiny_corpus, tiny_pairs, joint_features):
    """`built(name, task, rows, **knobs)`: parameters, rows, a model in evaluation mode, its tokenizer, and its data."""

    def make(name, task=NER, rows=12, **knobs):
        samples = (tiny_corpus if task is NER else tiny_pairs)("train", rows)
        params, features = joint_params(name, **knobs), joint_features(samples, name)
        torch.manual_seed(0)
        dims = PictureDims(features.pooled_dim, features.region_dim)
        model, tokenizer = build_model(params, task, LABELS[task], dims)
        data = task.dataset(samples, tokenizer=tokenizer, features=features, labels=LABELS[task])
        return params, samples, model.eval(), tokenizer, data

    return make
