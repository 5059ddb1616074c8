"""Encodes a cleaned image as JPEG or PNG, and gives up as soon as it exceeds the limit."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from PIL import Image

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"

_OPAQUE: Final = 255
_JPEG_WAYS: Final[tuple[dict[str, Any], ...]] = (
    {"format": "JPEG", "quality": 95, "subsampling": "4:4:4"},
    {"format": "JPEG", "quality": 88, "subsampling": "4:2:0"},
)
"""The best first; the other for an image that was under the limit and would now exceed it."""


class Encoded(NamedTuple):
    """A file and its type."""

    data: bytes
    content_type: str


class _Full(Exception):
    """More was written than the limit allows."""


class _CappedFile(BytesIO):
    """An in-memory file with a size limit: an image that grows is not first held in full."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, data: ReadableBuffer, /) -> int:
        if self.tell() + len(memoryview(data)) > self._most:
            raise _Full
        return super().write(data)


def encode_jpeg(picture: Image.Image, max_bytes: int) -> Encoded | None:
    """Return the image as JPEG in the best quality that fits the limit; None if none does."""
    for way in _JPEG_WAYS:
        written = _written(picture, max_bytes, **way)
        if written is not None:
            return Encoded(written, JPEG)
    return None


def encode_png(picture: Image.Image, max_bytes: int) -> Encoded | None:
    """Return the image as PNG; None if it exceeds the limit."""
    written = _written(picture, max_bytes, format="PNG")
    return None if written is None else Encoded(written, PNG)


def encode_from_webp(picture: Image.Image, max_bytes: int) -> Encoded | None:
    """Return the image as PNG, or as JPEG if that is too large and nothing is transparent. None: neither fits."""
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema()[0] == _OPAQUE:
        picture = picture.convert("RGB")
    found = encode_png(picture, max_bytes)
    return encode_jpeg(picture, max_bytes) if found is None and picture.mode == "RGB" else found


def _written(picture: Image.Image, max_bytes: int, **way: Any) -> bytes | None:
    file = _CappedFile(max_bytes)
    try:
        picture.save(file, **way)
    except _Full:
        return None
    return file.getvalue()
