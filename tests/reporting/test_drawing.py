"""Figures as files and as parts of the page."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from tandem.reporting.drawing import VARIABLES, draw
from tandem.reporting.style import colour, new_figure, styled


def test_drawing_is_a_file_with_colours_and_a_part_without() -> None:
    with styled():
        figure, (axes,) = new_figure(3, 2)
        axes.plot([1, 2], [3, 4], color=colour(0))
        axes.set_title("a < b & $c$")
        drawing = draw("learning-a/b", figure, 'curves of "a" < b')
    assert drawing.key == "learning-a_b"
    root = ElementTree.fromstring(drawing.file.partition("\n")[2])
    assert root.get("aria-label") == 'curves of "a" < b'
    assert any("a < b & $c$" in (text.text or "") for text in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "var(--" not in drawing.file
    assert "var(--ink)" in drawing.inline
    assert "var(--series-0)" in drawing.inline
    assert not [colour for colour in VARIABLES if colour in drawing.inline]


def test_drawing_ids_are_its_own_and_all_references_are_met() -> None:
    with styled():
        figure, (axes,) = new_figure(3, 2)
        axes.plot([1, 2], [3, 4], "o-")
        inline = draw("one", figure, "").inline
    ids = set(re.findall(r'\bid="([^"]*)"', inline))
    used = set(re.findall(r'(?:url\(#|href="#)([^")]*)', inline))
    assert used
    assert used <= ids
    assert all(name.startswith("one-") for name in ids)
