"""Turns an uploaded file into a clean image: identified by its content, decoded once, reduced to its pixels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Final, NamedTuple

from PIL import ExifTags, Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from api.http.errors import Refused
from api.uploads.colours import plain_colours
from api.uploads.encoding import JPEG, PNG, Encoded, encode_from_webp, encode_jpeg, encode_png
from api.uploads.scans import MAX_SCANS, has_too_many_scans

PICTURE_TYPES: Final = (JPEG, PNG, "image/webp")
"""Accepted formats. HEIC, AVIF, GIF, TIFF, SVG and all others are not: each decoder adds attack surface."""

MIN_SIDE: Final = 8
MIN_PIXELS: Final = 512
"""Grok rejects an image with a shorter side, or with fewer pixels in total."""

_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> the operation that makes the image upright."""


class PictureLimits(NamedTuple):
    """Limits: bytes of the file, before and after cleaning, and pixels of the image."""

    max_bytes: int
    max_pixels: int


@dataclass(frozen=True)
class CleanPicture:
    """An image without metadata. `content_type` is `image/jpeg` or `image/png`; width and height are as displayed."""

    data: bytes
    content_type: str
    width: int
    height: int


class _Decoder(NamedTuple):
    """How files of one type begin, how they are opened, and how the image is encoded again.

    The decoders are named rather than detected: `Image.open` would try others, and apply its own size limits.
    """

    begins: re.Pattern[bytes]
    open: Callable[[BytesIO], ImageFile.ImageFile]
    encode: Callable[[Image.Image, int], Encoded | None]


_DECODERS: Final = (
    _Decoder(re.compile(rb"\xff\xd8\xff"), JpegImageFile, encode_jpeg),
    _Decoder(re.compile(rb"\x89PNG\r\n\x1a\n"), PngImageFile, encode_png),
    _Decoder(re.compile(rb"RIFF.{4}WEBP", re.DOTALL), WebPImageFile, encode_from_webp),
)


def clean_picture(data: bytes, limits: PictureLimits) -> CleanPicture:
    """Return the image in a file: upright, in sRGB with 8 bits per channel, without metadata.

    Large images take seconds and much memory (16 bytes a pixel): call it in a thread.

    Raises:
        Refused: `picture_type`, `picture_unreadable`, `picture_animated`, `picture_too_many_pixels`,
            `picture_too_small` or `picture_too_large`.
    """
    decoder = _decoder_of(data)
    with _unreadable_when_broken():
        picture = decoder.open(BytesIO(data))
    _judge_header(picture, limits)
    if isinstance(picture, JpegImageFile) and has_too_many_scans(data):
        raise Refused("picture_unreadable", f"The JPEG has more than {MAX_SCANS} scans; save it again.")
    with _unreadable_when_broken():
        picture.load()
        if picture.mode == "P" and picture.palette is None:
            raise Refused("picture_unreadable")
        pixels = _without_metadata(plain_colours(_upright(picture)))
    del picture
    written = decoder.encode(pixels, limits.max_bytes)
    if written is None:
        raise Refused(
            "picture_too_large",
            f"Without its metadata, the image still exceeds {limits.max_bytes} bytes: make it smaller, "
            "or save it as JPEG.",
        )
    return CleanPicture(written.data, written.content_type, *pixels.size)


def _decoder_of(data: bytes) -> _Decoder:
    if not data:
        raise Refused("picture_unreadable", "The file is empty.")
    for decoder in _DECODERS:
        if decoder.begins.match(data):
            return decoder
    raise Refused("picture_type")


def _judge_header(picture: ImageFile.ImageFile, limits: PictureLimits) -> None:
    """Reject what can be rejected without decoding."""
    width, height = picture.size
    if width * height > limits.max_pixels:
        raise _too_many_pixels(
            f"The image has {width} x {height} pixels; at most {limits.max_pixels} in total are allowed."
        )
    if min(width, height) < MIN_SIDE or width * height < MIN_PIXELS:
        raise Refused(
            "picture_too_small",
            f"The image has {width} x {height} pixels; each side needs {MIN_SIDE}, and the whole {MIN_PIXELS}.",
        )
    if getattr(picture, "is_animated", False):
        raise Refused("picture_animated")


def _upright(picture: Image.Image) -> Image.Image:
    orientation = None
    # Unreadable EXIF is ignored; the pixels are fine.
    with suppress(Exception):
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
    turn = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    if turn is None:
        return picture
    turned = picture.transpose(turn)
    turned.info = picture.info
    return turned


def _without_metadata(picture: Image.Image) -> Image.Image:
    """Return the image with nothing to encode besides its pixels, including a palette's transparency."""
    transparency = picture.info.get("transparency")
    picture.info = {} if transparency is None or picture.mode != "P" else {"transparency": transparency}
    return picture


@contextmanager
def _unreadable_when_broken() -> Iterator[None]:
    try:
        yield
    except MemoryError:
        raise
    except Image.DecompressionBombError:
        # The only type whose decoder checks this itself before it allocates memory.
        raise _too_many_pixels(None) from None
    except Exception:  # noqa: BLE001  # untrusted bytes can make decoders raise anything
        raise Refused("picture_unreadable") from None


def _too_many_pixels(detail: str | None) -> Refused:
    return Refused("picture_too_many_pixels", detail)
