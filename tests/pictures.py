"""Draws the images that tests upload, and reads what a file contains besides its pixels."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms

SECRET = b"Nobody must read this"


def drawn(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Return an image in which every pixel differs from its neighbours, and left from right, top from bottom."""
    red = Image.linear_gradient("L").rotate(90).resize(size)
    green = Image.linear_gradient("L").resize(size)
    blue = Image.new("L", size, 40)
    picture = Image.merge("RGB", (red, green, blue))
    if mode in {"RGBA", "LA"}:
        picture.putalpha(red)
    return picture.convert(mode)


def saved(picture: Image.Image, file_format: str, **how: Any) -> bytes:
    file = BytesIO()
    picture.save(file, file_format, **how)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


def gps_exif(orientation: int = 1) -> bytes:
    """Return EXIF that says where and with what a photo was taken."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = SECRET.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 12.0, 30.0), 3: "E", 4: (16.0, 22.0, 1.0)})
    return exif.tobytes()


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """Return sRGB's profile with red and green swapped: an image with it changes visibly."""
    profile = bytearray(srgb_profile())
    count = struct.unpack_from(">I", profile, 128)[0]
    places = {bytes(profile[at : at + 4]): at for at in range(132, 132 + count * 12, 12)}
    red, green = places[b"rXYZ"] + 4, places[b"gXYZ"] + 4
    profile[red : red + 8], profile[green : green + 8] = profile[green : green + 8], profile[red : red + 8]
    return bytes(profile)


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_of_header(width: int, height: int) -> bytes:
    """Return a PNG that promises more than it has: a header, and hardly any pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + pixels + png_chunk(b"IEND", b"")


def png_chunks(data: bytes) -> list[bytes]:
    """Return the names of a PNG's chunks, the pixels' as one; fails if anything follows the end."""
    names: list[bytes] = []
    at = 8
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        names += [name] if names[-1:] != [name] else []
        at += 12 + length
    assert at == len(data)
    return names


def jpeg_segments(data: bytes) -> Iterator[int]:
    """Yield the markers of a JPEG up to its first scan."""
    at = 2
    while data[at + 1] != 0xDA:
        yield data[at + 1]
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
