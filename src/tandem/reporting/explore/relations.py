"""The data analysis of a relation corpus. A sentence is a text with its picture; it has a row for each of its pairs.

| file | columns |
|---|---|
| lengths.csv | split, words, sentences: how many sentences have so many words |
| relations.csv | relation, split, count: pairs; those without a relation as `None`, which pandas reads as missing |
| argument_types.csv | head, tail, pairs: types of both ends, where the relation's name tells them: /per/org/member_of |
| distance.csv | split, words, pairs: how many pairs have so many words between head and tail; -1: they overlap |
| pairs.csv | split, pairs, sentences: how many sentences have so many pairs |
| pictures.csv | split, picture, sentences: picture is `present`, `missing` (named but no file) or `none named` |

types.csv, entities.csv and co_occurrence.csv (see `tandem.reporting.explore.entities`) come besides if sentences have
tags, and those of `tandem.reporting.explore.mentions` in any case. The tables hold every relation; the plots show the
most frequent ones, so that they stay legible and small.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tandem.corpora.schema import NO_RELATION, argument_types
from tandem.reporting.explore import mentions
from tandem.reporting.explore.counts import lengths, pictures, splits_of, spread
from tandem.reporting.explore.entities import ENTITY_ITEMS, LENGTHS, PICTURES, entity_tables
from tandem.reporting.explore.items import Item, Tables
from tandem.reporting.explore.plots import frequent, heat, histogram, short
from tandem.reporting.explore.say import say_argument_types, say_distance, say_pairs, say_relations
from tandem.reporting.style import colour, new_figure

ENDS = ["head_start", "head_end", "tail_start", "tail_end"]
COLUMNS = ["id", "split", "words", "tags", "image_id", "image_path", *ENDS, "relation"]
LONGEST_RELATION = 36  # characters beside an axis; the longest of MNRE has 27
OVERLAP = -1


def describe(pairs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables above by their file's stem, out of the columns in `COLUMNS`."""
    splits = splits_of(pairs)
    sentences = sentences_of(pairs)
    counts = Counter(zip(pairs["relation"], pairs["split"], strict=True))
    distances = Counter(zip(pairs["split"], map(_distance, *(pairs[end] for end in ENDS)), strict=True))
    per_sentence = Counter(zip(sentences["split"], sentences["pairs"], strict=True))
    tables = {
        "lengths": lengths(sentences),
        "relations": pd.DataFrame(
            [(name, split, counts[name, split]) for name in sorted(set(pairs["relation"])) for split in splits],
            columns=["relation", "split", "count"],
        ),
        "argument_types": _argument_table(pairs["relation"]),
        "distance": spread(["split", "words", "pairs"], distances, splits),
        "pairs": spread(["split", "pairs", "sentences"], per_sentence, splits),
        "pictures": pictures(sentences),
    }
    tagged = sentences[sentences["tags"].notna()]
    if tagged.empty:
        return {**tables, **mentions.tables(mentions.of_relations(pairs))}
    return {**tables, **entity_tables(tagged), **mentions.tables(mentions.of_tags(tagged))}


def sentences_of(pairs: pd.DataFrame) -> pd.DataFrame:
    """The first row of each sentence of a split, with the number of its pairs."""
    columns = zip(pairs["split"], pairs["words"], pairs["image_id"], strict=True)
    places = [(split, tuple(words), None if pd.isna(image_id) else image_id) for split, words, image_id in columns]
    keys = pd.Series(places, index=pairs.index, dtype=object)
    return pairs.assign(pairs=keys.map(Counter(places)))[~keys.duplicated()]


def _distance(head_start: int, head_end: int, tail_start: int, tail_end: int) -> int:
    """Words between the two; `OVERLAP` if they share one."""
    return max(tail_start - head_end, head_start - tail_end, OVERLAP)


def _argument_table(relations: pd.Series) -> pd.DataFrame:
    counts = Counter(filter(None, map(argument_types, relations)))
    heads, tails = (sorted({pair[end] for pair in counts}) for end in (0, 1))
    return pd.DataFrame(
        [(head, tail, counts[head, tail]) for head in heads for tail in tails], columns=["head", "tail", "pairs"]
    )


