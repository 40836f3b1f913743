"""Features of pictures at hand, as the cache would give them. For prediction on new posts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from tandem.params.vision import VisionParams
from tandem.vision.cache import PictureFeatures
from tandem.vision.extract import autocast, device, to_storage
from tandem.vision.pictures import Picture, open_picture
from tandem.vision.registry import load_encoder


class LiveFeatures:
    """A loaded encoder that turns pictures (or captions) into a batch of features.

    Args:
        params: the encoder that the tagger was trained with.
    """

    def __init__(self, *, params: VisionParams) -> None:
        self.params = params = params.extracted
        self.device = device()
        self.encoder = load_encoder(params).to(self.device).to(memory_format=torch.channels_last)

    def gather(
        self, pictures: Sequence[Path | bytes | None], captions: Sequence[str | None]
    ) -> tuple[PictureFeatures, list[Picture]]:
        """Features of a batch, on the CPU, and what opening each picture gave.

        Args:
            pictures: B paths or files' bytes; None = no picture. Not opened where the encoder reads captions.
            captions: B captions; None or empty = none. Not read where the encoder reads pictures.
        """
        encoder = self.encoder
        opened: list[Picture] = []
        tensors: list[torch.Tensor] = []
        for picture, caption in zip(pictures, captions, strict=True):
            if encoder.source == "caption":
                tokens = encoder.preprocess((caption or "").strip())
                found = Picture(None, "ok" if tokens.shape[-1] else "missing", 0, 0)
                tensors.extend([tokens] if tokens.shape[-1] else [])
            else:
                found = open_picture(picture, self.params.max_pixels, side=encoder.side)
                tensors.extend([] if found.image is None else [encoder.preprocess(found.image)])
            opened.append(found)
        present = torch.tensor([found.status == "ok" for found in opened], dtype=torch.bool)
        count = len(opened)
        if not tensors:
            empty = torch.zeros(count, 1, encoder.region_dim)
            mask = torch.zeros(count, 1, dtype=torch.bool)
            return PictureFeatures(torch.zeros(count, encoder.pooled_dim), empty, mask, present), opened
        with torch.inference_mode(), autocast(encoder, self.params.precision, self.device):
            encoded = encoder(encoder.collate(tensors).to(self.device))
        stored = to_storage(encoded.regions, self.params).float().cpu()  # rounded as in the cache
        pooled = torch.zeros(count, encoder.pooled_dim)
        regions = torch.zeros(count, stored.shape[1], encoder.region_dim)
        lengths = torch.zeros(count, dtype=torch.int64)
        pooled[present], regions[present], lengths[present] = encoded.pooled.cpu(), stored, encoded.lengths.cpu()
        mask = torch.arange(stored.shape[1]) < lengths[:, None]
        return PictureFeatures(pooled, regions, mask, present), opened
