"""What figures say beyond their data."""

from __future__ import annotations

import pandas as pd
import pytest

from tandem.reporting.figures import fusion_figure, kept_epoch
from tandem.reporting.results import Study
from tandem.reporting.style import colour


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


@pytest.mark.parametrize(("p", "apart"), [(0.049, True), (0.2, False), (float("nan"), False)])
def test_figures_fill_a_difference_that_the_correction_leaves(p: float, apart: bool) -> None:
    row = {"system": "film", "mean": 0.82, "std": 0.01, "above_baseline": 0.02, "low": 0.01, "high": 0.03, "p_holm": p}
    study = Study("Ways to fuse", "text_only", pd.DataFrame([row]))
    assert (colour(0) in fusion_figure("one", study, "terns", study.table).svg) == apart
