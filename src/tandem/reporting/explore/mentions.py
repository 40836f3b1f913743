"""What is named, and how: the words of the mentions of each type.

| file | columns |
|---|---|
| entity_lengths.csv | type, words, mentions: how many mentions of the type have so many words |
| mentions.csv | type, mention, train, valid, test, mentions: the most frequent of each type, most frequent first |
| ambiguity.csv | type, split, mentions, ambiguous, unseen: ambiguous are those whose words name another type, \
too, unseen those whose words train never names |
| ambiguous.csv | mention, mentions, types, usual: words of several types, and the share of the usual one; first those \
that are most often of another |

Words are compared without case; the spelling shown is the most frequent one. In a relation corpus without tags, the
types are those that the relations' names give to head and tail, so that pairs without a relation say nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import pandas as pd
from matplotlib.figure import Figure

from tandem.corpora.schema import SPLITS, argument_types
from tandem.evaluation.spans import spans
from tandem.reporting.explore.clouds import left_out, plot_clouds
from tandem.reporting.explore.counts import splits_of
from tandem.reporting.explore.fonts import fonts_for, undrawable
from tandem.reporting.explore.items import Item, Tables
from tandem.reporting.explore.plots import MOST_PANELS, frequent, name_size, panels, row_height, short
from tandem.reporting.style import INK, colour, new_figure
from tandem.reporting.wording import listed, plural, share

MOST_ROWS = 200  # of a type in mentions.csv, and of ambiguous.csv
MOST_BARS = 10  # of a type in the plot
LONG = 5  # words from which mentions are counted together in the plot
COLUMNS = ["split", "type", "form", "words"]
SHADES = ("#c6dbef", "#9ecae1", "#6baed6", "#3182bd", "#08519c")  # more words are darker


def of_tags(sentences: pd.DataFrame) -> pd.DataFrame:
    """One row a mention, default reading: split, type, form (its words as they stand), words (how many)."""
    found = [
        (split, span.type, " ".join(words[span.start : span.end]), span.end - span.start)
        for split, words, tags in zip(sentences["split"], sentences["words"], sentences["tags"], strict=True)
        for span in spans(list(tags), "default")
    ]
    return pd.DataFrame(found, columns=COLUMNS)


def of_relations(pairs: pd.DataFrame) -> pd.DataFrame:
    """The same out of heads and tails whose relation tells their types, each once a sentence."""
    found = {}
    ends = ["head_start", "head_end", "tail_start", "tail_end"]
    for split, words, relation, *places in zip(
        pairs["split"], pairs["words"], pairs["relation"], *(pairs[end] for end in ends), strict=True
    ):
        types = argument_types(relation) or ()
        for kind, (start, end) in zip(types, (places[:2], places[2:]), strict=False):
            form = " ".join(words[start:end])
            found[split, tuple(words), kind, start, end] = (split, kind, form, end - start)
    return pd.DataFrame(list(found.values()), columns=COLUMNS)


def tables(mentions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables above by their file's stem."""
    rows = mentions.assign(key=mentions["form"].str.casefold())
    types_of: dict[str, Counter[str]] = defaultdict(Counter)
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, key, form in zip(rows["type"], rows["key"], rows["form"], strict=True):
        types_of[key][kind] += 1
        spellings[key][form] += 1
    spelt = {key: min(forms, key=lambda form: (-forms[form], form)) for key, forms in spellings.items()}
    trained = set(rows.loc[rows["split"] == "train", "key"])
    return {
        "entity_lengths": _lengths(rows),
        "mentions": _mentions(rows, spelt),
        "ambiguity": _ambiguity(rows, {key for key, types in types_of.items() if len(types) > 1}, trained),
        "ambiguous": _ambiguous(types_of, spelt),
    }


def _lengths(rows: pd.DataFrame) -> pd.DataFrame:
    counts = Counter(zip(rows["type"], rows["words"], strict=True))
    longest = max((words for _, words in counts), default=0)
    return pd.DataFrame(
        [(kind, words, counts[kind, words]) for kind in sorted(set(rows["type"])) for words in range(1, longest + 1)],
        columns=["type", "words", "mentions"],
    )


def _mentions(rows: pd.DataFrame, spelt: dict[str, str]) -> pd.DataFrame:
    counts = Counter(zip(rows["type"], rows["key"], rows["split"], strict=True))
    totals = Counter(zip(rows["type"], rows["key"], strict=True))
    found = []
    for kind in sorted(set(rows["type"])):
        own = sorted((-n, key) for (other, key), n in totals.items() if other == kind)
        found += [(kind, spelt[key], *(counts[kind, key, split] for split in SPLITS), -n) for n, key in own[:MOST_ROWS]]
    return pd.DataFrame(found, columns=["type", "mention", *SPLITS, "mentions"])


