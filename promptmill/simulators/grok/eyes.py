"""What this Grok sees in an image: as much as can be told without a model. An image on the web is not fetched."""

from __future__ import annotations

import base64
from io import BytesIO

from PIL import Image

COLOURS = {
    "black": (20, 20, 20),
    "white": (240, 240, 240),
    "grey": (128, 128, 128),
    "red": (200, 50, 40),
    "orange": (230, 140, 50),
    "yellow": (230, 210, 80),
    "green": (70, 140, 70),
    "blue": (60, 100, 180),
    "violet": (130, 80, 160),
}


def seen(address: str) -> str:
    """Return what a checked image shows: its format and its mean colour, if the address holds its data."""
    _head, _, data = address.partition(";base64,")
    if not data:
        return "The subject of the picture"
    with Image.open(BytesIO(base64.b64decode(data)), formats=("JPEG", "PNG")) as picture:
        width, height = picture.size
        mean = picture.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(mean, tuple)
    near = min(COLOURS, key=lambda name: sum((a - b) ** 2 for a, b in zip(COLOURS[name], mean, strict=True)))
    form = "A square" if width == height else "A wide" if width > height else "A tall"
    return f"{form} picture, mostly {near}"
