"""Writes a cleaned picture, as JPEG or PNG, and gives up as soon as it is larger than allowed."""

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
"""The best first; the other for what came in under the limit and would be over it."""


class Encoded(NamedTuple):
    """A file and its type."""

    data: bytes
    content_type: str


class _Full(Exception):
    """More was written than is allowed."""


class _CappedFile(BytesIO):
    """A file in memory that takes only so many bytes: a picture that grows is not first held as a whole."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, data: ReadableBuffer, /) -> int:
        if self.tell() + len(memoryview(data)) > self._most:
            raise _Full
        return super().write(data)


def encode_jpeg(picture: Image.Image, max_bytes: int) -> Encoded | None:
    """Return the picture as JPEG, in the best quality that fits into so many bytes; None where none does."""
    for way in _JPEG_WAYS:
        written = _written(picture, max_bytes, **way)
        if written is not None:
            return Encoded(written, JPEG)
    return None


def encode_png(picture: Image.Image, max_bytes: int) -> Encoded | None:
    """Return the picture as PNG; None where that has more bytes."""
    written = _written(picture, max_bytes, format="PNG")
    return None if written is None else Encoded(written, PNG)


def encode_from_webp(picture: Image.Image, max_bytes: int) -> Encoded | None:
    """Return the picture as PNG; as JPEG where that is too large and nothing is transparent. None: neither fits."""
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