def _ambiguity(rows: pd.DataFrame, ambiguous: set[str], trained: set[str]) -> pd.DataFrame:
    counts = Counter(zip(rows["type"], rows["split"], strict=True))
    shared = Counter(
        (kind, split)
        for kind, split, key in zip(rows["type"], rows["split"], rows["key"], strict=True)
        if key in ambiguous
    )
    unseen = Counter(
        (kind, split)
        for kind, split, key in zip(rows["type"], rows["split"], rows["key"], strict=True)
        if key not in trained
    )
    return pd.DataFrame(
        [
            (kind, split, counts[kind, split], shared[kind, split], unseen[kind, split])
            for kind in sorted(set(rows["type"]))
            for split in splits_of(rows)
        ],
        columns=["type", "split", "mentions", "ambiguous", "unseen"],
    )


def _ambiguous(types_of: dict[str, Counter[str]], spelt: dict[str, str]) -> pd.DataFrame:
    found = [(key, types.total(), types) for key, types in types_of.items() if len(types) > 1]
    found.sort(key=lambda row: (max(row[2].values()) - row[1], row[0]))
    return pd.DataFrame(
        [
            (
                spelt[key],
                total,
                ", ".join(f"{kind} {n}" for kind, n in sorted(types.items(), key=lambda one: (-one[1], one[0]))),
                round(max(types.values()) / total, 3),
            )
            for key, total, types in found[:MOST_ROWS]
        ],
        columns=["mention", "mentions", "types", "usual"],
    )


def _kinds(tables: Tables) -> tuple[list[str], str]:
    """The types that have a panel of their own, most frequent first, and what the title says if some have none."""
    counts = tables["entity_lengths"].groupby("type")["mentions"].sum().sort_values(ascending=False, kind="stable")
    note = f", the {MOST_PANELS} most frequent of {len(counts)} types" if len(counts) > MOST_PANELS else ""
    return list(counts.index[:MOST_PANELS]), note


def drawn_forms(tables: Tables) -> Iterable[str]:
    """Names that plots may show, for the choice of fonts."""
    return [*tables["mentions"]["mention"], *tables["entity_lengths"]["type"].unique()]


def _plot_lengths(tables: Tables, name: str) -> Figure | None:
    table = tables["entity_lengths"]
    if table["words"].max() == 1:
        return None
    names, note = frequent(table.rename(columns={"mentions": "count"}), "type")
    wide = table.assign(words=table["words"].clip(upper=LONG)).groupby(["type", "words"])["mentions"].sum().unstack()
    wide = wide.loc[names].reindex(columns=range(1, min(LONG, table["words"].max()) + 1), fill_value=0)
    percent = 100 * wide.div(wide.sum(axis=1), axis=0)
    figure, (axes,) = new_figure(7.5, max(1.9, row_height(names, 0.2) * len(names) + 1.4))
    left = [0.0] * len(names)
    for number, words in enumerate(wide.columns):
        label = f"{words}{' or more' if words == LONG else ''}"
        bars = axes.barh(range(len(names)), percent[words], left=left, height=0.7, color=SHADES[number], label=label)
        if len(names) <= 20:
            axes.bar_label(
                bars,
                [f"{value:.0f}" if value >= 5 else "" for value in percent[words]],
                label_type="center",
                fontsize=8,
                color="white" if number > 2 else INK,
            )
        left = [start + value for start, value in zip(left, percent[words], strict=True)]
    axes.set_yticks(range(len(names)), short(names), fontsize=name_size(names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.set(title=f"{name}: words of a mention{note}", xlabel="share of the type's mentions (%)", xlim=(0, 100))
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), title="words")
    return figure


def _plot_mentions(tables: Tables, name: str) -> Figure:
    table = tables["mentions"]
    kinds, note = _kinds(tables)
    fonts = fonts_for(drawn_forms(tables))
    figure, boxes = panels(len(kinds), 3.4, 2.6)
    for number, (kind, axes) in enumerate(zip(kinds, boxes, strict=False)):
        own = table[table["type"] == kind]
        shown = own[[not undrawable(form, fonts) for form in own["mention"]]].head(MOST_BARS)
        bars = axes.barh(range(len(shown)), shown["mentions"], height=0.72, color=colour(number))
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=7, padding=2)
        axes.set_yticks(range(len(shown)), short(list(shown["mention"])), fontsize=8)
        axes.set_ylim(MOST_BARS - 0.5, -0.5)
        axes.set_xlim(0, 1.15 * own["mentions"].max())
        axes.grid(visible=False)
        axes.spines["bottom"].set_visible(False)  # every bar has its number
        axes.set_xticks([])
        axes.set_title(short([kind])[0], fontsize=10)
    figure.suptitle(f"{name}: the most frequent mentions{note}", fontsize=12)
    return figure


def _plot_clouds(tables: Tables, name: str) -> Figure:
    counts = {kind: dict(zip(own["mention"], own["mentions"], strict=True)) for kind, own in _panels_of(tables)}
    return plot_clouds(counts, f"{name}: what the mentions say{_kinds(tables)[1]}")


