"""What the outputs in the guide's screenshots show: a small painting that fits its prompt, of the size asked for.

The simulators draw words on a gradient, which says how a picture was made. A guide should look like work with pictures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from itertools import pairwise
from math import cos, pi, sin
from random import Random
from typing import Final

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter

LONGEST: Final = 800
"""Pixels of a painting's longer side: more than a screenshot shows of any."""

FINE: Final = 2
"""How many times larger it is painted than it is returned: edges become smooth."""

Point = tuple[float, float]


@dataclass
class Canvas:
    """A picture whose places are shares of its width and height; `unit` is a length that fits both."""

    width: int
    height: int
    variant: int
    chance: Random = field(init=False)
    image: Image.Image = field(init=False)

    def __post_init__(self) -> None:
        self.chance = Random(self.variant)
        self.image = Image.new("RGB", (self.width, self.height))

    @property
    def unit(self) -> float:
        return float(min(self.width, self.height))

    def place(self, point: Point) -> Point:
        return point[0] * self.width, point[1] * self.height

    def sky(self, *colours: str, top: float = 0, bottom: float = 1) -> None:
        """Fill the height between two places with colours that fade into each other."""
        strip = Image.new("RGB", (1, len(colours)))
        strip.putdata([ImageColor.getrgb(colour)[:3] for colour in colours])
        low, high = round(top * self.height), round(bottom * self.height)
        self.image.paste(strip.resize((self.width, max(1, high - low)), Image.Resampling.BICUBIC), (0, low))

    def light(self, centre: Point, radius: float, colour: str, strength: float = 1) -> None:
        """Let something shine: brightest in its middle, nothing at its edge."""
        side = max(2, round(2 * radius * self.unit))
        fade = ImageChops.invert(Image.radial_gradient("L")).point(
            lambda step: round(max(0, step - 74) * 1.4 * strength)
        )
        x, y = self.place(centre)
        self.image.paste(colour, (round(x - side / 2), round(y - side / 2)), fade.resize((side, side)))

    def shape(self, points: Sequence[Point], colour: str, blur: float = 0, alpha: int = 255) -> None:
        """Fill a polygon."""
        corners = [self.place(point) for point in points]
        edge = round(3 * blur * self.unit) + 1
        left, top = (round(min(each)) - edge for each in zip(*corners, strict=True))
        right, bottom = (round(max(each)) + edge for each in zip(*corners, strict=True))
        # What lies outside of the picture is not painted.
        left, top = max(left, -edge), max(top, -edge)
        right, bottom = min(right, self.width + edge), min(bottom, self.height + edge)
        if right <= left or bottom <= top:
            return
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in corners], fill=alpha)
        soft = mask.filter(ImageFilter.GaussianBlur(blur * self.unit)) if blur else mask
        self.image.paste(colour, (left, top), soft)

    def disc(self, centre: Point, radius: float, colour: str, squeeze: float = 1, blur: float = 0) -> None:
        """Fill an ellipse, `squeeze` times as high as it is wide."""
        x, y = self.place(centre)
        wide, high = radius * self.unit, radius * self.unit * squeeze
        turns = [2 * pi * step / 72 for step in range(72)]
        self.shape([((x + wide * cos(t)) / self.width, (y + high * sin(t)) / self.height) for t in turns], colour, blur)

    def figure(self, at: Point, size: float, points: Sequence[Point], colour: str) -> None:
        """Fill a polygon whose own places are lengths around a point, so that no picture's shape distorts it."""
        x, y = self.place(at)
        step = size * self.unit
        self.shape([((x + dx * step) / self.width, (y + dy * step) / self.height) for dx, dy in points], colour)

    def stroke(self, points: Sequence[Point], colour: str, thickness: float) -> None:
        pen = ImageDraw.Draw(self.image)
        pen.line(
            [self.place(point) for point in points],
            fill=colour,
            width=max(1, round(thickness * self.unit)),
            joint="curve",
        )

    def ridge(self, level: float, rise: float, colour: str, rough: float = 0.5) -> None:
        """Fill what lies below a line of hills."""
        heights = [self.chance.random(), self.chance.random()]
        swing = 1.0
        while len(heights) < 130:
            swing *= rough
            middles = [(one + other) / 2 + (self.chance.random() - 0.5) * swing for one, other in pairwise(heights)]
            heights = [each for pair in zip(heights, middles, strict=False) for each in pair] + [heights[-1]]
        last = len(heights) - 1
        self.shape([(0, 1), *((n / last, level - rise * (h - 0.5)) for n, h in enumerate(heights)), (1, 1)], colour)


