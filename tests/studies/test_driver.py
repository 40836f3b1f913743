"""Names of shared features: other numbers, other names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.params.vision import VisionParams
from tandem.studies.driver import features_key, link

HOME = Path(__file__).resolve().parents[2]
RESNET = {"encoder": "torchvision/resnet18", "weights": "none", "image_size": 64}


@pytest.mark.parametrize(
    "other",
    [
        {"train": True},
        {"views": 2},
        {"views": 2, "augment": {"flip": 0.0}},
        {"train": True, "augment": {"flip": 0.0}},
        {"max_pixels": 5000},
        {"image_size": 96},
        {"storage": "bfloat16"},
        {"encoder": "pixels", "weights": None},
    ],
    ids=str,
)
def test_driver_features_of_other_knobs_have_another_folder(other) -> None:
    known = [features_key(VisionParams.model_validate(RESNET | more), HOME) for more in ({}, {"views": 3}, other)]
    assert len(set(known)) == 3


def test_driver_features_do_not_depend_on_the_pace() -> None:
    keys = {features_key(VisionParams.model_validate(RESNET | {"batch_size": size}), HOME) for size in (1, 8)}
    assert len(keys) == 1


def test_driver_link_is_moved_to_another_target(tmp_path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        link(tmp_path / "deep/link", tmp_path / name)
        assert (tmp_path / "deep/link").resolve() == tmp_path / name
