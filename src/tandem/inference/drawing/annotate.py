"""A post as a picture: its photograph, the tagged text beneath, and the relations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw

from tandem.files import atomic_path
from tandem.inference.colours import colour_of
from tandem.inference.drawing.fonts import Fonts
from tandem.inference.drawing.layout import Item, Placed, lines, pieces, place, right_to_left, split_wide
from tandem.inference.prediction import Mention, Prediction
from tandem.vision.pictures import open_picture

WIDTH, MARGIN = 1200, 56  # of the page, in pixels
TALLEST = 820  # of the photograph
TEXT, LABEL = 32, 20  # sizes of letters
LINE = 62  # from baseline to baseline
RULE = 48  # between the text and the relations
PAD, ROUND = 10, 10  # of the field behind a mention
BLANK = 10.0  # between words
MOST = 4000  # characters that are drawn
MOST_PIXELS = 80_000_000  # of the photograph
INK, FAINT, PAPER, FIELD = "#1f2328", "#6e7781", "#ffffff", "#f3f4f6"
ROOM = WIDTH - 2 * MARGIN


def draw_post(found: Prediction, target: Path, *, picture: Path | None = None) -> None:
    """Draw a post and write it as PNG (or what else the ending of `target` means).

    `picture`: its photograph; one that cannot be read is a grey field that says so. Errors: `ValueError` for an ending
    that no picture has.
    """
    form = image_format(target)
    image = annotated(found, picture)
    with atomic_path(target) as temporary:
        image.save(temporary, format=form)


def image_format(path: Path) -> str:
    """Pillow's name of the format that a file's ending means. Errors: `ValueError` if none does."""
    form = Image.registered_extensions().get(path.suffix.lower())
    if form not in Image.SAVE:
        raise ValueError(f"{path}: no format of pictures ends so; end it in .png")
    return form


def annotated(found: Prediction, picture: Path | None = None) -> Image.Image:
    """The picture of a post, as `draw_post` writes it."""
    text, label, bold = Fonts(TEXT), Fonts(LABEL), Fonts(LABEL, bold=True)
    photograph = None if picture is None else _photograph(picture, label)
    rows = _rows(found, text, bold)
    rtl = bool(right_to_left(found.text))
    related = list(_relations(found, text, label))
    notes = list(_notes(found))
    top = MARGIN + (0 if photograph is None else photograph.height + MARGIN)
    height = top + LINE * (len(rows) + len(related)) + (RULE if related else 0) + 34 * len(notes) + MARGIN
    canvas = Image.new("RGB", (WIDTH, height), PAPER)
    if photograph is not None:
        canvas.paste(photograph, ((WIDTH - photograph.width) // 2, MARGIN))
    baseline = top + (LINE + text.ascent) / 2
    for row in rows:
        _draw_row(canvas, place(row, ROOM, rtl=rtl), baseline, found.mentions, text, bold)
        baseline += LINE
    if related:
        y = round(baseline - (LINE + text.ascent) / 2 + RULE / 2)
        ImageDraw.Draw(canvas).line((MARGIN, y, WIDTH - MARGIN, y), fill="#d0d7de", width=2)
        baseline += RULE
    for line in related:
        _draw_row(canvas, place(line, ROOM, rtl=False), baseline, found.mentions, text, label)
        baseline += LINE
    baseline -= (LINE - text.ascent) / 2 - 14
    for note in notes:
        label.draw(canvas, MARGIN, baseline + label.ascent, _shortened(note, ROOM, label), FAINT)
        baseline += 34
    return canvas


def _photograph(path: Path, label: Fonts) -> Image.Image:
    opened = open_picture(path, MOST_PIXELS, side=WIDTH)
    if opened.image is None:
        field = Image.new("RGB", (ROOM, 200), FIELD)
        words = f"{path.name}: {opened.status}"
        label.draw(field, (ROOM - label.width(words)) / 2, 100 + label.ascent / 2, words, FAINT)
        return field
    image = opened.image
    factor = min(ROOM / image.width, TALLEST / image.height)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _rows(found: Prediction, text: Fonts, label: Fonts) -> list[list[Item]]:
    """The words of a post in lines; after the last word of a mention a label with its type and confidence."""
    items: list[Item] = []
    shown = found.text[:MOST]
    mentions = [one for one in found.mentions if one.end <= MOST]
    parts = list(pieces(shown, mentions))
    before: int | None = None
    for number, (word, owner, between) in enumerate(parts):
        gap = BLANK if between else 0.0
        gap += (PAD + 2) * ((owner != before) * ((owner is not None) + (before is not None)))
        first, *rest = split_wide(word, ROOM - 2 * PAD, text.width)
        items.append(Item(first, text.width(first), owner, gap=gap, breaks=between == "\n"))
        items += [Item(part, text.width(part), owner) for part in rest]
        if owner is not None and (number + 1 == len(parts) or parts[number + 1][1] != owner):
            tag = label_of(mentions[owner])
            items.append(Item(tag, label.width(tag), owner, label=True, gap=BLANK))
        before = owner
    return lines(items, ROOM - 2 * PAD)


def label_of(mention: Mention) -> str:
    """A mention's type and confidence; in brackets that without the picture."""
    alone = mention.confidence_no_image
    return f"{mention.type} {mention.confidence:.2f}" + ("" if alone is None else f" ({alone:.2f})")


