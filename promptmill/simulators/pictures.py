"""Draws an image of the requested size that shows its prompt and seed."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

INK = 255
LIGHTEST = 200
"""The gradient's last index; above it the palette fades to white, so that letters have smooth edges."""

MAX_LINES = 12


@dataclass(frozen=True)
class Drawing:
    """What to draw; `file_format` is png, jpeg or webp."""

    size: tuple[int, int]
    prompt: str
    seed: int
    model: str
    file_format: str = "png"


def draw(drawing: Drawing) -> bytes:
    """Return the encoded image. Deterministic; takes well under a second for 4096*4096."""
    width, height = drawing.size
    picture = Image.linear_gradient("L").point([shade * LIGHTEST // 255 for shade in range(256)]).resize(drawing.size)
    pen = ImageDraw.Draw(picture)
    letter = max(8, min(width, height) // 24)
    margin = letter * 2
    font = ImageFont.load_default(letter)
    lines = _wrapped(drawing.prompt, font, width - 2 * margin)
    pen.multiline_text((margin, margin), "\n".join(lines), fill=INK, font=font, spacing=letter // 3)
    foot = f"simulated - {drawing.model}\nseed {drawing.seed} - {width}*{height}"
    small = ImageFont.load_default(max(8, letter * 2 // 3))
    pen.multiline_text((margin, height - margin), foot, fill=INK, font=small, anchor="ld")
    picture.putpalette(_palette(drawing.seed))
    return _encoded(picture, drawing.file_format)


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
        if len(lines) == MAX_LINES:
            return [*lines, "..."]
    return [*lines, line]


def _palette(seed: int) -> list[int]:
    """Return 256 colours: from a dark one to a brighter neighbour, then up to white for the letters."""
    hue = (seed * 0.618033988749895) % 1
    dark, bright = colorsys.hsv_to_rgb(hue, 0.8, 0.25), colorsys.hsv_to_rgb((hue + 0.12) % 1, 0.65, 0.75)
    colours: list[int] = []
    for shade in range(256):
        if shade <= LIGHTEST:
            pair, share = (dark, bright), shade / LIGHTEST
        else:
            pair, share = (bright, (1.0, 1.0, 1.0)), (shade - LIGHTEST) / (255 - LIGHTEST)
        colours += [round(255 * (low + (high - low) * share)) for low, high in zip(*pair, strict=True)]
    return colours


def _encoded(picture: Image.Image, file_format: str) -> bytes:
    file = BytesIO()
    if file_format == "png":
        picture.save(file, "PNG", compress_level=1)
    else:
        picture.convert("RGB").save(file, file_format.upper())
    return file.getvalue()
