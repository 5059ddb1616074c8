"""What is left of an uploaded image: how it looks, and nothing else."""

from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from api.uploads.pictures import PictureLimits, clean_picture
from tests.pictures import (
    SECRET,
    drawn,
    gps_exif,
    jpeg_segments,
    opened,
    png_chunk,
    png_chunks,
    saved,
    srgb_profile,
    swapped_profile,
)

LIMITS = PictureLimits(max_bytes=1_000_000, max_pixels=1_000_000)
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"


def cleaned(data: bytes) -> bytes:
    return clean_picture(data, LIMITS).data


def look(data: bytes, at: tuple[int, int] = (5, 5)) -> tuple[int, ...]:
    pixel = opened(data).convert("RGBA").getpixel(at)
    assert isinstance(pixel, tuple)
    return pixel


def near(one: tuple[int, ...], other: tuple[int, ...], within: int = 6) -> bool:
    return all(abs(left - right) <= within for left, right in zip(one, other, strict=True))


def assert_bare(data: bytes) -> None:
    """Check that the file contains nothing but what its pixels need."""
    if data.startswith(b"\x89PNG"):
        assert set(png_chunks(data)) <= {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
    else:
        # JFIF's own header, tables, the frame: no EXIF, ICC, XMP, Photoshop, MPF (E1-EF), no comment (FE).
        assert not set(jpeg_segments(data)) & {*range(0xE1, 0xF0), 0xFE}
        assert data.endswith(b"\xff\xd9")
        assert data.count(b"\xff\xd8\xff") == 1
    assert SECRET not in data


def test_where_a_jpeg_was_taken_is_gone() -> None:
    icc = srgb_profile()
    data = saved(drawn(), "JPEG", exif=gps_exif(), comment=SECRET, icc_profile=icc, xmp=XMP, dpi=(300, 300))
    assert data.count(SECRET) == 3
    assert opened(data).getexif().get_ifd(0x8825)

    found = cleaned(data)

    assert_bare(found)
    assert not opened(found).getexif()


def test_the_thumbnail_of_a_jpeg_is_gone() -> None:
    exif = gps_exif() + saved(drawn(), "JPEG")
    data = saved(drawn(), "JPEG", exif=exif)
    assert data.count(b"\xff\xd8\xff") == 2

    assert_bare(cleaned(data))


def test_what_a_png_tells_in_words_is_gone() -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", SECRET.decode())
    words.add_text("parameters", SECRET.decode() * 20, zip=True)
    words.add_itxt("XML:com.adobe.xmp", XMP.decode())
    data = saved(drawn(), "PNG", pnginfo=words, exif=gps_exif(), icc_profile=srgb_profile(), dpi=(300, 300))
    assert {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"iCCP", b"pHYs"} <= set(png_chunks(data))

    assert_bare(cleaned(data))


def test_metadata_of_a_webp_is_gone() -> None:
    data = saved(drawn(), "WEBP", exif=gps_exif(), xmp=XMP, icc_profile=srgb_profile())
    assert data.count(SECRET) == 2

    assert_bare(cleaned(data))


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_what_hangs_behind_a_picture_is_gone(file_format: str) -> None:
    assert_bare(cleaned(saved(drawn(), file_format) + b"PK\x03\x04" + SECRET))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_as_its_exif_says(file_format: str, orientation: int) -> None:
    data = saved(drawn(), file_format, exif=gps_exif(orientation))
    shown = ImageOps.exif_transpose(opened(data))
    picture = clean_picture(data, LIMITS)

    assert (picture.width, picture.height) == shown.size == ((48, 64) if orientation > 4 else (64, 48))
    found = opened(picture.data)
    for at in ((3, 3), (shown.width - 4, 3), (3, shown.height - 4)):
        pixels = found.convert("RGB").getpixel(at), shown.convert("RGB").getpixel(at)
        assert near(*pixels), at  # type: ignore[arg-type]  # RGB pixels are tuples
    assert_bare(picture.data)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("exif", [b"MM\0*\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", b""])
def test_broken_exif_does_no_harm(exif: bytes) -> None:
    assert_bare(cleaned(saved(drawn(), "JPEG", exif=b"Exif\0\0" + exif + SECRET)))


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_colours_are_converted_from_their_profile(file_format: str) -> None:
    """The profile swaps red and green."""
    picture = Image.new("RGB", (64, 64), (200, 40, 40))
    found = cleaned(saved(picture, file_format, icc_profile=swapped_profile(), quality=100))

    assert near(look(found), (40, 200, 40, 255), within=12)
    assert_bare(found)


def test_colours_of_srgb_stay_as_they_are() -> None:
    picture = drawn()

    assert near(look(cleaned(saved(picture, "PNG", icc_profile=srgb_profile()))), look(saved(picture, "PNG")), within=1)


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "LA"])
def test_a_profile_leaves_transparency_alone(mode: str) -> None:
    picture = drawn("RGBA").quantize(64) if mode == "P" else drawn(mode)
    data = saved(picture, "PNG", icc_profile=swapped_profile())

    before, after = look(data, (5, 20)), look(cleaned(data), (5, 20))

    assert before[3] == after[3]
    # A colour profile does not apply to greys.
    assert near(after, before, 1) if mode in {"L", "LA"} else near(after[:2], before[1::-1], 12)