def lighthouse(on: Canvas) -> None:
    on.sky("#33476b", "#7d8fae", "#f0c9a8", "#f7dcc0", bottom=0.62)
    on.light((0.3, 0.56), 0.6, "#fff0d2", 0.9)
    on.sky("#e0b79b", "#7f8fa6", "#2f4260", top=0.6)
    for _ in range(60):
        y = 0.62 + on.chance.random() ** 1.6 * 0.36
        x, long = on.chance.random(), 0.03 + on.chance.random() * 0.12
        on.stroke([(x, y), (x + long, y)], on.chance.choice(["#f3d3b3", "#aab3c4", "#4f6280"]), 0.0025)
    on.shape([(0.5, 0.66), (0.62, 0.58), (0.72, 0.55), (0.86, 0.56), (1, 0.5), (1, 0.74), (0.8, 0.7)], "#27324a")
    tower = (0.74, 0.56)
    on.figure(tower, 1, [(-0.045, 0), (-0.03, -0.33), (0.03, -0.33), (0.045, 0)], "#f6efe6")
    for low, high in ((0, -0.07), (-0.14, -0.21)):
        on.figure(tower, 1, [(-0.045, low), (-0.04, high), (0.04, high), (0.045, low)], "#b8453a")
    on.figure(tower, 1, [(-0.045, -0.33), (-0.045, -0.345), (0.045, -0.345), (0.045, -0.33)], "#27324a")
    on.figure(tower, 1, [(-0.025, -0.345), (-0.025, -0.395), (0.025, -0.395), (0.025, -0.345)], "#ffe9a8")
    on.figure(tower, 1, [(-0.035, -0.395), (0, -0.44), (0.035, -0.395)], "#27324a")
    x, y = on.place(tower)
    lamp = (x / on.width, (y - 0.37 * on.unit) / on.height)
    on.shape([lamp, (-0.1, lamp[1] - 0.13), (-0.1, lamp[1] + 0.05)], "#fff3c9", 0.02, 110)
    on.light(lamp, 0.16, "#fff6d8")
    for _ in range(7):
        y = 0.5 + on.chance.random() * 0.2
        on.shape([(-0.2, y), (1.2, y - 0.02), (1.2, y + 0.03), (-0.2, y + 0.05)], "#f5e3d4", 0.04, 80)