def _plot_ambiguity(tables: Tables, name: str) -> Figure | None:
    table = tables["ambiguity"]
    labels = {"ambiguous": "whose words name another type, too", "unseen": "whose words train never names"}
    drawn = {column: label for column, label in labels.items() if table[column].any()}
    if not drawn:
        return None
    names, note = frequent(table.rename(columns={"mentions": "count"}), "type")
    splits = list(table["split"].unique())
    figure, boxes = new_figure(
        5.2 * len(drawn), max(2.4, row_height(names, 0.28) * len(names) + 1.5), columns=len(drawn)
    )
    for axes, (column, label) in zip(boxes, drawn.items(), strict=True):
        shown = splits if column == "ambiguous" else [split for split in splits if split != "train"]
        thick = 0.8 / max(len(shown), 1)
        widths: list[float] = []
        for number, split in enumerate(shown):
            own = table[table["split"] == split].set_index("type").loc[names]
            percent = [100 * part / max(whole, 1) for part, whole in zip(own[column], own["mentions"], strict=True)]
            widths += percent
            places = [place + (number - (len(shown) - 1) / 2) * thick for place in range(len(names))]
            bars = axes.barh(places, percent, thick * 0.94, color=colour(splits.index(split)), label=split)
            if len(names) <= 20:
                axes.bar_label(bars, fmt="{:.0f}", fontsize=7, padding=2)
        axes.set_yticks(range(len(names)), short(names), fontsize=name_size(names))
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlim(0, 1.12 * max([5.0, *widths]))
        axes.grid(visible=False, axis="y")
        axes.set_title(label, fontsize=10)
        axes.set_xlabel("share of the type's mentions (%)")
    figure.suptitle(f"{name}: mentions{note}", fontsize=12)
    figure.legend(*boxes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=9)
    return figure


def _say_lengths(tables: Tables) -> str:
    table = tables["entity_lengths"]
    total = table["mentions"].sum()
    if not total:
        return "There are no mentions."
    single = table.loc[table["words"] == 1, "mentions"].sum()
    by_type = {
        str(kind): (own["words"] * own["mentions"]).sum() / own["mentions"].sum() for kind, own in table.groupby("type")
    }
    longest, words = max(by_type.items(), key=lambda one: one[1])
    last = table.loc[table["mentions"] > 0, "words"].max()
    most = f"; those of {longest} are the longest, {words:.1f} on average" if len(by_type) > 1 else ""
    return f"Of {plural(int(total), 'mention')}, {share(single, total)} are one word; the longest has {last}{most}."


def _say_mentions(tables: Tables) -> str:
    table, undrawn = tables["mentions"], _undrawn(tables)
    if table.empty:
        return "There are no mentions."
    top = [f"{own.iloc[0]['mention']} ({own.iloc[0]['mentions']:,}) for {kind}" for kind, own in _panels_of(tables)]
    lost = f" {plural(undrawn, 'name')} could not be drawn: no font has the characters." if undrawn else ""
    return f"The most frequent is {listed(top)}.{lost}"


def _say_clouds(tables: Tables) -> str:
    if tables["mentions"].empty:
        return "There are no mentions."
    counted = [(kind, left_out(list(own["mention"]))) for kind, own in _panels_of(tables)]
    lost = [f"{count} of {kind}" for kind, count in counted if count]
    told = "The area of a name goes by how often it comes; those too rare to be read are left out."
    return told + (f" So are those whose characters no font has: {listed(lost)}." if lost else "")


def _panels_of(tables: Tables) -> list[tuple[str, pd.DataFrame]]:
    table = tables["mentions"]
    return [(kind, table[table["type"] == kind]) for kind in _kinds(tables)[0]]


def _undrawn(tables: Tables) -> int:
    """Names that would be among the bars but for the lack of a font."""
    fonts = fonts_for(drawn_forms(tables))
    return sum(undrawable(form, fonts) for _, own in _panels_of(tables) for form in own["mention"].head(MOST_BARS))


def _say_ambiguity(tables: Tables) -> str:
    table = tables["ambiguity"]
    if table.empty:
        return "There are no mentions."
    part = share(table["ambiguous"].sum(), table["mentions"].sum())
    ambiguous = f"{part} of the mentions have words that name another type elsewhere"
    later = table[table["split"] != "train"].groupby("split", sort=False)[["unseen", "mentions"]].sum()
    unseen = [f"{share(row['unseen'], row['mentions'])} of those of {split}" for split, row in later.iterrows()]
    return f"{ambiguous}; {listed(unseen)} are never named in train." if unseen else f"{ambiguous}."


def _say_ambiguous(tables: Tables) -> str:
    table = tables["ambiguous"]
    if table.empty:
        return "No words name two types."
    first = table.iloc[0]
    types = str(first["types"]).split(", ")
    told = ", ".join(types[:4]) + (f" and {len(types) - 4} more" if len(types) > 4 else "")
    return f"The words that most often name another than their usual type are {first['mention']}: {told}."


ITEMS = (
    Item(key="entity_lengths", title="Words of a mention", say=_say_lengths, plot=_plot_lengths),
    Item(key="mentions", title="Most frequent mentions", say=_say_mentions, plot=_plot_mentions),
    Item(key="clouds", table="mentions", title="What the mentions say", say=_say_clouds, plot=_plot_clouds),
    Item(key="ambiguity", title="Ambiguous and unseen mentions", say=_say_ambiguity, plot=_plot_ambiguity),
    Item(key="ambiguous", title="Words that name several types", say=_say_ambiguous),
)
