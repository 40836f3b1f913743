from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

COLUMNS = ["image_id", "image_path", "image_hash", "caption"]


def noise(seed: int, width: int = 50, height: int = 40) -> Image.Image:
    """Blocks of random colours, different for every seed."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize((width, height), Image.Resampling.NEAREST)


@pytest.fixture
def make_pictures(tmp_path: Path) -> Callable[..., pd.DataFrame]:
    """Save noise pictures, one per seed, as image ids 0, 1, ...; the table that `extract` takes."""

    def make(seeds: Sequence[int], folder: str = "pictures", **size: int) -> pd.DataFrame:
        (tmp_path / folder).mkdir(exist_ok=True)
        rows = []
        for image_id, seed in enumerate(seeds):
            path = tmp_path / folder / f"{image_id}.png"
            noise(seed, **size).save(path)
            rows.append((str(image_id), str(path), hashlib.sha256(path.read_bytes()).hexdigest(), f"caption {seed}"))
        return pd.DataFrame(rows, columns=COLUMNS)

    return make
