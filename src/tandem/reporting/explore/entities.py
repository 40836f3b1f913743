"""The data analysis of a NER corpus.

| file | columns |
|---|---|
| lengths.csv | split, words, sentences: how many sentences have so many words |
| types.csv | type, split, count: entities, default reading (see `tandem.evaluation.spans`) |
| entities.csv | split, entities, sentences: how many sentences hold so many entities |
| co_occurrence.csv | type, with, sentences: sentences that hold both; for a type with itself, two or more of it |
| pictures.csv | split, picture, sentences: picture is `present`, `missing` (named but no file) or `none named` |

Those of `tandem.reporting.explore.mentions` come besides. The tables hold every entity type; the plots show the most
frequent ones, so that they stay legible and small.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import pandas as pd
from matplotlib.figure import Figure

from tandem.evaluation.spans import spans
from tandem.reporting.explore import mentions
from tandem.reporting.explore.counts import lengths, pictures, splits_of, spread
from tandem.reporting.explore.items import Item, Tables
from tandem.reporting.explore.plots import (
    MOST_INCHES,
    MOST_NUMBERED,
    frequent,
    heat,
    histogram,
    legend,
    name_size,
    pictures_plot,
    short,
)
from tandem.reporting.explore.say import say_co_occurrence, say_entities, say_lengths, say_pictures, say_types
from tandem.reporting.style import colour, new_figure

COLUMNS = ["id", "split", "words", "tags", "image_id", "image_path"]


def describe(samples: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables above by their file's stem, out of the columns in `COLUMNS`."""
    found = mentions.tables(mentions.of_tags(samples))
    return {"lengths": lengths(samples), **entity_tables(samples), **found, "pictures": pictures(samples)}


def entity_tables(samples: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """types, entities and co_occurrence, out of the columns split and tags."""
    splits = splits_of(samples)
    types = [[span.type for span in spans(list(tags), "default")] for tags in samples["tags"]]
    rows = list(zip(samples["split"], types, strict=True))
    names = sorted({kind for found in types for kind in found})

    per_sentence = Counter((split, len(found)) for split, found in rows)
    per_type = Counter((kind, split) for split, found in rows for kind in found)
    together: Counter[tuple[str, str]] = Counter()
    for found in types:
        counts = Counter(found)
        together.update((kind, kind) for kind, count in counts.items() if count > 1)
        together.update(combinations(sorted(counts), 2))
    return {
        "types": pd.DataFrame(
            [(kind, split, per_type[kind, split]) for kind in names for split in splits],
            columns=["type", "split", "count"],
        ),
        "entities": spread(["split", "entities", "sentences"], per_sentence, splits),
        "co_occurrence": pd.DataFrame(
            [(one, other, together[min(one, other), max(one, other)]) for one in names for other in names],
            columns=["type", "with", "sentences"],
        ),
    }


def _plot_lengths(tables: Tables, name: str) -> Figure | None:
    return histogram(tables["lengths"], name, "words", "words in a sentence")


def _plot_entities(tables: Tables, name: str) -> Figure | None:
    return histogram(tables["entities"], name, "entities", "entities in a sentence")


def _plot_types(tables: Tables, name: str) -> Figure:
    table = tables["types"]
    names, note = frequent(table, "type")
    wide = table.pivot(index="type", columns="split", values="count").loc[names, list(table["split"].unique())]
    figure, (axes,) = new_figure(min(MOST_INCHES, max(5.0, 1.4 * len(wide) + 2)), 3.6)
    width = 0.8 / max(wide.shape[1], 1)
    for number, split in enumerate(wide.columns):
        places = [place + (number - (wide.shape[1] - 1) / 2) * width for place in range(len(wide))]
        bars = axes.bar(places, wide[split], width * 0.94, color=colour(number), label=split)
        if len(names) <= MOST_NUMBERED:
            axes.bar_label(bars, fmt="{:,.0f}", fontsize=8 if len(names) < 9 else 6, padding=1)
    axes.set_xticks(range(len(names)), short(names), rotation=0 if len(names) < 9 else 60, fontsize=name_size(names))
    axes.grid(visible=False, axis="x")
    axes.set(title=f"{name}: entities by type{note}", xlabel="entity type", ylabel="entities")
    legend(axes)
    return figure


def _plot_co_occurrence(tables: Tables, name: str) -> Figure | None:
    found, note = frequent(tables["types"], "type")
    if len(found) < 2:
        return None
    names = sorted(found)
    wide = tables["co_occurrence"].pivot(index="type", columns="with", values="sentences")
    figure, axes = heat(wide.reindex(index=names, columns=names), "sentences")
    axes.set_title(f"{name}: types in one sentence{note}\n(diagonal: two or more of the type)", fontsize=10)
    return figure


LENGTHS = Item(key="lengths", title="Lengths of the sentences", say=say_lengths, plot=_plot_lengths)
PICTURES = Item(key="pictures", title="Pictures of the sentences", say=say_pictures, plot=pictures_plot)
ENTITY_ITEMS = (
    Item(key="types", title="Entities by type", say=say_types, plot=_plot_types),
    Item(key="entities", title="Entities in a sentence", say=say_entities, plot=_plot_entities),
    Item(key="co_occurrence", title="Types in one sentence", say=say_co_occurrence, plot=_plot_co_occurrence),
)
ITEMS = (LENGTHS, *ENTITY_ITEMS, *mentions.ITEMS, PICTURES)


def labels(samples: pd.DataFrame) -> Iterator[tuple[str | None, list[str]]]:
    """Picture and entity types of each sentence."""
    for image_id, tags in zip(samples["image_id"], samples["tags"], strict=True):
        yield image_id, [span.type for span in spans(list(tags), "default")]
