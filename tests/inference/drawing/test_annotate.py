"""A post drawn: every word is there, in lines that fit, in fonts that exist."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageColor

from tandem.inference.colours import KNOWN, PALETTE, colour_of
from tandem.inference.drawing import annotate
from tandem.inference.drawing.annotate import ROOM, annotated, draw_post
from tandem.inference.drawing.fonts import MISSING, Fonts
from tandem.inference.drawing.layout import Item, lines, pieces, place, right_to_left, split_wide
from tandem.inference.prediction import Mention, Prediction, Relation


def post(text: str, *names: str, kind: str = "PER", **more) -> Prediction:
    mentions = [Mention(name, kind, text.index(name), text.index(name) + len(name), 0.9) for name in names]
    return Prediction(text, (), tuple(mentions), **more)


def has(image: Image.Image, colour: str) -> int:
    """How many pixels have a colour."""
    return int((np.asarray(image) == ImageColor.getrgb(colour)).all(axis=2).sum())


def test_annotate_tints_mentions_in_the_colour_of_their_type() -> None:
    person, place_ = (annotated(post("in Oakland", "Oakland", kind=kind)) for kind in ("PER", "LOC"))
    tints = [annotate._tint(colour_of(kind).rgb) for kind in ("PER", "LOC")]
    assert has(person, tints[0]) > 500 < has(place_, tints[1])
    assert has(person, tints[1]) == has(place_, tints[0]) == 0
    assert has(annotated(post("in Oakland")), tints[0]) == 0


def test_annotate_shows_the_picture_and_says_if_it_cannot(tmp_path: Path) -> None:
    Image.new("RGB", (300, 3000), "#123456").save(tmp_path / "tall.png")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    bare = annotated(post("Ann", "Ann"))
    tall = annotated(post("Ann", "Ann", picture="ok"), tmp_path / "tall.png")
    assert has(tall, "#123456") == 82 * 820
    for name in ("broken.jpg", "gone.jpg"):
        field = annotated(post("Ann", "Ann"), tmp_path / name)
        assert field.height > bare.height
        assert has(field, annotate.FIELD) > 0.9 * ROOM * 200


def test_annotate_lists_relations_and_grows_with_the_text() -> None:
    text = "Ann met Bob"
    bare = annotated(post(text, "Ann", "Bob"))
    related = annotated(post(text, "Ann", "Bob", relations=(Relation("peer", 0, 1, 0.8),)))
    assert related.height == bare.height + annotate.LINE + annotate.RULE
    assert annotated(post("word " * 400)).height > annotated(post("word " * 100)).height
    assert annotated(post("word " * 20_000)).height < 20_000  # what is more is counted, not drawn
    assert annotated(post("Ann\nBob")).height == bare.height + annotate.LINE


def test_annotate_writes_whole_pictures(tmp_path: Path) -> None:
    draw_post(post("Ann", "Ann"), tmp_path / "new" / "a.png")
    draw_post(post("Ann", "Ann"), tmp_path / "a.jpg")
    assert [Image.open(path).format for path in (tmp_path / "new/a.png", tmp_path / "a.jpg")] == ["PNG", "JPEG"]
    with pytest.raises(ValueError, match=r"a\.doc: no format of pictures ends so"):
        draw_post(post("Ann"), tmp_path / "a.doc")


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60), st.integers(0, 60), st.integers(1, 20))
def test_annotate_draws_any_text(text: str, start: int, length: int) -> None:
    inside = text[start : start + length]
    mentions = (Mention(inside, "X/Y", start, start + len(inside), 1.0, 0.5),) if inside.strip() else ()
    relations = (Relation("self", 0, 0, 0.5),) if mentions else ()
    image = annotated(Prediction(text, (), mentions, relations, without_image=mentions))
    assert image.width == annotate.WIDTH


def test_fonts_name_an_emoji_that_none_has_and_mark_other_letters() -> None:
    fonts = Fonts(30)
    assert "".join(piece.text for piece in fonts.glyphs("caf\u00e9 \u0416 \u05d0")) == "caf\u00e9 \u0416 \u05d0"
    family = fonts.glyphs("a\U0001f468\u200d\U0001f469\u200d\U0001f467")
    shown = "".join(piece.text for piece in family)
    assert shown in {"a:family_man_woman_girl:", "a\U0001f468\u200d\U0001f469\u200d\U0001f467"} or shown.startswith("a")
    assert fonts.glyphs("\U000e0fff")[0].text == MISSING
    assert fonts.glyphs("\x00\u202e\u200b") == []


def test_layout_keeps_words_mentions_and_line_ends() -> None:
    text = "RT Ann Lee's dog\n\nend"
    mention = Mention("Ann Lee", "PER", 3, 10, 1.0)
    assert list(pieces(text, [mention])) == [
        ("RT", None, ""),
        ("Ann", 0, " "),
        ("Lee", 0, " "),
        ("'s", None, ""),
        ("dog", None, " "),
        ("end", None, "\n"),
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.booleans(), st.booleans()), max_size=30))
def test_layout_lines_fit_and_lose_nothing(sizes: list[tuple[int, bool, bool]]) -> None:
    items = [
        Item(f"w{n}", float(width), label=label and n > 0, gap=3.0, breaks=breaks and not label)
        for n, (width, label, breaks) in enumerate(sizes)
    ]
    rows = lines(items, 100.0)
    assert [item for row in rows for item in row] == items
    for row in rows:
        placed = place(row, 100.0, rtl=False)
        assert [one.item for one in placed] == row
        assert all(left.x + left.item.width <= right.x for left, right in pairwise(placed))
        assert not placed or placed[-1].x + placed[-1].item.width <= 100 or len(row) <= 2


def test_layout_splits_what_is_wider_than_a_line() -> None:
    parts = split_wide("x" * 95, 10, lambda text: float(len(text)))
    assert [len(part) for part in parts] == [10] * 9 + [5]
    assert split_wide("ab", 0.5, lambda text: float(len(text))) == ["a", "b"]


def test_layout_turns_words_of_the_other_direction() -> None:
    hebrew = ["\u05d0", "\u05d1", "\u05d2"]
    row = [Item(word, 10.0, gap=5.0) for word in ["see", *hebrew, "New", "York"]]
    seen = [one.item.text for one in place(row, 200.0, rtl=False)]
    assert seen == ["see", *hebrew[::-1], "New", "York"]
    placed = place(row, 200.0, rtl=True)
    assert [one.item.text for one in placed] == ["New", "York", *hebrew[::-1], "see"]
    assert placed[-1].x + 10 == 200
    assert right_to_left("123 \u05d0 abc") is True
    assert right_to_left("123 a \u05d0") is False
    assert right_to_left("12 !") is None


def test_colours_are_the_same_in_every_run() -> None:
    assert len({colour_of(kind) for kind in ("PER", "LOC", "ORG", "MISC")}) == 4
    assert colour_of("MISC") == colour_of("OTHER")
    assert colour_of("Product") in PALETTE[4:]
    assert set(KNOWN.values()) == {0, 1, 2, 3}
