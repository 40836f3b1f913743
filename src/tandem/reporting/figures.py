"""The figures of the report, as SVG that takes the page's colours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.ticker import MaxNLocator

from tandem.reporting.phrases import score_name
from tandem.reporting.results import Results, number
from tandem.reporting.style import INK, MARKERS, colour, new_figure, styled, to_svg

CONTROLS = ((("controls", "shuffled_image"), "exchanged"), (("controls", "no_image"), "none"))
CEILINGS = (("picture", "best with pictures", "-"), ("text_only", "best from text alone", (0, (2, 2))))


def pictures_figure(results: Results) -> str:
    """F1 of every corpus with own, exchanged and no pictures, and the ceilings where they are known."""
    names = list(results.evaluate)
    with styled():
        figure, (axes,) = new_figure(8, 0.62 * len(names) + 1.5)
        for place, name in enumerate(names):
            tree = results.evaluate[name]
            for rule, label, line in CEILINGS:
                ceiling = number(results.ceiling.get(name), rule, "expected_f1")
                if ceiling is not None:
                    axes.plot(
                        [100 * ceiling] * 2, [place - 0.38, place + 0.38], color=INK, ls=line, lw=1.4, label=label
                    )
            own = ((results.headline(name).key,), "own pictures")
            for number_of, (path, label) in enumerate((own, *CONTROLS)):
                f1, deviation = number(tree, *path, "f1"), number(tree, "std", *path, "f1")
                if f1 is not None:
                    axes.errorbar(
                        100 * f1,
                        place + 0.2 * (number_of - 1),
                        xerr=100 * (deviation or 0.0),
                        fmt=MARKERS[number_of],
                        color=colour(number_of),
                        capsize=3,
                        markersize=6,
                        label=label,
                    )
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"test {score_name(results)} × 100 (bars: one deviation over the seeds)")
        handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        if handles:
            figure.legend(handles.values(), handles, loc="outside upper center", ncols=len(handles), fontsize=9)
        return to_svg(
            figure,
            f"Test {score_name(results)} with own, exchanged and no pictures; the numbers are in the table below.",
        )


def learning_figure(name: str, score: str, curves: Mapping[int, pd.DataFrame]) -> str:
    """Validation F1, called `score`, and training loss by epoch, one line a seed; the kept epoch is ringed."""
    with styled():
        figure, (left, right) = new_figure(8, 2.9, columns=2)
        for number_of, (seed, curve) in enumerate(curves.items()):
            series: dict[str, Any] = {"color": colour(number_of), "marker": MARKERS[number_of % len(MARKERS)]}
            series |= {"markersize": 3.5, "linewidth": 1.5}
            left.plot(curve["epoch"], 100 * curve["valid_f1"], label=f"seed {seed}", **series)
            right.plot(curve["epoch"], curve["loss"], **series)
            best = curve["valid_f1"].max()
            kept = curve["epoch"][curve["valid_f1"] == best].head(1)  # ties: training keeps the earlier
            left.plot(kept, [100 * best] * len(kept), "o", ms=9, mfc="none", mec=colour(number_of))
        left.set(title=name, xlabel="epoch", ylabel=f"validation {score} × 100")
        right.set(title=" ", xlabel="epoch", ylabel="training loss")
        for axes in (left, right):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if curves:
            left.legend(loc="lower right")
        return to_svg(figure, f"Learning curves of {name}: validation {score} and training loss by epoch.")
