from __future__ import annotations

import torch
from torchvision.transforms import v2

from tandem.params.vision import AugmentParams
from tandem.vision.augment import Augmentation

NOTHING = {"flip": 0, "crop": 1, "brightness": 0, "contrast": 0, "saturation": 0, "hue": 0}
SIDE = 32


def squares(count: int = 3) -> torch.Tensor:
    """Smooth random pictures, so that a crop moves values by little."""
    coarse = torch.randint(256, (count, 3, 4, 4), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return v2.functional.resize(coarse, [SIDE, SIDE])


def augmentation(**knobs: float) -> Augmentation:
    return Augmentation(AugmentParams(**{**NOTHING, **knobs}), side=SIDE)


def test_augment_of_nothing_changes_nothing_and_draws_nothing() -> None:
    before = torch.random.get_rng_state()
    assert torch.equal(augmentation()(squares()), squares())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_augment_flips_left_and_right() -> None:
    assert torch.equal(augmentation(flip=1)(squares()), squares().flip(-1))


def test_augment_changes_each_picture_in_a_way_of_its_own() -> None:
    same = squares(1).expand(40, -1, -1, -1)
    torch.manual_seed(0)
    flipped = (augmentation(flip=0.5)(same) != same).flatten(1).any(1)
    assert 8 < flipped.sum() < 32
    for knob, value in {"crop": 0.5, "brightness": 0.3, "contrast": 0.3, "saturation": 0.3, "hue": 0.2}.items():
        changed = augmentation(**{knob: value})(same)
        assert changed.dtype == torch.uint8
        assert changed.shape == same.shape
        assert len({picture.numpy().tobytes() for picture in changed}) > 30, knob


def test_augment_brightness_stays_within_its_factor() -> None:
    grey = torch.full((200, 3, 4, 4), 100, dtype=torch.uint8)
    values = augmentation(brightness=0.15)(grey)
    assert 84 <= int(values.min()) < 88
    assert 112 < int(values.max()) <= 115


def test_augment_crop_keeps_its_share_of_the_area() -> None:
    # A ramp from left to right: the range of what is left is the width of the crop.
    ramp = torch.arange(SIDE, dtype=torch.uint8).mul(8).expand(1, 3, SIDE, SIDE)
    cropped = augmentation(crop=0.9)(ramp.expand(100, -1, -1, -1)).int()
    width = (cropped.amax((1, 2, 3)) - cropped.amin((1, 2, 3))) / 8 + 1
    assert int(width.min()) >= 27  # 0.9 of the area at the greatest height is 0.9 of the width
    assert len(width.unique()) > 2


def test_augment_views_follow_their_seeds_alone() -> None:
    change = Augmentation(AugmentParams(), side=SIDE)
    before = torch.random.get_rng_state()
    one, two, three = change.views(squares(), [5, 6, 7])
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(99)
    again = change.views(squares()[[2, 0]], [7, 5])
    assert torch.equal(again[0], three)
    assert torch.equal(again[1], one)
    assert not torch.equal(change.views(squares()[:1], [6])[0], one)
    assert not torch.equal(two, squares()[1])


def test_augment_follows_the_global_generator() -> None:
    change = Augmentation(AugmentParams(), side=SIDE)
    torch.manual_seed(3)
    one, two = change(squares()), change(squares())
    assert not torch.equal(one, two)
    torch.manual_seed(3)
    assert torch.equal(change(squares()), one)
    assert change(squares()[:0]).shape == (0, 3, SIDE, SIDE)
