"""What a fetched file is, by its first bytes alone: a server's header and the name in its address may lie.

A browser runs nothing of what it is given under these types. Web pages are no outputs; a drawing (SVG), which could
hold scripts, is stored as plain text; what is not known is stored as bytes without a meaning.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

HEAD_BYTES: Final = 4096
"""How much of a file `media_type_of` needs."""


class Show(StrEnum):
    """How an output can be shown."""

    PICTURE = "picture"
    FILM = "film"
    SOUND = "sound"
    NOT = "not"


class MediaType(NamedTuple):
    """A type of file.

    Attributes:
        name: The media type.
        suffix: How its names end.
        show: What it can be shown as.
        format: The decoder's name: Pillow's for a picture, FFmpeg's for a film or sound. No other one is tried.
    """

    name: str
    suffix: str
    show: Show = Show.NOT
    format: str = ""


BYTES: Final = MediaType("application/octet-stream", ".bin")
DRAWING: Final = MediaType("text/plain", ".svg.txt")
TEXT: Final = MediaType("text/plain", ".txt")

_MP4: Final = MediaType("video/mp4", ".mp4", Show.FILM, "mp4")
_AVIF: Final = MediaType("image/avif", ".avif", Show.PICTURE, "AVIF")
_BRANDS: Final = {
    b"avif": _AVIF,
    b"avis": _AVIF,
    b"heic": MediaType("image/heic", ".heic"),
    b"mif1": MediaType("image/heif", ".heif"),
    b"M4A ": MediaType("audio/mp4", ".m4a", Show.SOUND, "mp4"),
    b"qt  ": MediaType("video/quicktime", ".mov", Show.FILM, "mov"),
}
"""Brands of ISO media files; any other one is taken for MP4."""

_MP3: Final = MediaType("audio/mpeg", ".mp3", Show.SOUND, "mp3")
_BEGINNINGS: Final = (
    (b"\x89PNG\r\n\x1a\n", MediaType("image/png", ".png", Show.PICTURE, "PNG")),
    (b"\xff\xd8\xff", MediaType("image/jpeg", ".jpg", Show.PICTURE, "JPEG")),
    (b"GIF87a", MediaType("image/gif", ".gif", Show.PICTURE, "GIF")),
    (b"GIF89a", MediaType("image/gif", ".gif", Show.PICTURE, "GIF")),
    (b"BM", MediaType("image/bmp", ".bmp", Show.PICTURE, "BMP")),
    (b"II*\x00", MediaType("image/tiff", ".tiff", Show.PICTURE, "TIFF")),
    (b"MM\x00*", MediaType("image/tiff", ".tiff", Show.PICTURE, "TIFF")),
    (b"ID3", _MP3),
    (b"\xff\xfb", _MP3),
    (b"\xff\xf3", _MP3),
    (b"fLaC", MediaType("audio/flac", ".flac", Show.SOUND, "flac")),
    (b"OggS", MediaType("audio/ogg", ".ogg", Show.SOUND, "ogg")),
    (b"glTF", MediaType("model/gltf-binary", ".glb")),
)
_RIFF: Final = {
    b"WEBP": MediaType("image/webp", ".webp", Show.PICTURE, "WEBP"),
    b"WAVE": MediaType("audio/wav", ".wav", Show.SOUND, "wav"),
}


def media_type_of(head: bytes) -> MediaType | None:
    """Return what a file is that begins with these bytes; None for a web page."""
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], _MP4)
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    if head[:4] == b"\x1aE\xdf\xa3":
        name = ("video/webm", ".webm") if b"webm" in head[:64] else ("video/x-matroska", ".mkv")
        return MediaType(*name, Show.FILM, "matroska")
    for beginning, found in _BEGINNINGS:
        if head.startswith(beginning):
            return found
    return _written(head)


def _written(head: bytes) -> MediaType | None:
    """Return what a file is that may be a text: a drawing, a web page (None), other text, or just bytes."""
    begins = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if begins.startswith(b"<"):
        return DRAWING if b"<svg" in begins and b"<html" not in begins else None
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # not a character that the end of the head cuts
            return BYTES
        text = head[: error.start].decode()
    return TEXT if text.isprintable() or all(c.isprintable() or c in "\t\r\n" for c in text) else BYTES
