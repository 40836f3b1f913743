"""Test posts with their pictures, and what the model reads in them beside what is true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from itertools import groupby

from tandem.evaluation.spans import Span, spans
from tandem.reporting.examples import Group, choose, errors
from tandem.reporting.markup import note, tag
from tandem.reporting.predictions import read_pictures
from tandem.reporting.results import Results, Row
from tandem.reporting.style import PALETTE
from tandem.reporting.thumbnails import heat_address, thumbnail

NO_GRID = ("caption", "raw")  # encoders whose regions are not a grid over the picture


@dataclass(frozen=True)
class Gallery:
    """What the cards of a corpus share: where its pictures are, and the colour of each entity type."""

    results: Results
    pictures: Mapping[str, tuple[str | None, str | None]]
    colours: Mapping[str, int]

    def card(self, row: Row) -> str:
        """One post."""
        wrong = "".join(f'<li class="bad">{escape(error)}</li>' for error in errors(row))
        readings = _relation(row) if isinstance(row["gold"], str) else self._entities(row)
        chips = f'<ul class="chips">{wrong}</ul>' if wrong else ""
        return f'<article class="post">{self._photo(row)}<div class="readings">{chips}{readings}</div></article>\n'

    def _photo(self, row: Row) -> str:
        path, caption = self.pictures.get(row["id"], (None, None))
        found = thumbnail(self.results.root / path, self.results.max_pixels) if path else None
        if found is None:
            return '<div class="photo none">no picture</div>'
        label = f"Picture of the post: {caption}" if caption else f"Picture of post {row['id']}"
        size = {"width": found.width, "height": found.height}
        shown = tag("img", src=found.address, alt=label, loading="lazy", **size)
        weights = row.get("region_weight")
        heat = heat_address(weights) if weights and self.results.encoder not in NO_GRID else None
        if heat:
            # The encoder sees the largest centred square.
            side = min(found.width, found.height)
            across, down = 100 * side / found.width, 100 * side / found.height
            style = f"width:{across:.1f}%;height:{down:.1f}%;left:{50 - across / 2:.1f}%;top:{50 - down / 2:.1f}%"
            shown += tag("img", src=heat, alt="", style=style, **{"class": "heat"})
        return f'<div class="photo"><div class="frame">{shown}</div></div>'

    def _entities(self, row: Row) -> str:
        words = row["words"]
        gold, found = spans(row["gold"], "default"), spans(row["predicted"], "default")
        sure = {Span(one["type"], one["start"], one["end"]): one for one in row.get("spans") or []}
        said = {span: _sure(one["confidence"]) for span, one in sure.items()}
        weights = row.get("picture_weight")
        parts = []
        if gold == found:
            parts.append(_line("gold and model", self._text(words, found, gold, said, weights), "right"))
        else:
            parts.append(_line("gold", self._text(words, gold, gold)))
            parts.append(_line("model", self._text(words, found, gold, said, weights), "wrong"))
        if row.get("no_image") is not None:
            blind = spans(row["no_image"], "default")
            if blind != found:
                state = "right" if blind == gold else "wrong"
                parts.append(_line("without picture", self._text(words, blind, gold), state))
        return "".join(parts)

    def _text(
        self,
        words: list[str],
        shown: list[Span],
        gold: list[Span],
        said: Mapping[Span, str] | None = None,
        weights: list[float] | None = None,
    ) -> str:
        """The sentence with the entities `shown`; those that `gold` has not are marked as wrong."""
        pieces = [_weighed(word, weights[place] if weights else None) for place, word in enumerate(words)]
        parts, place = [], 0
        for span in shown:
            parts += pieces[place : span.start]
            kind = "" if span in gold else " off"
            label = escape(span.type) + ("" if said is None else said.get(span, ""))
            series = self.colours.get(span.type, 0)
            inside = " ".join(pieces[span.start : span.end])
            parts.append(f'<mark class="s{series}{kind}">{inside}&nbsp;<small>{label}</small></mark>')
            place = span.end
        return " ".join([*parts, *pieces[place:]])


def gallery_section(results: Results) -> str:
    """Groups of posts of every corpus, of the first seed that has left predictions."""
    text = ""
    for name in results.datasets:
        seeds = results.rows(name)
        if seeds:
            text += f'<h3 id="posts-{escape(name)}">{escape(name)}</h3>' + _corpus(
                results, name, seeds[0], first=not text
            )
    if not text:
        return note("No model has left its predictions yet.")
    weighed = any(row.get("picture_weight") for found in results.predictions.values() for row in found[:50])
    looked = 'class="heat"' in text
    return (
        note(
            "Posts of the test split, drawn by a hash of their ids rather than picked by hand, as the first seed reads "
            "them. Dashed, with a cross: not in the gold. "
            + ("Numbers beside a type are the model's confidence. " if any_confidence(results) else "")
            + ("The stronger a word is underlined, the more weight it gives to the picture." if weighed else "")
        )
        + (
            '<p><label class="look"><input type="checkbox" id="look" checked> Show on the pictures where the model '
            "looks (the darker, the more attention)</label></p>"
            if looked
            else ""
        )
        + text
    )


def any_confidence(results: Results) -> bool:
    """Whether predictions come with a confidence."""
    keys = ("spans", "confidence")
    return any(row.get(key) for found in results.predictions.values() for row in found[:50] for key in keys)


def _corpus(results: Results, name: str, rows: list[Row], *, first: bool) -> str:
    pictures = read_pictures(results.root / f"data/prepared/{name}.parquet")
    types = sorted(results.evaluate.get(name, {}).get("per_type", {}))
    colours = {kind: number % len(PALETTE) for number, kind in enumerate(types)}
    gallery = Gallery(results, pictures, colours)

    def seen(row: Row) -> bool:
        path = pictures.get(row["id"], (None, None))[0]
        return path is not None and (results.root / path).is_file()

    groups = [group for group in choose(rows, seen) if group.total]
    return "".join(_group(gallery, group, opened=first and group is groups[0]) for group in groups)


def _group(gallery: Gallery, group: Group, *, opened: bool) -> str:
    cards = "".join(map(gallery.card, group.rows))
    share = f"{group.total:,} of {group.of:,} ({group.total / group.of:.0%})"
    return (
        f'<details class="group"{" open" if opened else ""}><summary><b>{escape(group.title)}</b> '
        f'<span class="note">{share}</span></summary>\n<div class="posts">{cards}</div></details>\n'
    )


def _relation(row: Row) -> str:
    """The sentence with head and tail marked, and the relations that are true and read."""
    weights = row.get("picture_weight")
    parts = []
    places = groupby(range(len(row["words"])), key=lambda place: _roles(row, place))
    for roles, group in places:
        inside = " ".join(_weighed(row["words"][place], weights[place] if weights else None) for place in group)
        series = 0 if roles[:1] == ["head"] else 1
        label = f"&nbsp;<small>{' and '.join(roles)}</small>"
        parts.append(f'<mark class="s{series}">{inside}{label}</mark>' if roles else inside)
    text = f'<p class="text" dir="auto">{" ".join(parts)}</p>'
    gold, found = row["gold"], row["predicted"]
    lines = [("gold and model" if gold == found else "gold", gold, "", "right" if gold == found else "")]
    if gold == found:
        lines[0] = (*lines[0][:2], _sure(row.get("confidence")), "right")
    else:
        lines.append(("model", found, _sure(row.get("confidence")), "wrong"))
    if row.get("no_image") is not None and row["no_image"] != found:
        lines.append(("without picture", row["no_image"], "", "right" if row["no_image"] == gold else "wrong"))
    said = "".join(
        f'<dt>{who}</dt><dd class="{state}"><code>{escape(relation)}</code>{sure}</dd>'
        for who, relation, sure, state in lines
    )
    return f"{text}<dl>{said}</dl>"


def _roles(row: Row, place: int) -> list[str]:
    """What a word belongs to: the two entities may overlap."""
    return [role for role in ("head", "tail") if row[f"{role}_start"] <= place < row[f"{role}_end"]]


def _line(who: str, text: str, state: str = "") -> str:
    return f'<p class="who {state}">{who}</p><p class="text" dir="auto">{text}</p>'


def _sure(confidence: float | None) -> str:
    return "" if confidence is None else f" {confidence:.2f}".replace(" 0.", " .")


def _weighed(word: str, weight: float | None) -> str:
    if weight is None:
        return escape(word)
    style, hint = f"--w:{100 * weight:.0f}%", f"weight on the picture {weight:.2f}"
    return f'<span class="w" style="{style}" title="{hint}">{escape(word)}</span>'
