"""Word clouds: the area of a word goes by how often it comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure
from wordcloud import WordCloud

from tandem.reporting.explore.fonts import best_font, lacking, undrawable
from tandem.reporting.explore.plots import panels, short
from tandem.reporting.style import colour

MOST_WORDS = 50  # in a cloud
WIDTH, HEIGHT = 480, 300  # of a cloud, in pixels
SIZES = (72, 60, 50, 42, 35, 29, 24, 20, 17, 14, 11)  # points of the most frequent word; none is smaller than the last
SEED = 13  # the same words give the same cloud


def left_out(words: Sequence[str]) -> int:
    """How many of the words would be in their cloud if the font had their characters."""
    return lacking(words[:MOST_WORDS], best_font(words[:MOST_WORDS]))


def plot_clouds(counts: Mapping[str, Mapping[str, int]], title: str) -> Figure:
    """A cloud for each type, out of its words, most frequent first, and their counts."""
    figure, boxes = panels(len(counts), 3.6, 2.4)
    for number, ((kind, words), axes) in enumerate(zip(counts.items(), boxes, strict=False)):
        shown = list(words)[:MOST_WORDS]
        font = best_font(shown)
        drawn = {word: words[word] for word in shown if not undrawable(word, [font])}
        axes.set_title(short([kind])[0], fontsize=10)
        axes.axis("off")
        if drawn:
            axes.imshow(_cloud(drawn, font, colour(number)).to_array(), interpolation="bilinear")
        else:
            axes.text(0.5, 0.5, "no font has these characters", ha="center", va="center", transform=axes.transAxes)
    figure.suptitle(title, fontsize=12)
    return figure


def _cloud(counts: Mapping[str, int], font: Path, ink: str) -> WordCloud:
    """The cloud with the largest words that leave room for all: by itself, wordcloud shrinks those that come last."""
    most = max(counts.values())
    for largest in SIZES:
        points = {word: round(largest * (count / most) ** 0.5) for word, count in counts.items()}
        points = {word: size for word, size in points.items() if size >= SIZES[-1]}
        cloud = WordCloud(
            font_path=str(font),
            width=WIDTH,
            height=HEIGHT,
            background_color="white",
            color_func=lambda *_, **__: ink,
            prefer_horizontal=1.0,  # turned words are hard to read
            relative_scaling=1.0,  # a word's size to that of the one before is as their numbers are
            max_font_size=largest,
            min_font_size=SIZES[-1],
            margin=3,
            random_state=SEED,
        ).generate_from_frequencies(points)
        if {word: size for (word, _), size, *_ in cloud.layout_} == points:
            break
    return cloud