def test_greys_are_converted_from_their_profile() -> None:
    """A linear grey of 128 is bright."""
    data = saved(Image.new("LA", (64, 64), (128, 77)), "PNG", icc_profile=_linear_grey())

    assert near(look(cleaned(data)), (188, 188, 188, 77))


@pytest.mark.parametrize("profile", [b"no profile at all", swapped_profile()[:200]])
def test_a_broken_profile_is_dropped(profile: bytes) -> None:
    data = saved(drawn(), "PNG", icc_profile=profile)

    assert look(cleaned(data)) == look(data)
    assert_bare(cleaned(data))


def test_cmyk_becomes_rgb() -> None:
    cyan = cleaned(saved(Image.new("CMYK", (64, 64), (255, 0, 0, 0)), "JPEG", quality=100))

    assert opened(cyan).mode == "RGB"
    assert near(look(cyan), (0, 255, 255, 255))
    assert_bare(cyan)


def test_16_bits_become_8() -> None:
    data = saved(Image.new("I;16", (64, 64), 0x8000), "PNG")
    colours = _deep_png(6, struct.pack(">4H", 0x8000, 0x4000, 0xFFFF, 0x2000))

    assert look(cleaned(data)) == (128, 128, 128, 255)
    assert look(cleaned(colours)) == (128, 64, 255, 32)
    assert opened(cleaned(colours)).mode == "RGBA"


@pytest.mark.parametrize(("colour_type", "pixel"), [(0, b"\xab\xcd"), (2, b"\xab\xcd\x12\x34\xff\xff")])
def test_the_transparent_colour_of_16_bits_stays_transparent(colour_type: int, pixel: bytes) -> None:
    data = _deep_png(colour_type, pixel, transparent=pixel)

    assert look(cleaned(data))[3] == 0


def test_a_palette_stays_one_with_its_transparency() -> None:
    data = saved(drawn("RGBA").quantize(32), "PNG")
    found = cleaned(data)

    assert opened(data).mode == opened(found).mode == "P"
    assert opened(found).convert("RGBA").tobytes() == opened(data).convert("RGBA").tobytes()
    assert len(set(opened(found).convert("RGBA").getchannel("A").get_flattened_data())) == 5
    assert_bare(found)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA"])
def test_a_png_looks_as_before(mode: str) -> None:
    data = saved(drawn(mode), "PNG")

    assert opened(cleaned(data)).convert("RGBA").tobytes() == opened(data).convert("RGBA").tobytes()


@pytest.mark.parametrize(("mode", "transparent"), [("L", 40), ("RGB", (10, 20, 30))])
def test_a_transparent_colour_becomes_transparency(mode: str, transparent: int | tuple[int, ...]) -> None:
    picture = Image.new(mode, (64, 64), transparent)
    picture.paste(Image.new(mode, (64, 32), 0 if mode == "L" else (0, 0, 0)), (0, 0))
    found = cleaned(saved(picture, "PNG", transparency=transparent))

    assert (look(found, (5, 5))[3], look(found, (5, 50))[3]) == (255, 0)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_lossless_webp_looks_as_before(mode: str) -> None:
    picture = drawn(mode)

    found = opened(cleaned(saved(picture, "WEBP", lossless=True, exact=True)))

    assert found.format == "PNG"
    assert found.convert(mode).tobytes() == picture.tobytes()


def _deep_png(colour_type: int, pixel: bytes, transparent: bytes | None = None) -> bytes:
    """Return a PNG of one colour with 16 bits a channel."""
    header = struct.pack(">IIBBBBB", 32, 32, 16, colour_type, 0, 0, 0)
    parts = [png_chunk(b"IHDR", header)]
    parts += [png_chunk(b"tRNS", transparent)] if transparent else []
    parts += [png_chunk(b"IDAT", zlib.compress((b"\0" + pixel * 32) * 32)), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _linear_grey() -> bytes:
    """Return a linear grey profile: the header of another one, with tags for greys."""
    white = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    head = bytearray(white[:128])
    head[12:24] = b"mntrGRAYXYZ "
    curve = b"curv\0\0\0\0\0\0\0\0"
    point = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    tags = struct.pack(">I", 2) + struct.pack(">4sII", b"wtpt", 156, 20) + struct.pack(">4sII", b"kTRC", 176, 12)
    profile = bytes(head) + tags + point + curve
    return struct.pack(">I", len(profile)) + profile[4:]