def fox(on: Canvas) -> None:
    on.sky("#8fa7c4", "#d3dcea", "#f4ece6", bottom=0.7)
    on.light((0.25, 0.32), 0.4, "#fff7e6", 0.8)
    for level, colour in ((0.5, "#a9b8cd"), (0.58, "#8496b0")):
        on.ridge(level, 0.16, colour)
    for _ in range(16):
        size, x = 0.1 + on.chance.random() * 0.2, on.chance.random()
        for tier in range(3):
            top = -size + tier * size * 0.26
            on.figure(
                (x, 0.68),
                1,
                [(0, top), (0.09 * size * (tier + 2), top + size * 0.5), (-0.09 * size * (tier + 2), top + size * 0.5)],
                "#4a5f78",
            )
    on.ridge(0.68, 0.06, "#eef2f8", 0.4)
    on.ridge(0.84, 0.05, "#ffffff", 0.35)
    at, coat, white, dark = (0.58, 0.86), "#d4682b", "#fdf4ea", "#4a2a1c"
    on.disc((at[0] + 0.02, at[1] + 0.005), 0.2, "#c9d5e6", 0.16, 0.01)
    on.figure(at, 0.4, [(0.18, -0.02), (0.5, -0.03), (0.66, -0.16), (0.64, -0.34), (0.52, -0.22), (0.3, -0.2)], coat)
    on.figure(at, 0.4, [(0.66, -0.16), (0.64, -0.34), (0.56, -0.25), (0.6, -0.17)], white)
    on.figure(at, 0.4, [(-0.2, 0), (-0.2, -0.42), (-0.1, -0.55), (0.1, -0.52), (0.27, -0.3), (0.32, 0)], coat)
    on.figure(at, 0.4, [(-0.2, 0), (-0.2, -0.4), (-0.1, -0.5), (-0.03, -0.3), (-0.09, 0)], white)
    on.figure(at, 0.4, [(-0.19, 0.0), (-0.19, -0.16), (-0.11, -0.16), (-0.1, 0.0)], dark)
    _fox_head(on, (at[0], at[1] - 0.62 * 0.4 * on.unit / on.height), 0.34, coat, white, dark)
    for _ in range(140):
        on.disc((on.chance.random(), on.chance.random()), 0.002 + on.chance.random() * 0.004, "#ffffff")


def _fox_head(on: Canvas, at: Point, size: float, coat: str, white: str, dark: str) -> None:
    for side in (-1, 1):
        on.figure(at, size, [(0.06 * side, -0.22), (0.36 * side, -0.62), (0.42 * side, -0.06)], coat)
        on.figure(at, size, [(0.17 * side, -0.24), (0.33 * side, -0.48), (0.35 * side, -0.14)], dark)
    on.figure(
        at,
        size,
        [(-0.44, -0.12), (-0.2, -0.26), (0.2, -0.26), (0.44, -0.12), (0.3, 0.12), (0, 0.4), (-0.3, 0.12)],
        coat,
    )
    for side in (-1, 1):
        on.figure(at, size, [(0.44 * side, -0.12), (0.12 * side, 0.0), (0.03 * side, 0.36), (0.3 * side, 0.12)], white)
        on.figure(at, size, [(0.1 * side, -0.01), (0.22 * side, -0.08), (0.2 * side, 0.01)], dark)
    on.figure(at, size, [(-0.07, 0.3), (0.07, 0.3), (0, 0.4)], dark)


INKS: Final = (
    ("#f2e3c9", "#e2572b", "#20303c", "#7fa99b"),
    ("#16324f", "#f08a3c", "#f5ead6", "#3e6c8f"),
    ("#e8b23a", "#c23b22", "#2b1a17", "#f6e6c2"),
    ("#2f5d50", "#f0743e", "#f7efe0", "#88b39a"),
)


def poster(on: Canvas) -> None:
    ground, coat, dark, shade = INKS[on.variant % len(INKS)]
    white = "#fbf3e4"
    on.sky(ground, ground)
    on.disc((0.5, 0.46), 0.36, shade)
    for n in range(24):
        turn = 2 * pi * n / 24
        rim = [(0.38 * cos(turn + d), 0.38 * sin(turn + d)) for d in (-0.05, 0.05)]
        on.figure((0.5, 0.46), 1, [*rim, (0.45 * cos(turn), 0.45 * sin(turn))], shade)
    on.ridge(0.88, 0.06, dark if ground != "#16324f" else "#0d2136", 0.4)
    _fox_head(on, (0.5, 0.5), 0.62, coat, white, dark if dark not in {"#f5ead6", "#f7efe0"} else "#1d2a30")


