"""The pictures of the embedded relation corpus: one scene per relation that only a picture tells, and one for none.

Drawn like the icons of the other two corpora: what stays from picture to picture is a layout and a palette that a
thumbnail of 12 x 12 pixels keeps; people, places and colours vary. Scenes of places have the skies and meadows of the
icon of places on purpose: a tagger that has learned those icons must not take a place for something else.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from PIL import Image

from tandem.corpora.embedded.drawing import Colour, Pen, near, render, vivid
from tandem.corpora.schema import NO_RELATION

COUPLE, PEER, SIBLINGS = "/per/per/couple", "/per/per/peer", "/per/per/siblings"
RESIDENCE, BIRTH = "/per/loc/place_of_residence", "/per/loc/place_of_birth"
_SKINS = ((240, 200, 170), (200, 150, 110), (140, 95, 65), (95, 62, 44))


def _bust(pen: Pen, x: int, y: int, size: int, shirt: Colour) -> None:
    """A head with hair at (x, y), `size` wide, above round shoulders."""
    chance = pen.chance
    skin = near(chance, chance.choice(_SKINS), 14)
    hair = near(chance, chance.choice([(40, 28, 22), (110, 70, 35), (205, 170, 90)]), 15)
    half = size // 2
    pen.oval(x - size, y + half, x + size, y + 3 * size, shirt)
    pen.oval(x - half, y - half - 2, x + half, y + half - 2, hair)
    pen.oval(x - half + 1, y - half + 2, x + half - 1, y + half + 2, skin)


def _couple(chance: random.Random) -> Image.Image:
    """Two heads cheek to cheek before a rosy wall, a red heart above them."""
    pen = Pen(chance, near(chance, (238, 170, 190), 20))
    red = near(chance, (215, 25, 50), 20)
    _bust(pen, 23, 38, 18, near(chance, (250, 245, 240), 12))
    _bust(pen, 41, 38, 18, near(chance, (60, 50, 70), 25))
    pen.oval(22, 3, 33, 14, red)
    pen.oval(31, 3, 42, 14, red)
    pen.shape([(22, 10), (42, 10), (32, 23)], red)
    return pen.image


def _peer(chance: random.Random) -> Image.Image:
    """Three heads behind a long table, a screen on the grey-blue wall."""
    pen = Pen(chance, near(chance, (125, 145, 175), 22))
    pen.box(12, 2, 52, 19, near(chance, (245, 248, 250), 9))
    for row in range(3):
        pen.box(16, 5 + 4 * row, chance.randint(26, 48), 6 + 4 * row, vivid(chance))
    for x in (14, 32, 50):
        _bust(pen, x, 31, 12, near(chance, (50, 65, 110), 30))
    pen.box(-20, 46, 84, 84, near(chance, (110, 70, 40), 18))
    return pen.image


def _siblings(chance: random.Random) -> Image.Image:
    """A tall child and a small one on a meadow, a balloon in the blue sky."""
    pen = Pen(chance, near(chance, (110, 185, 245), 22))
    pen.box(-20, 40, 84, 84, near(chance, (95, 175, 60), 22))
    tall, small = (20, 44) if chance.random() < 0.5 else (44, 20)
    _bust(pen, tall, 22, 14, vivid(chance))
    _bust(pen, small, 38, 10, vivid(chance))
    balloon = near(chance, (250, 215, 40), 25)
    pen.box(small, 14, small, 34, (90, 90, 90))
    pen.oval(small - 6, 2, small + 6, 16, balloon)
    return pen.image


def _residence(chance: random.Random) -> Image.Image:
    """Three houses in a row before a hill, a street below them."""
    pen = Pen(chance, near(chance, (150, 198, 238), 20))
    top = chance.choice([20, 32, 44])
    pen.oval(top - 50, 16, top + 50, 100, near(chance, (80, 125, 85), 20))
    roof = near(chance, (175, 65, 45), 20)
    for x in (4, 24, 44):
        pen.box(x, 36, x + 16, 54, near(chance, (235, 225, 205), 15))
        pen.shape([(x - 2, 37), (x + 8, 26), (x + 18, 37)], roof)
        pen.box(x + 3, 41, x + 6, 45, near(chance, (90, 130, 170), 25))
        pen.box(x + 9, 44, x + 13, 54, near(chance, (90, 55, 35), 18))
    pen.box(-20, 54, 84, 84, near(chance, (110, 112, 118), 18))
    return pen.image


def _birth(chance: random.Random) -> Image.Image:
    """A white hospital between trees, with a red cross and rows of windows."""
    pen = Pen(chance, near(chance, (150, 198, 238), 20))
    pen.box(-20, 50, 84, 84, near(chance, (85, 150, 65), 25))
    leaves = near(chance, (60, 110, 55), 20)
    for x in (4, 60):
        pen.oval(x - 12, 26, x + 12, 54, leaves)
    pen.box(12, 4, 52, 60, near(chance, (246, 248, 250), 8))
    red = near(chance, (210, 35, 40), 18)
    pen.box(28, 8, 36, 32, red)
    pen.box(20, 16, 44, 24, red)
    window = near(chance, (120, 150, 175), 20)
    for x in range(16, 48, 8):
        for y in (36, 44, 52):
            pen.box(x, y, x + 4, y + 4, window)
    return pen.image


def _strangers(chance: random.Random) -> Image.Image:
    """An empty beach at sunset."""
    pen = Pen(chance, near(chance, (235, 170, 130), 20))
    sun = chance.choice([16, 32, 48])
    pen.oval(sun - 9, 14, sun + 9, 32, near(chance, (250, 225, 110), 15))
    pen.box(-20, 26, 84, 46, near(chance, (70, 120, 160), 22))
    pen.box(-20, 44, 84, 84, near(chance, (225, 200, 150), 18))
    return pen.image


_SCENES: dict[str, Callable[[random.Random], Image.Image]] = {
    COUPLE: _couple,
    PEER: _peer,
    SIBLINGS: _siblings,
    RESIDENCE: _residence,
    BIRTH: _birth,
    NO_RELATION: _strangers,
}
SCENES = tuple(_SCENES)
SUBJECTS: dict[str, tuple[str, ...]] = {
    COUPLE: ("two people in love", "a couple cheek to cheek"),
    PEER: ("three people at a long table", "colleagues in a meeting room"),
    SIBLINGS: ("a tall child and a small one", "two children on a meadow"),
    RESIDENCE: ("three houses in a row", "a quiet street with houses"),
    BIRTH: ("a white hospital", "a clinic with a red cross"),
    NO_RELATION: ("an empty beach", "a sunset over the sea"),
}
"""What a caption calls each scene."""


def draw_scene(relation: str, chance: random.Random) -> Image.Image:
    """A picture of 64 x 64 RGB pixels of a relation, or of none.

    Raises:
        ValueError: the relation has no scene.
    """
    if relation not in _SCENES:
        raise ValueError(f"no scene for the relation {relation!r}; allowed: {', '.join(_SCENES)}")
    return render(_SCENES[relation], chance)