def _plot_lengths(tables: Tables, name: str) -> Figure | None:
    return histogram(tables["lengths"], name, "words", "words in a sentence")


def _plot_relations(tables: Tables, name: str) -> Figure:
    """Shares of `None` on the left, numbers of the relations on the right: `None` would dwarf them."""
    table = tables["relations"]
    splits = list(table["split"].unique())
    names, note = frequent(table[table["relation"] != NO_RELATION], "relation")
    wide = table.pivot(index="relation", columns="split", values="count").reindex(columns=splits)
    totals, none = wide.sum(), wide.reindex([NO_RELATION], fill_value=0).loc[NO_RELATION]

    figure, (left, right) = new_figure(10, max(3.6, 0.29 * len(names) + 1.6), columns=2, ratios=(1, 4))
    shares = [100 * none[split] / max(totals[split], 1) for split in splits]
    bars = left.bar(splits, shares, color=[colour(number) for number in range(len(splits))], width=0.7)
    left.bar_label(bars, [f"{none[split]:,} of\n{totals[split]:,}" for split in splits], fontsize=7, padding=1)
    left.set(title=NO_RELATION, ylabel="share of pairs (%)", ylim=(0, 112))
    left.set_yticks(range(0, 101, 20))
    left.grid(visible=False, axis="x")

    height = 0.8 / max(len(splits), 1)
    for number, split in enumerate(splits):
        places = [place + (number - (len(splits) - 1) / 2) * height for place in range(len(names))]
        label = f"{split} ({totals[split]:,} pairs)"
        bars = right.barh(places, wide.loc[names, split], height * 0.94, color=colour(number), label=label)
        right.bar_label(bars, fmt="{:,.0f}", fontsize=5, padding=1)
    right.set_yticks(range(len(names)), short(names, LONGEST_RELATION), fontsize=8)
    right.set_ylim(len(names) - 0.4, -0.6)
    right.grid(visible=False, axis="y")
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.set(title=f"{name}: relations{note}", xlabel="pairs")
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower right", ncols=3, fontsize=9)
    return figure


def _plot_argument_types(tables: Tables, name: str) -> Figure:
    table = tables["argument_types"]
    (heads, more_heads), (tails, more_tails) = (
        frequent(table.rename(columns={"pairs": "count"}), end) for end in ("head", "tail")
    )
    wide = table.pivot(index="head", columns="tail", values="pairs").reindex(index=sorted(heads), columns=sorted(tails))
    figure, axes = heat(wide, "pairs")
    axes.set(xlabel=f"type of the tail{more_tails}", ylabel=f"type of the head{more_heads}")
    silent = tables["relations"]["count"].sum() - table["pairs"].sum()
    axes.set_title(f"{name}: types in the relations' names\n({silent:,} pairs without, None among them)", fontsize=10)
    return figure


def _plot_distance(tables: Tables, name: str) -> Figure | None:
    table = tables["distance"]
    overlap = "; -1: they overlap" if (table["words"] == OVERLAP).any() else ""
    return histogram(table, name, "words", f"words between head and tail{overlap}", "pairs")


def _plot_pairs(tables: Tables, name: str) -> Figure | None:
    return histogram(tables["pairs"], name, "pairs", "pairs of a sentence")


ITEMS = (
    LENGTHS,
    Item(key="relations", title="Pairs by relation", say=say_relations, plot=_plot_relations),
    Item(key="argument_types", title="Types of head and tail", say=say_argument_types, plot=_plot_argument_types),
    Item(key="distance", title="Words between head and tail", say=say_distance, plot=_plot_distance),
    Item(key="pairs", title="Pairs of a sentence", say=say_pairs, plot=_plot_pairs),
    *ENTITY_ITEMS,
    *mentions.ITEMS,
    PICTURES,
)


def labels(pairs: pd.DataFrame) -> Iterator[tuple[str | None, list[str]]]:
    """Picture and relation of each pair; no relation is no label."""
    for image_id, relation in zip(pairs["image_id"], pairs["relation"], strict=True):
        yield image_id, [] if relation == NO_RELATION else [relation.rpartition("/")[2]]