def terraces(on: Canvas) -> None:
    on.sky("#3f6b3a", "#7fae58", "#3b5e37")
    rows = 15
    for row in range(rows):
        level = -0.08 + row * 1.2 / rows
        bend, shift = 0.05 + 0.05 * on.chance.random(), on.chance.random() * 0.6
        line = [(x / 60, level + bend * sin(x / 60 * 5.2 + shift + row * 0.22)) for x in range(61)]
        colour = ("#5f9a47", "#87bb5a", "#4a7f3f", "#a5c96b", "#6fa84f")[row % 5]
        on.shape([*line, (1, 1), (0, 1)], colour)
        if row % 3 != 2:
            water = [(x, y + 0.026) for x, y in line]
            on.shape([*((x, y + 0.006) for x, y in line), *reversed(water)], "#cfe3ea" if row % 2 else "#a9c8d8")
        on.stroke(line, "#35552f", 0.005)
    for _ in range(30):
        on.disc((on.chance.random(), on.chance.random()), 0.008 + on.chance.random() * 0.012, "#2d4f2c")
    on.light((0.8, 0.1), 0.5, "#fff6d0", 0.55)


def still_life(on: Canvas) -> None:
    on.sky("#2b2622", "#4a4038", "#2c2722")
    on.light((0.12, 0.25), 0.75, "#94846c", 0.8)
    on.shape([(0, 0.7), (1, 0.66), (1, 1), (0, 1)], "#5b4634")
    on.shape([(0.06, 0.74), (0.9, 0.7), (1.02, 0.86), (0.8, 1.02), (0.1, 1.02)], "#ded6c6", 0.004)
    for fold in (0.2, 0.42, 0.66, 0.84):
        on.shape([(fold, 0.76), (fold + 0.03, 0.76), (fold + 0.1, 1), (fold + 0.03, 1)], "#b7ad9b", 0.01, 170)
    at = (0.64, 0.78)
    on.disc((0.7, 0.79), 0.2, "#8c8170", 0.2, 0.02)
    on.figure(
        at,
        1,
        [
            (-0.12, 0),
            (-0.16, -0.16),
            (-0.14, -0.28),
            (-0.07, -0.36),
            (-0.09, -0.46),
            (0.08, -0.46),
            (0.07, -0.36),
            (0.14, -0.28),
            (0.16, -0.16),
            (0.12, 0),
        ],
        "#6f7478",
    )
    on.figure(
        at,
        1,
        [
            (-0.1, 0),
            (-0.13, -0.16),
            (-0.11, -0.28),
            (-0.05, -0.36),
            (-0.06, -0.45),
            (-0.02, -0.45),
            (-0.03, -0.3),
            (-0.06, -0.14),
            (-0.05, 0),
        ],
        "#b9c0c2",
    )
    x, y = on.place(at)
    handle = [
        ((x + (0.1 + 0.13 * sin(pi * t / 20)) * on.unit) / on.width, (y - (0.42 - 0.3 * t / 20) * on.unit) / on.height)
        for t in range(21)
    ]
    on.stroke(handle, "#5b6064", 0.022)
    for place, radius in (((0.24, 0.8), 0.1), ((0.4, 0.84), 0.11), ((0.31, 0.88), 0.1), ((0.83, 0.86), 0.095)):
        on.disc((place[0] + 0.03, place[1] + 0.06), radius, "#7d705c", 0.5, 0.015)
        on.disc(place, radius, "#b98a1c", 0.94)
        on.disc((place[0] - 0.006, place[1] - 0.006), radius * 0.9, "#d8ab2c", 0.94, 0.01)
        on.light((place[0] - 0.03, place[1] - 0.035), radius * 0.95, "#f9e38c", 0.95)
        on.stroke([(place[0], place[1] - 0.085), (place[0] + 0.01, place[1] - 0.12)], "#4b3a20", 0.009)


