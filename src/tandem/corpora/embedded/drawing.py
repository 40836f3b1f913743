"""The pictures of the embedded corpora: one icon per entity type, never twice the same.

Position, size, colours, background and noise vary. What stays is what also survives in a thumbnail of 12 x 12 pixels:
the layout of each icon, and a palette that leans towards the class. Only integers and shapes, no fonts: the pixels are
the same on every machine.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw

SIZE = 64
# Drawn at twice the size, then averaged: smooth edges without floating point.
_SCALE = 2
_NOISE = 36

Colour = tuple[int, int, int]


class Pen:
    """Draws on the unit grid of 64 x 64, moved and scaled by the jitter of one picture."""

    def __init__(self, chance: random.Random, background: Colour) -> None:
        self.chance = chance
        self.image = Image.new("RGB", (SIZE * _SCALE, SIZE * _SCALE), background)
        self._draw = ImageDraw.Draw(self.image)
        self._percent = chance.randint(84, 112)
        self._shift = (chance.randint(-5, 5), chance.randint(-4, 4))

    def _at(self, point: tuple[int, int]) -> tuple[int, int]:
        half = SIZE // 2
        x, y = (
            _SCALE * (half + shift) + _SCALE * (value - half) * self._percent // 100
            for value, shift in zip(point, self._shift, strict=True)
        )
        return x, y

    def box(self, left: int, top: int, right: int, bottom: int, fill: Colour) -> None:
        """A filled rectangle."""
        self._draw.rectangle([self._at((left, top)), self._at((right, bottom))], fill=fill)

    def rounded(self, left: int, top: int, right: int, bottom: int, fill: Colour) -> None:
        """A filled rectangle with round corners."""
        self._draw.rounded_rectangle([self._at((left, top)), self._at((right, bottom))], radius=8, fill=fill)

    def oval(self, left: int, top: int, right: int, bottom: int, fill: Colour) -> None:
        """A filled ellipse in a box."""
        self._draw.ellipse([self._at((left, top)), self._at((right, bottom))], fill=fill)

    def shape(self, points: list[tuple[int, int]], fill: Colour) -> None:
        """A filled polygon."""
        self._draw.polygon([self._at(point) for point in points], fill=fill)


def near(chance: random.Random, colour: Colour, spread: int) -> Colour:
    """`colour` with each channel moved by at most `spread`."""
    red, green, blue = (min(255, max(0, value + chance.randint(-spread, spread))) for value in colour)
    return red, green, blue


def _any(chance: random.Random, low: int, high: int) -> Colour:
    return chance.randint(low, high), chance.randint(low, high), chance.randint(low, high)


def vivid(chance: random.Random) -> Colour:
    """A bright colour with one strong and one weak channel."""
    channels = [chance.randint(190, 250), chance.randint(20, 200), chance.randint(10, 60)]
    chance.shuffle(channels)
    return channels[0], channels[1], channels[2]


def _person(chance: random.Random) -> Image.Image:
    """Head with hair, and shoulders, before a warm wall."""
    pen = Pen(chance, near(chance, (196, 150, 120), 45))
    skin = near(chance, chance.choice([(240, 200, 170), (200, 150, 110), (140, 95, 65), (95, 62, 44)]), 14)
    hair = near(chance, chance.choice([(40, 28, 22), (110, 70, 35), (205, 170, 90), (150, 150, 150)]), 15)
    shirt = _any(chance, 20, 235)
    pen.oval(8, 44, 56, 96, shirt)
    if chance.random() < 0.4:
        pen.oval(18, 10, 46, 50, hair)
    pen.box(28, 38, 36, 48, skin)
    pen.oval(19, 9, 45, 34, hair)
    pen.oval(21, 14, 43, 43, skin)
    pen.oval(26, 25, 29, 28, (30, 25, 25))
    pen.oval(35, 25, 38, 28, (30, 25, 25))
    pen.box(28, 35, 36, 36, (150, 60, 60))
    return pen.image


def _place(chance: random.Random) -> Image.Image:
    """Sky, sun, two mountains, a meadow and a house."""
    sky = chance.choice([(120, 185, 240), (165, 205, 235), (235, 170, 130)])
    pen = Pen(chance, near(chance, sky, 25))
    sun = chance.choice([10, 32, 54])
    pen.oval(sun - 6, 4, sun + 6, 16, near(chance, (250, 225, 110), 15))
    rock = near(chance, chance.choice([(95, 100, 110), (110, 90, 70), (70, 110, 80)]), 20)
    left, right = chance.randint(10, 24), chance.randint(40, 54)
    pen.shape([(left - 34, 50), (left, 14 + chance.randint(0, 8)), (left + 34, 50)], rock)
    pen.shape([(right - 30, 50), (right, 20 + chance.randint(0, 8)), (right + 30, 50)], near(chance, rock, 18))
    pen.box(-20, 46, 84, 84, near(chance, (85, 150, 65), 30))
    house = chance.randint(14, 40)
    pen.box(house, 44, house + 12, 56, near(chance, (235, 225, 205), 15))
    pen.shape([(house - 3, 45), (house + 6, 36), (house + 15, 45)], near(chance, (175, 60, 45), 25))
    return pen.image


def _organisation(chance: random.Random) -> Image.Image:
    """An office tower with lit windows, a lower wing, and a flag or a round sign on top."""
    pen = Pen(chance, near(chance, (200, 206, 216), 28))
    wall = near(chance, chance.choice([(60, 80, 120), (75, 85, 95), (50, 65, 85)]), 18)
    window = near(chance, (225, 225, 170), 25)
    wing = chance.choice([(2, 22), (42, 62)])
    pen.box(wing[0], 38, wing[1], 70, near(chance, wall, 15))
    pen.box(19, 16, 45, 70, wall)
    for x in range(22, 42, 6):
        for y in range(20, 62, 7):
            pen.box(x, y, x + 3, y + 3, window if chance.random() < 0.75 else wall)
    mark = vivid(chance)
    if chance.random() < 0.5:
        pen.box(31, 2, 32, 16, (60, 60, 60))
        pen.box(33, 2, 44, 9, mark)
    else:
        pen.oval(25, 4, 39, 17, mark)
    return pen.image


def _bottle(pen: Pen, body: Colour, label: Colour) -> None:
    pen.box(28, 8, 36, 13, label)
    pen.box(29, 13, 35, 24, body)
    pen.rounded(22, 22, 42, 57, body)
    pen.box(22, 34, 42, 47, label)


def _phone(pen: Pen, body: Colour, label: Colour) -> None:
    pen.rounded(19, 8, 45, 57, body)
    pen.box(22, 14, 42, 49, label)
    pen.oval(30, 51, 34, 55, label)


def _parcel(pen: Pen, body: Colour, label: Colour) -> None:
    pen.box(14, 22, 50, 57, body)
    pen.shape([(14, 22), (21, 13), (43, 13), (50, 22)], label)
    pen.box(29, 22, 35, 57, label)


def _product(chance: random.Random) -> Image.Image:
    """A vivid bottle, phone or box on a white table before a dark studio wall."""
    pen = Pen(chance, near(chance, (48, 42, 60), 28))
    pen.box(-20, 50, 84, 84, near(chance, (232, 230, 228), 16))
    pen.oval(10, 53, 54, 61, (150, 148, 150))
    chance.choice([_bottle, _phone, _parcel])(pen, vivid(chance), _any(chance, 150, 250))
    return pen.image


_ICONS: dict[str, Callable[[random.Random], Image.Image]] = {
    "PER": _person,
    "LOC": _place,
    "ORG": _organisation,
    "MISC": _product,
}
SUBJECTS: dict[str, tuple[str, ...]] = {
    "PER": ("a person", "someone from the shoulders up"),
    "LOC": ("mountains and a house", "a landscape"),
    "ORG": ("an office tower", "the headquarters of a company"),
    "MISC": ("a product on a table", "some merchandise"),
}
"""What a caption calls each icon."""


def _noisy(chance: random.Random, image: Image.Image) -> Image.Image:
    """`image` with uniform noise of +-_NOISE/2 on each channel, and lighter or darker as a whole by up to 24."""
    grain = Image.frombytes("RGB", image.size, chance.randbytes(image.width * image.height * 3))
    grain = grain.point([value * _NOISE // 255 for value in range(256)] * 3)
    return ImageChops.add(image, grain, scale=1, offset=chance.randint(-24, 24) - _NOISE // 2)


def draw(kind: str, chance: random.Random) -> Image.Image:
    """A picture of 64 x 64 RGB pixels of the class `kind` (an entity type).

    Raises:
        ValueError: the class has no icon.
    """
    if kind not in _ICONS:
        raise ValueError(f"no icon for the class {kind!r}; allowed: {', '.join(_ICONS)}")
    return render(_ICONS[kind], chance)


def render(scene: Callable[[random.Random], Image.Image], chance: random.Random) -> Image.Image:
    """What `scene` draws with a pen, as a picture of 64 x 64 RGB pixels with noise."""
    return _noisy(chance, scene(chance).reduce(_SCALE))
