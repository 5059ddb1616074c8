"""Normalises a decoded image's colours: 8 bits per channel, sRGB, transparency in the pixels."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageCms

_MAX_8_BIT: Final = 255


def plain_colours(picture: Image.Image) -> Image.Image:
    """Return the image as displayed, in mode L, LA, RGB, RGBA, or P if it has a palette and no colour profile."""
    profile = picture.info.get("icc_profile")
    picture = _eight_bits(picture)
    if picture.mode == "P" and not profile:
        return picture
    picture = _with_alpha(picture)
    if profile:
        # An unreadable or unsuitable profile is ignored: the image itself is fine.
        with suppress(ImageCms.PyCMSError, OSError):
            picture = _in_srgb(picture, profile)
    return picture if picture.mode in {"L", "LA", "RGB", "RGBA"} else picture.convert("RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Convert 1- or 16-bit greyscale to 8 bits; 16-bit colour has already been decoded to 8."""
    if picture.mode == "1":
        return _converted(picture, picture.convert("L"))
    if picture.mode.startswith("I"):
        # Not `convert("L")`, which older versions clip at 255.
        return _converted(picture, picture.convert("I").point(lambda grey: grey * (1 / 256)).convert("L"))
    return picture


def _converted(before: Image.Image, after: Image.Image) -> Image.Image:
    after.info = before.info
    return after


def _with_alpha(picture: Image.Image) -> Image.Image:
    """Return the image with its transparent colour, or its palette's transparency, as an alpha channel."""
    transparency = picture.info.get("transparency")
    if transparency is None:
        return picture.convert("RGB") if picture.mode == "P" else picture
    picture.info["transparency"] = _eight_bit_colour(transparency)
    return picture.convert("LA" if picture.mode == "L" else "RGBA")


def _eight_bit_colour(transparency: Any) -> Any:
    """Return the transparent colour in 8 bits; PNG names that of 16-bit pictures in 16. A palette's is bytes."""
    if isinstance(transparency, int):
        return transparency >> 8 if transparency > _MAX_8_BIT else transparency
    if isinstance(transparency, tuple) and max(transparency) > _MAX_8_BIT:
        return tuple(channel >> 8 for channel in transparency)
    return transparency


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Return the image converted from its profile.

    Raises:
        PyCMSError, OSError: The profile is broken, or unsuitable for this image.
    """
    alpha = picture.getchannel("A") if picture.mode in {"LA", "RGBA"} else None
    base = picture.convert({"LA": "L", "RGBA": "RGB"}[picture.mode]) if alpha else picture
    converted = ImageCms.profileToProfile(
        base,
        ImageCms.ImageCmsProfile(BytesIO(profile)),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert converted is not None  # None only if an image is converted in place
    if alpha:
        converted.putalpha(alpha)
    return converted