def tram(on: Canvas) -> None:
    on.sky("#0e1526", "#1d2940", "#2b3147", bottom=0.66)
    for _ in range(15):
        x, high, wide = on.chance.random(), 0.2 + on.chance.random() * 0.3, 0.05 + on.chance.random() * 0.1
        on.shape(
            [(x, 0.66), (x, 0.66 - high), (x + wide, 0.66 - high), (x + wide, 0.66)],
            on.chance.choice(["#141c30", "#182238", "#10182a"]),
        )
    on.sky("#1d2436", "#11172a", "#0a0f1c", top=0.66)
    for _ in range(26):
        spot = (on.chance.random(), 0.3 + on.chance.random() * 0.3)
        on.light(
            spot, 0.03 + on.chance.random() * 0.05, on.chance.choice(["#ffb45c", "#ff7a4d", "#8fd0ff", "#ffe2a0"]), 0.75
        )
    at, length = (0.5, 0.74), 0.42
    on.figure(
        at,
        1,
        [(-length, 0), (-length, -0.26), (-length + 0.05, -0.31), (length - 0.05, -0.31), (length, -0.26), (length, 0)],
        "#b8322a",
    )
    on.figure(at, 1, [(-length, -0.1), (-length, -0.125), (length, -0.125), (length, -0.1)], "#f0e2c4")
    for n in range(6):
        left = -length + 0.03 + n * (2 * length - 0.04) / 6
        on.figure(at, 1, [(left, -0.14), (left, -0.27), (left + 0.11, -0.27), (left + 0.11, -0.14)], "#ffd98a")
    on.light((0.5, 0.6), 0.5, "#ffce7a", 0.35)
    on.stroke([(0, 0.3), (1, 0.27)], "#0a0f1c", 0.004)
    below = on.image.crop((0, round(on.height * 0.5), on.width, round(on.height * 0.74))).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    shine = below.resize((on.width, round(on.height * 0.26))).filter(
        ImageFilter.BoxBlur((on.unit * 0.004, on.unit * 0.05))
    )
    road = on.image.crop((0, round(on.height * 0.74), on.width, round(on.height * 0.74) + shine.height))
    on.image.paste(Image.blend(road, shine.crop((0, 0, *road.size)), 0.62), (0, round(on.height * 0.74)))
    for _ in range(220):
        x, y = on.chance.random(), on.chance.random()
        on.stroke([(x, y), (x - 0.006, y + 0.03)], "#5d6b88", 0.0014)


def heron(on: Canvas) -> None:
    on.sky("#c8d3d6", "#e9e3d6", "#f0d9bd", bottom=0.6)
    on.light((0.68, 0.4), 0.5, "#fff4dc", 0.9)
    for level, colour in ((0.52, "#bcc6c6"), (0.56, "#a3b1b1")):
        on.ridge(level, 0.05, colour)
    on.sky("#dccdb6", "#b3bdbd", "#78898d", top=0.58)
    at, ink = (0.46, 0.8), "#3c474d"
    for leg in (-0.02, 0.03):
        on.figure(at, 1, [(leg - 0.004, 0), (leg - 0.002, -0.2), (leg + 0.004, -0.2), (leg + 0.003, 0)], ink)
    on.figure(
        at, 1, [(-0.1, -0.24), (-0.04, -0.31), (0.06, -0.3), (0.2, -0.17), (0.08, -0.18), (-0.06, -0.19)], "#5d6b73"
    )
    on.figure(
        at,
        1,
        [
            (-0.1, -0.24),
            (-0.04, -0.31),
            (-0.05, -0.38),
            (-0.09, -0.45),
            (-0.07, -0.52),
            (-0.1, -0.54),
            (-0.13, -0.46),
            (-0.09, -0.38),
        ],
        "#7b8990",
    )
    on.figure(at, 1, [(-0.06, -0.55), (-0.1, -0.57), (-0.25, -0.53), (-0.11, -0.525)], "#c58a3a")
    on.figure(at, 1, [(-0.12, -0.56), (-0.05, -0.565), (0.02, -0.53), (-0.07, -0.535)], ink)
    for _ in range(130):
        x, long, lean = on.chance.random(), 0.12 + on.chance.random() * 0.4, (on.chance.random() - 0.4) * 0.08
        if abs(x - 0.44) < 0.12:
            long *= 0.4
        colour = on.chance.choice(["#6d6a4c", "#8a8255", "#4f5640", "#a59a68"])
        on.stroke(
            [(x, 1.02), (x + lean * 0.4, 1 - long * 0.6), (x + lean, 1 - long)],
            colour,
            0.003 + on.chance.random() * 0.004,
        )


