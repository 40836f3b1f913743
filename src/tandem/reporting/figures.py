"""The figures of the report. Each is as wide as a phone, so that its text stays legible there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tandem.reporting.classes import class_scores
from tandem.reporting.confusions import matrix
from tandem.reporting.drawing import Drawing, draw
from tandem.reporting.phrases import score_name
from tandem.reporting.predictions import BINS
from tandem.reporting.results import CHANCE, HEADLINES, Results, Study, number
from tandem.reporting.style import FAINT, INK, MARKERS, colour, new_figure, styled

WIDTH = 4.6  # inches: 10 points of text are about 11 pixels on a phone
WIDEST = 10.0
MOST_NAMES = 40  # rows of a figure
MOST_CELLS = 30  # rows and columns of a figure of confusions
LONGEST_NAME = 28
CONDITIONS = (
    (("controls", "shuffled_image"), "exchanged"),
    (("controls", "noise_image"), "noise"),
    (("controls", "no_image"), "none"),
    (("twin",), "text_only twin"),
)
CEILINGS = (("picture", "best with pictures", "-"), ("text_only", "best from text alone", (0, (2, 2))))


def drawings(results: Results) -> dict[str, Drawing]:
    """Every figure for which there are numbers, by its key."""
    with styled():
        return {drawing.key: drawing for drawing in _all(results)}


def _all(results: Results) -> Iterator[Drawing]:
    if results.evaluate:
        yield pictures_figure(results)
    for name in results.datasets:
        curves = {seed: results.history[name, seed] for seed in results.seeds if (name, seed) in results.history}
        if curves:
            yield learning_figure(name, results.headline(name).title, curves)
        if class_scores(results, name):
            yield classes_figure(results, name)
        if name in results.confusion:
            yield confusion_figure(results, name)
        bins = results.evaluate.get(name, {}).get("calibration", {}).get("bins")
        if bins:
            yield reliability_figure(name, bins)
        if name in results.gates:
            yield gates_figure(name, results.gates[name])
    for task in HEADLINES:
        if any({one, two} <= set(results.of_task(task)) for one, two in results.transfer):
            yield transfer_figure(results, task)
    for key, study in results.studies.items():
        for corpus, table in study.table.groupby("corpus", sort=False):
            yield fusion_figure(f"fusion-{key}-{corpus}", study, str(corpus), table)


def pictures_figure(results: Results) -> Drawing:
    """F1 of every corpus with own, exchanged and no pictures, of its twin, and the ceilings where they are known."""
    names = list(results.evaluate)
    figure, (axes,) = new_figure(WIDTH, 0.8 * len(names) + 1.6)
    for place, name in enumerate(names):
        tree = results.evaluate[name]
        for rule, label, line in CEILINGS:
            ceiling = number(results.ceiling.get(name), rule, "expected_f1")
            if ceiling is not None:
                axes.plot([100 * ceiling] * 2, [place - 0.4, place + 0.4], color=INK, ls=line, lw=1.4, label=label)
        own = ((results.headline(name).key,), "own pictures")
        for series, (path, label) in enumerate((own, *CONDITIONS)):
            f1, deviation = number(tree, *path, "f1"), number(tree, "std", *path, "f1")
            if f1 is not None:
                axes.errorbar(
                    100 * f1,
                    place + 0.15 * (series - 2),
                    xerr=100 * (deviation or 0.0),
                    fmt=MARKERS[series],
                    color=colour(series),
                    capsize=2.5,
                    markersize=5,
                    label=label,
                )
    axes.set_yticks(range(len(names)), _short(names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(f"test {score_name(results)} × 100")
    handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    if handles:
        figure.legend(handles.values(), handles, loc="outside upper center", ncols=2, fontsize=9)
    return draw(
        "pictures",
        figure,
        f"Test {score_name(results)} with own, exchanged and no pictures; the numbers are in the table below.",
    )


def kept_epoch(curve: pd.DataFrame) -> pd.DataFrame:
    """The row of the epoch whose weights training kept; none of an empty curve."""
    deciding = curve["valid_weighted_f1" if "valid_weighted_f1" in curve else "valid_f1"]  # by train.select_by
    return curve[deciding == deciding.max()].head(1)  # ties: training keeps the earlier


def learning_figure(name: str, score: str, curves: Mapping[int, pd.DataFrame]) -> Drawing:
    """Validation F1, called `score`, and training loss by epoch, one line a seed; the kept epoch is ringed."""
    figure = Figure(figsize=(WIDTH, 4.4), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    for place, (seed, curve) in enumerate(curves.items()):
        series: dict[str, Any] = {"color": colour(place), "marker": MARKERS[place % len(MARKERS)]}
        series |= {"markersize": 3.5, "linewidth": 1.5}
        top.plot(curve["epoch"], 100 * curve["valid_f1"], label=f"seed {seed}", **series)
        bottom.plot(curve["epoch"], curve["loss"], **series)
        kept = kept_epoch(curve)
        top.plot(kept["epoch"], 100 * kept["valid_f1"], "o", ms=9, mfc="none", mec=colour(place))
    top.set(title=name, ylabel=f"validation {score} × 100")
    bottom.set(xlabel="epoch", ylabel="training loss")
    bottom.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    bottom.set_ylim(bottom=0)
    top.legend(loc="lower right")
    label = f"Learning curves of {name}: validation {score} and training loss by epoch."
    return draw(f"learning-{name}", figure, label)


def classes_figure(results: Results, name: str) -> Drawing:
    """F1 of every entity type, or relation, with its interval where there is one, and its number of test cases."""
    scores = class_scores(results, name)[:MOST_NAMES]
    figure, (axes,) = new_figure(WIDTH, 0.3 * len(scores) + 1.1)
    places = range(len(scores))
    axes.barh(places, [100 * score.f1 for score in scores], color=colour(0), height=0.62)
    for place, score in zip(places, scores, strict=True):
        if score.low is not None and score.high is not None:
            axes.plot([100 * score.low, 100 * score.high], [place] * 2, color=INK, lw=1.5, marker="|", ms=6)
    axes.set_yticks(
        places,
        [
            f"{short}  {score.support:,.0f}"
            for short, score in zip(_short([s.name for s in scores]), scores, strict=True)
        ],
    )
    axes.set_ylim(len(scores) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.grid(visible=False, axis="y")
    axes.set(title=name, xlabel=f"test {results.headline(name).title} × 100")
    return draw(f"classes-{name}", figure, f"F1 by type on {name}, with the number of test cases beside each name.")


def confusion_figure(results: Results, name: str) -> Drawing:
    """How often what is read as what; the shade is the share of the row."""
    found = matrix(results.confusion[name], MOST_CELLS)
    counts = [[found.count(row, column) for column in found.columns] for row in found.rows]
    shares = [[found.share(row, column) for column in found.columns] for row in found.rows]
    texts = [["" if not count else f"{count:.0f}" if count >= 1 else "<1" for count in line] for line in counts]
    figure = _heat(found.rows, found.columns, shares, texts)
    figure.axes[0].set(title=name, xlabel="read as", ylabel="gold")
    return draw(f"confusion-{name}", figure, f"Confusions on {name}: rows are gold, columns what they are read as.")


def reliability_figure(name: str, bins: Sequence[Mapping[str, float]]) -> Drawing:
    """How often what is said with some confidence is right; on the diagonal, confidence means what it says."""
    full = [one for one in bins if one["items"]]
    total = sum(one["items"] for one in full)
    figure = Figure(figsize=(WIDTH, 4.0), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    top.plot([0, 1], [0, 1], color=INK, lw=1, ls=(0, (3, 3)), label="perfectly calibrated")
    top.plot([one["confidence"] for one in full], [one["accuracy"] for one in full], color=colour(0), lw=1.5)
    sizes = [12 + 120 * one["items"] / total for one in full]
    top.scatter(
        [one["confidence"] for one in full], [one["accuracy"] for one in full], sizes, color=colour(0), zorder=3
    )
    top.set(title=name, ylabel="share that is right", xlim=(0, 1.02), ylim=(0, 1.04))
    top.legend(loc="upper left", fontsize=9)
    widths = [one["high"] - one["low"] for one in full]
    middles = [(one["low"] + one["high"]) / 2 for one in full]
    bottom.bar(
        middles, [one["items"] / total * 100 for one in full], [0.9 * width for width in widths], color=colour(0)
    )
    bottom.set(xlabel="confidence", ylabel="%")
    return draw(
        f"reliability-{name}", figure, f"Reliability on {name}: how often what is said with some confidence is right."
    )


def gates_figure(name: str, gates: Mapping[str, Sequence[int]]) -> Drawing:
    """How the words of each gold type spread over the weights that they give to the picture."""
    kinds = list(gates)[:MOST_NAMES]
    figure = Figure(figsize=(WIDTH, 0.62 * len(kinds) + 1.1), layout="constrained")
    rows = figure.subplots(len(kinds), 1, sharex=True, squeeze=False)[:, 0]
    places = [(place + 0.5) / BINS for place in range(BINS)]
    for series, (axes, kind) in enumerate(zip(rows, kinds, strict=True)):
        total = sum(gates[kind])
        axes.bar(places, [count / total for count in gates[kind]], 0.92 / BINS, color=colour(series))
        mean = sum(place * count for place, count in zip(places, gates[kind], strict=True)) / total
        axes.axvline(mean, color=INK, lw=1.2)
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines["left"].set_visible(False)
        axes.set_ylabel(_short([kind], 14)[0], rotation=0, ha="right", va="center")
    rows[0].set_title(name)
    rows[-1].set(xlabel="weight on the picture (line: mean)", xlim=(0, 1))
    return draw(f"gates-{name}", figure, f"Weight that the words of each gold type give to the picture, on {name}.")


def transfer_figure(results: Results, task: str) -> Drawing:
    """F1 of models trained on the row's corpus on the test split of the column's."""
    names, headline = results.of_task(task), HEADLINES[task]
    scores = [[number(results.transfer.get((one, two)), headline.key, "f1") for two in names] for one in names]
    known = [score for line in scores for score in line if score is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    shades = [[_shade(score, low, high) for score in line] for line in scores]
    texts = [["–" if score is None else f"{100 * score:.1f}" for score in line] for line in scores]
    figure = _heat(names, names, shades, texts)
    figure.axes[0].set(title=f"test {headline.title} × 100", xlabel="tested on", ylabel="trained on")
    return draw(
        f"transfer-{task}", figure, f"Transfer, {headline.title}: rows are training corpora, columns test corpora."
    )


def fusion_figure(key: str, study: Study, corpus: str, table: pd.DataFrame) -> Drawing:
    """Every system of a study against its baseline, with the interval; the scores alone where there is no baseline."""
    against = table[table["above_baseline"].notna()]
    rows = (against if len(against) else table).head(MOST_NAMES)
    value = "above_baseline" if len(against) else "mean"
    figure, (axes,) = new_figure(WIDTH, 0.32 * len(rows) + 1.2)
    for place, row in enumerate(rows.to_dict("records")):
        middle = 100 * row[value]
        spread = row["std"] if pd.notna(row["std"]) else 0.0
        low, high = (row["low"], row["high"]) if len(against) else (row["mean"] - spread, row["mean"] + spread)
        apart = bool(len(against)) and bool(row["p_holm"] < CHANCE)
        axes.plot([100 * low, 100 * high], [place] * 2, color=colour(0 if apart else 1), lw=2)
        axes.plot(middle, place, "o", color=colour(0 if apart else 1), ms=6, mfc=None if apart else "#ffffff")
    if len(against):
        axes.axvline(0, color=INK, lw=1)
    axes.set_yticks(range(len(rows)), _short([str(name) for name in rows["system"]]))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    label = f"points above {study.baseline or 'the baseline'}" if len(against) else "F1 × 100"
    axes.set(title=corpus, xlabel=label)
    return draw(key, figure, f"{study.title} on {corpus}: {label}; the numbers are in the table.")


def _heat(rows: Sequence[str], columns: Sequence[str], shades: list[list[float]], texts: list[list[str]]) -> Figure:
    """Cells between white and blue, `shades` from 0 to 1, with their texts."""
    side = min(0.7, (WIDEST - 2.2) / max(len(rows), len(columns), 1))
    figure, (axes,) = new_figure(max(WIDTH, side * len(columns) + 2.2), side * len(rows) + 1.8)
    axes.grid(visible=False)
    axes.imshow(shades, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    size = 10 if side > 0.5 else 7
    _texts(axes, shades, texts, size)
    turned = 60 if len(columns) > 4 or max(map(len, columns), default=0) > 8 else 0
    axes.set_xticks(range(len(columns)), _short(columns), rotation=turned, fontsize=size)
    axes.set_yticks(range(len(rows)), _short(rows), fontsize=size)
    axes.spines[:].set_color(FAINT)
    return figure


def _texts(axes: Axes, shades: list[list[float]], texts: list[list[str]], size: float) -> None:
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            if text:
                ink = "#ffffff" if shades[row][column] > 0.55 else INK
                shown = axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=size)
                shown.set_in_layout(False)  # it lies inside its cell; to lay out a thousand of them takes seconds


def _shade(score: float | None, low: float, high: float) -> float:
    if score is None:
        return 0.0
    return 0.1 + 0.8 * ((score - low) / (high - low) if high > low else 0.5)


def _short(names: Sequence[str], longest: int = LONGEST_NAME) -> list[str]:
    """Names that leave a figure its room."""
    return [name if len(name) <= longest else f"{name[: longest - 1]}…" for name in names]