def _relations(found: Prediction, text: Fonts, label: Fonts) -> Iterator[list[Item]]:
    """Lines `head  relation 0.88 →  tail`."""
    for relation in found.relations:
        alone = relation.confidence_no_image
        sure = f"{relation.confidence:.2f}" + ("" if alone is None else f" ({alone:.2f})")
        middle = f"{relation.type} {sure} →"
        room = (ROOM - 4 * PAD - 4 * BLANK - label.width(middle)) / 2
        head, tail = (" ".join(found.mentions[end].text.split()) for end in (relation.head, relation.tail))
        if text.width(head) + text.width(tail) > 2 * room:
            head, tail = _shortened(head, room, text), _shortened(tail, room, text)
        yield [
            Item(head, text.width(head), relation.head),
            Item(middle, label.width(middle), None, label=True, gap=2 * BLANK + PAD),
            Item(tail, text.width(tail), relation.tail, gap=2 * BLANK + PAD),
        ]


def _notes(found: Prediction) -> Iterator[str]:
    if len(found.text) > MOST:
        yield f"{len(found.text) - MOST:,} more characters are not shown"
    alone = [one.confidence_no_image for one in found.mentions] + [one.confidence_no_image for one in found.relations]
    if any(value is not None for value in alone):
        yield "in brackets: without the picture"
    if found.without_image is not None:
        names = ", ".join(f"{one.text} {one.type} {one.confidence:.2f}" for one in found.without_image)
        yield f"without the picture: {names or 'no entity'}"
    if found.picture not in {"ok", "none"}:
        yield f"picture: {found.picture}"


def _shortened(text: str, room: float, fonts: Fonts) -> str:
    if fonts.width(text) <= room:
        return text
    return split_wide(text, max(room - fonts.width("…"), 1.0), fonts.width)[0] + "…"


def _draw_row(
    canvas: Image.Image, row: Sequence[Placed], baseline: float, mentions: Sequence[Mention], text: Fonts, label: Fonts
) -> None:
    """One line, `PAD` pixels in from the margin so that a field may begin at it."""
    brush = ImageDraw.Draw(canvas)
    middle = baseline - text.ascent / 2
    for owner, group in groupby(row, key=lambda one: one.item.mention):
        run = list(group)
        if owner is None:
            continue
        left = MARGIN + PAD + min(one.x for one in run) - PAD
        right = MARGIN + PAD + max(one.x + one.item.width for one in run) + PAD
        box = (round(left), round(middle - 24), round(right), round(middle + 24))
        brush.rounded_rectangle(box, ROUND, fill=_tint(colour_of(mentions[owner].type).rgb))
    for one in row:
        fonts = label if one.item.label else text
        owner = one.item.mention
        ink = FAINT if one.item.label and owner is None else INK
        if one.item.label and owner is not None:
            ink = _shade(colour_of(mentions[owner].type).rgb)
        lift = (text.ascent - label.ascent) / 2 if one.item.label else 0.0
        fonts.draw(canvas, MARGIN + PAD + one.x, baseline - lift, one.item.text, ink)


def _tint(colour: str) -> str:
    return _mixed(colour, 255, 0.22)


def _shade(colour: str) -> str:
    """Dark enough to be read on its tint."""
    return _mixed(colour, 0, 0.62)


def _mixed(colour: str, other: int, share: float) -> str:
    channels = (round(share * one + (1 - share) * other) for one in ImageColor.getrgb(colour)[:3])
    return "#" + "".join(f"{one:02x}" for one in channels)