def workshop(on: Canvas) -> None:
    on.sky("#3a2719", "#5b3d26", "#2a1b12")
    for x in (0.08, 0.22):
        on.shape([(x, 0.08), (x + 0.12, 0.1), (x + 0.12, 0.52), (x, 0.56)], "#f7ecd2", 0.004)
        on.shape([(x + 0.055, 0.08), (x + 0.063, 0.08), (x + 0.063, 0.56), (x + 0.055, 0.56)], "#5b3d26")
    on.shape([(0.1, 0.1), (0.36, 0.1), (0.95, 0.9), (0.4, 1)], "#f3d9a6", 0.06, 80)
    for n, x in enumerate((0.7, 0.81, 0.92)):
        _violin(on, (x, 0.2 + 0.03 * (n % 2)), 0.3, ("#8c4a1c", "#a35a22", "#6d3814")[n])
    on.figure(
        (0.5, 1.0),
        1,
        [(-0.3, 0.05), (-0.26, -0.22), (-0.12, -0.32), (0.12, -0.32), (0.26, -0.22), (0.3, 0.05)],
        "#39506a",
    )
    on.figure(
        (0.5, 1.0),
        1,
        [(-0.12, 0.05), (-0.12, -0.24), (-0.07, -0.32), (0.07, -0.32), (0.12, -0.24), (0.12, 0.05)],
        "#8a6a48",
    )
    on.figure((0.5, 1.0), 1, [(-0.05, -0.28), (-0.05, -0.42), (0.05, -0.42), (0.05, -0.28)], "#c99470")
    x, y = 0.5, 1 - 0.52 * on.unit / on.height
    on.disc((x, y - 0.015), 0.142, "#2e1b12", 1.12)
    on.disc((x + 0.05, y - 0.17 * on.unit / on.height), 0.06, "#2e1b12")
    on.disc((x - 0.008, y + 0.012), 0.108, "#d8a681", 1.22, 0.002)
    on.light((x - 0.05, y), 0.11, "#f3d2ac", 0.8)
    on.figure(
        (x, y),
        1,
        [(-0.125, -0.03), (-0.1, -0.13), (0.05, -0.15), (0.12, -0.07), (0.03, -0.09), (-0.06, -0.075)],
        "#2e1b12",
    )
    for side in (-1, 1):
        on.figure(
            (x - 0.01, y),
            1,
            [(0.025 * side, 0.005), (0.065 * side, 0.0), (0.064 * side, 0.012), (0.028 * side, 0.014)],
            "#3b2418",
        )
    on.figure((x - 0.01, y), 1, [(-0.005, 0.03), (0.012, 0.055), (-0.01, 0.06)], "#b97f5c")
    on.figure((x - 0.01, y), 1, [(-0.03, 0.09), (0, 0.084), (0.03, 0.09), (0, 0.1)], "#a14f42")
    _violin(on, (0.5, 0.93), 0.46, "#b0642a")
    on.light((0.16, 0.3), 0.6, "#fff0cf", 0.5)


def _violin(on: Canvas, at: Point, size: float, wood: str) -> None:
    side = [
        (0.0, -0.3),
        (0.11, -0.27),
        (0.13, -0.18),
        (0.075, -0.08),
        (0.085, 0.0),
        (0.16, 0.1),
        (0.14, 0.22),
        (0.0, 0.27),
    ]
    on.figure(at, size, [*side, *((-x, y) for x, y in reversed(side))], wood)
    on.figure(at, size, [(-0.02, 0.02), (-0.016, -0.62), (0.016, -0.62), (0.02, 0.02)], "#23150d")
    for each in (-1, 1):
        on.figure(
            at,
            size,
            [(0.06 * each, -0.06), (0.07 * each, -0.06), (0.085 * each, 0.08), (0.075 * each, 0.08)],
            "#2a190f",
        )


