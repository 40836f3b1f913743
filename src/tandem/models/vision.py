"""A picture encoder that is part of a model and trains with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from tandem.fusion.base import Picture
from tandem.params.vision import WEIGHTED_FAMILIES, VisionParams
from tandem.vision.squares import to_squares


class TrainedVision(nn.Module):
    """Turns pictures, as `vision.encoder: raw` gives them, into the features that a strategy fuses.

    Batch norms keep the mean and spread that they came with, while their scale and shift train: a step sees a handful
    of pictures, fewer where some are absent or hidden, whose own statistics would be noise, and would differ from those
    that evaluation uses. Training pictures are augmented, each anew in every step; others are seen as they are.
    """

    def __init__(self, *, encoder: Any, augment: Callable[[Tensor], Tensor]) -> None:
        """encoder: a `GridEncoder`. augment: (B, 3, S, S) uint8 -> the same, changed by chance."""
        super().__init__()
        self.encoder = encoder
        encoder.unfreeze()
        self.augment = augment

    @property
    def pooled_dim(self) -> int:
        """d_p."""
        return int(self.encoder.pooled_dim)

    @property
    def region_dim(self) -> int:
        """d_r."""
        return int(self.encoder.region_dim)

    def train(self, mode: bool = True) -> TrainedVision:
        """As of any module, but batch norms stay in evaluation."""
        super().train(mode)
        for module in self.encoder.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

    def forward(self, picture: Picture) -> Picture:
        """Regions that are rows of pixels (B, S, 3 S) -> pooled (B, d_p), regions (B, R, d_r), zeros where absent.

        Absent pictures never reach the encoder.
        """
        present = picture.present
        pooled = picture.pooled.new_zeros(len(present), self.pooled_dim)
        regions = pooled.new_zeros(len(present), self.encoder.regions, self.region_dim)
        if present.any():
            squares = to_squares(picture.regions[present])
            found, found_regions, _ = self.encoder(self.augment(squares) if self.training else squares)
            pooled = pooled.index_put((present,), found)
            regions = regions.index_put((present,), found_regions)
        return Picture(pooled, regions, present.unsqueeze(1).expand(regions.shape[:2]), present)

    def save_config(self, folder: Path) -> None:
        """Write what `load_vision` needs besides the knobs."""
        folder.mkdir(parents=True, exist_ok=True)
        self.encoder.save_config(folder)


def build_vision(params: VisionParams, *, pretrained: bool = True) -> TrainedVision:
    """The encoder that `params` names, with its pretrained weights.

    Imported only here, because most trainings read features and none of this; what it all consists of stands in
    features.json (`tandem.vision.registry.trained_identity`), which a training depends on.
    """
    from tandem.vision.augment import Augmentation  # noqa: PLC0415
    from tandem.vision.registry import load_encoder  # noqa: PLC0415

    encoder = load_encoder(params, pretrained=pretrained)
    return TrainedVision(encoder=encoder, augment=Augmentation(params.augment, side=params.image_size))


def load_vision(params: VisionParams, folder: Path) -> TrainedVision:
    """The same encoder with random weights, from the knobs and what `save_config` wrote; a checkpoint brings them."""
    named = params if params.family in WEIGHTED_FAMILIES else params.model_copy(update={"encoder": f"hf/{folder}"})
    return build_vision(named, pretrained=False)
