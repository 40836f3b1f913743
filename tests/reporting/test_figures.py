"""What figures say beyond their data."""

from __future__ import annotations

import pandas as pd
import pytest

from tandem.reporting.figures import kept_epoch


@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        ({"valid_f1": [0.2, 0.6, 0.6, 0.5]}, [2]),
        ({"valid_f1": [0.2, 0.6, 0.7, 0.5], "valid_weighted_f1": [0.1, 0.2, 0.2, 0.3]}, [4]),
        ({"valid_f1": []}, []),
    ],
)
def test_figures_ring_the_epoch_that_training_kept(columns: dict[str, list[float]], kept: list[int]) -> None:
    curve = pd.DataFrame({"epoch": range(1, 1 + len(columns["valid_f1"])), **columns})
    assert kept_epoch(curve)["epoch"].tolist() == kept