def harbour(on: Canvas) -> None:
    on.sky("#27365c", "#7d6c92", "#eb9f77", "#fbd39a", bottom=0.56)
    on.light((0.62, 0.5), 0.34, "#fff0c2")
    on.ridge(0.5, 0.1, "#4b4f78")
    on.ridge(0.55, 0.04, "#353a60")
    for _ in range(26):
        x = on.chance.random()
        on.shape(
            [(x, 0.56), (x, 0.53 - on.chance.random() * 0.03), (x + 0.03, 0.52), (x + 0.03, 0.56)],
            on.chance.choice(["#3f3f62", "#5b5277", "#2d3154"]),
        )
        on.light((x + 0.015, 0.545), 0.018, "#ffd58a")
    above = on.image.crop((0, 0, on.width, round(on.height * 0.56))).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    water = above.resize((on.width, on.height - round(on.height * 0.56))).filter(
        ImageFilter.BoxBlur((on.unit * 0.02, on.unit * 0.006))
    )
    on.image.paste(Image.blend(water, Image.new("RGB", water.size, "#1c2748"), 0.28), (0, round(on.height * 0.56)))
    for x, size in ((0.24, 0.34), (0.44, 0.22), (0.8, 0.3)):
        at = (x, 0.66 + size * 0.2)
        on.figure(at, size, [(-0.42, -0.08), (0.46, -0.1), (0.34, 0.06), (-0.3, 0.06)], "#1b2140")
        on.figure(at, size, [(-0.4, -0.05), (0.43, -0.07), (0.42, -0.04), (-0.38, -0.02)], "#d9c7b0")
        on.figure(at, size, [(-0.01, -0.1), (-0.004, -1.0), (0.004, -1.0), (0.01, -0.1)], "#1b2140")
        on.figure(at, size, [(-0.01, -0.12), (0.3, -0.13), (0.3, -0.15), (-0.01, -0.15)], "#cfc3b8")
        on.figure(at, size, [(-0.26, 0.08), (0.3, 0.08), (0.2, 0.2), (-0.2, 0.2)], "#161c38")


def pass_(on: Canvas) -> None:
    on.sky("#5b83b5", "#a6c3df", "#e9eef2", bottom=0.75)
    on.light((0.75, 0.2), 0.4, "#fffbe8")
    for level, rise, colour in (
        (0.48, 0.5, "#9db2ca"),
        (0.62, 0.42, "#6f8bab"),
        (0.78, 0.3, "#48637f"),
        (0.95, 0.2, "#2c4355"),
    ):
        on.ridge(level, rise, colour, 0.58)
        for _ in range(9):
            on.disc(
                (on.chance.random() * 1.1, level + on.chance.random() * 0.1),
                0.08 + on.chance.random() * 0.1,
                "#f4f7fa",
                0.3,
                0.03,
            )


SUBJECTS: Final[Sequence[tuple[str, Callable[[Canvas], None]]]] = (
    ("poster", poster),
    ("fox", fox),
    ("lighthouse", lighthouse),
    ("violin", workshop),
    ("rice", terraces),
    ("still life", still_life),
    ("tram", tram),
    ("heron", heron),
    ("harbour", harbour),
)


@cache
def painting(prompt: str, size: str, variant: int) -> bytes:
    """Return a PNG that fits a prompt.

    Args:
        prompt: What it should show; a landscape if none of its words is known.
        size: Its width and height as the models write it, `1024*768`; square for anything else.
        variant: Another one paints the same a little differently.
    """
    found = re.fullmatch(r"(\d+)\*(\d+)", size)
    width, height = (int(found[1]), int(found[2])) if found else (1, 1)
    scale = LONGEST * FINE / max(width, height)
    on = Canvas(round(width * scale), round(height * scale), variant)
    next((paint for word, paint in SUBJECTS if word in prompt.lower()), pass_)(on)
    small = on.image.reduce(FINE)
    grain = Image.effect_noise(small.size, 18).convert("RGB")
    finished = ImageChops.overlay(small, Image.blend(Image.new("RGB", small.size, "#808080"), grain, 0.15))
    made = BytesIO()
    finished.save(made, "PNG")
    return made.getvalue()
