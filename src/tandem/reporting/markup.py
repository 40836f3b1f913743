"""Pieces of the page: tables, notes, figures, what unfolds, and cells whose shade says how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from tandem.reporting.cells import Table
from tandem.reporting.drawing import Drawing, key_of


class Section(NamedTuple):
    """A part of the page under a heading of its own: its anchor, the heading, and its HTML."""

    key: str
    heading: str
    text: str


def html_table(table: Table, empty: str) -> str:
    """The table in a box of its own that scrolls sideways; the sentence `empty` if it has no rows."""
    if not table.rows:
        return note(empty)

    def line(cells: list[str], scope: str) -> str:
        names = "".join(f'<th scope="{scope}" class="name">{escape(text)}</th>' for text in cells[: table.names])
        kind, opening = ("th", '<th scope="col">') if scope == "col" else ("td", "<td>")
        return f"<tr>{names}{''.join(f'{opening}{escape(text)}</{kind}>' for text in cells[table.names :])}</tr>\n"

    head, rows = line(table.columns, "col"), "".join(line(row, "row") for row in table.rows)
    return f'<div class="box" tabindex="0"><table><thead>{head}</thead><tbody>\n{rows}</tbody></table></div>\n'


def heat_table(corner: str, columns: list[str], rows: list[tuple[str, list[str]]], kind: str = "heat") -> str:
    """A table of `shaded` cells, each row with its name; `corner` says what rows and columns are."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join(
        f'<tr><th scope="row" class="name">{escape(name)}</th>{"".join(cells)}</tr>\n' for name, cells in rows
    )
    return (
        f'<div class="box" tabindex="0"><table class="{kind}"><thead><tr>'
        f'<th scope="col" class="name">{escape(corner)}</th>{head}</tr></thead>'
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def shaded(text: str, strength: float, hint: str = "", kind: str = "") -> str:
    """A cell of HTML `text`, the darker the greater `strength` is, in per cent; up to about 50 the ink stays legible.

    `hint`: plain text under the pointer. `kind`: class of the cell.
    """
    named = {"class": kind, "title": hint}
    extra = "".join(f' {key}="{escape(value)}"' for key, value in named.items() if value)
    return f'<td{extra} style="background: color-mix(in srgb, var(--heat) {strength:.0f}%, var(--paper))">{text}</td>'


def tag(name: str, **attributes: object) -> str:
    """An element without content, its attributes escaped."""
    said = "".join(f' {key}="{escape(str(value))}"' for key, value in attributes.items())
    return f"<{name}{said}>"


def drawn(drawings: Mapping[str, Drawing], names: Sequence[str]) -> str:
    """Those of the figures that there are, beside each other where there is room; nothing if there are none."""
    found = [drawings[key].inline for name in names if (key := key_of(name)) in drawings]
    parts = "".join(f'<figure class="plot">{svg}</figure>\n' for svg in found)
    return f'<div class="plots">\n{parts}</div>\n' if parts else ""


def details(summary: str, text: str, *, opened: bool = False) -> str:
    """What unfolds under a line of plain text; nothing for nothing."""
    state = " open" if opened else ""
    return f"<details{state}><summary>{escape(summary)}</summary>\n{text}</details>\n" if text else ""


def note(text: str) -> str:
    """A paragraph of plain text in small print."""
    return f'<p class="note">{escape(text)}</p>\n' if text else ""
