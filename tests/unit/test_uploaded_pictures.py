"""Which uploaded files are accepted and which are refused: by their content, and first by the header."""

from __future__ import annotations

import resource
import struct

import pytest
from PIL import Image

from api.http.errors import Refused
from api.uploads.pictures import MIN_SIDE, CleanPicture, PictureLimits, clean_picture
from tests.pictures import drawn, opened, png_of_header, saved

LIMITS = PictureLimits(max_bytes=1_000_000, max_pixels=1_000_000)


def refused(data: bytes, limits: PictureLimits = LIMITS) -> Refused:
    with pytest.raises(Refused) as raised:
        clean_picture(data, limits)
    return raised.value


@pytest.mark.parametrize(
    ("file_format", "how", "content_type"),
    [
        ("JPEG", {}, "image/jpeg"),
        ("JPEG", {"progressive": True}, "image/jpeg"),
        ("PNG", {}, "image/png"),
        ("WEBP", {}, "image/png"),
        ("WEBP", {"lossless": True}, "image/png"),
    ],
)
def test_jpeg_and_png_stay_what_they_are_and_webp_becomes_png(
    file_format: str, how: dict[str, bool], content_type: str
) -> None:
    picture = clean_picture(saved(drawn(), file_format, **how), LIMITS)

    assert (picture.content_type, picture.width, picture.height) == (content_type, 64, 48)
    assert f"image/{opened(picture.data).format}".lower() == content_type
    assert opened(picture.data).size == (64, 48)


@pytest.mark.parametrize("file_format", ["GIF", "TIFF", "BMP", "ICO", "AVIF", "PPM"])
def test_a_picture_of_another_type_is_refused(file_format: str) -> None:
    assert refused(saved(drawn(), file_format)).code == "picture_type"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"<!doctype html><script>alert(1)</script>" + b" " * 99, id="html"),
        pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg"/>', id="svg"),
        pytest.param(b"%PDF-1.7 \xff\xd8\xff", id="pdf"),
        pytest.param(b"\0\0\0\x18ftypheic" + b"\0" * 99, id="heic"),
        pytest.param(b"RIFF\x10\0\0\0WAVEfmt ", id="sound"),
        pytest.param(b"\n" + saved(drawn(), "PNG"), id="a PNG that begins late"),
        pytest.param(b"x", id="a byte"),
    ],
)
def test_a_file_that_is_no_picture_is_refused(data: bytes) -> None:
    assert refused(data).code == "picture_type"


def test_an_empty_file_is_refused() -> None:
    assert "empty" in refused(b"").detail


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_file_that_is_not_whole_is_refused(file_format: str, share: float) -> None:
    data = saved(drawn(size=(300, 300)), file_format)

    assert refused(data[: int(len(data) * share)]).code in {"picture_unreadable", "picture_type"}


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_a_broken_file_is_refused(file_format: str) -> None:
    data = saved(drawn(size=(300, 300)), file_format)

    assert refused(data[:12] + b"\xaa" * (len(data) - 12)).code == "picture_unreadable"


def test_a_palette_that_is_missing_makes_a_broken_file() -> None:
    data = saved(drawn().quantize(32), "PNG")
    at = data.index(b"PLTE") - 4
    behind = at + 12 + int.from_bytes(data[at : at + 4], "big")

    assert clean_picture(data, LIMITS).width == 64
    assert refused(data[:at] + data[behind:]).code == "picture_unreadable"


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_an_animated_picture_is_refused(file_format: str) -> None:
    frames = [drawn(), drawn().rotate(180)]
    refusal = refused(saved(frames[0], file_format, save_all=True, append_images=frames[1:]))

    assert refusal.code == "picture_animated"
    assert "single frame" in refusal.detail


def test_of_a_jpeg_with_further_pictures_the_first_is_taken() -> None:
    """Phones append previews and gain maps to the photo."""
    first, second = drawn(), drawn(size=(32, 32))
    data = saved(first, "MPO", save_all=True, append_images=[second])
    assert data.count(b"\xff\xd8\xff") == 2

    picture = clean_picture(data, LIMITS)

    assert (picture.content_type, picture.width, picture.height) == ("image/jpeg", 64, 48)
    assert picture.data.count(b"\xff\xd8\xff") == 1


def _peak_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def test_a_bomb_is_refused_by_its_header() -> None:
    """The header promises 30 GB of pixels; none of them are allocated."""
    before = _peak_megabytes()

    refusal = refused(png_of_header(100_000, 100_000))

    assert refusal.code == "picture_too_many_pixels"
    assert "100000 x 100000" in refusal.detail
    assert _peak_megabytes() - before < 50


@pytest.mark.parametrize("side", [12_000, 16_383])
def test_a_webp_bomb_is_refused_by_its_header(side: int) -> None:
    """The decoder refuses the larger one itself, before it allocates memory."""
    data = saved(drawn(), "WEBP", lossless=True)
    at = data.index(b"VP8L") + 9
    header = struct.unpack_from("<I", data, at)[0] & ~0xFFFFFFF | (side - 1) | (side - 1) << 14
    before = _peak_megabytes()

    refusal = refused(data[:at] + struct.pack("<I", header) + data[at + 4 :])

    assert refusal.code == "picture_too_many_pixels"
    assert _peak_megabytes() - before < 50


def test_the_limit_of_pixels_is_the_last_that_is_allowed() -> None:
    data = saved(drawn(), "PNG")

    assert clean_picture(data, LIMITS._replace(max_pixels=64 * 48)).width == 64
    assert refused(data, LIMITS._replace(max_pixels=64 * 48 - 1)).code == "picture_too_many_pixels"


@pytest.mark.parametrize(("size", "fits"), [((MIN_SIDE, 64), True), ((MIN_SIDE - 1, 640), False), ((16, 31), False)])
def test_a_picture_that_grok_would_refuse_as_too_small_is_refused(size: tuple[int, int], fits: bool) -> None:  # noqa: FBT001
    data = saved(drawn(size=size), "PNG")

    if fits:
        assert clean_picture(data, LIMITS).width == size[0]
    else:
        assert refused(data).code == "picture_too_small"


def test_a_picture_without_a_side_is_refused() -> None:
    assert refused(png_of_header(0, 10)).code in {"picture_unreadable", "picture_too_small"}


def test_a_jpeg_with_scans_without_end_is_refused() -> None:
    """Each scan makes the decoder pass over the whole image again, and takes only a few bytes."""
    data = saved(drawn(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    scan = data[last:-2]

    assert clean_picture(data[:-2] + scan * 20 + data[-2:], LIMITS).width == 64
    refusal = refused(data[:-2] + scan * 200 + data[-2:])
    assert refusal.code == "picture_unreadable"
    assert "scans" in refusal.detail


def test_a_film_behind_a_photo_does_no_harm() -> None:
    """Phones append a few seconds of video to a photo, which may contain the bytes that begin a scan."""
    film = b"\0\0\0\x18ftypmp42" + b"\xff\xda\0\x08" * 500

    assert len(clean_picture(saved(drawn(), "JPEG") + film, LIMITS).data) < 10_000


def noise(mode: str) -> Image.Image:
    grey = Image.effect_noise((200, 200), 90)
    picture = Image.merge("RGB", (grey, grey.rotate(90), grey.rotate(180)))
    if mode == "RGBA":
        picture.putalpha(grey)
    return picture


def cleaned_within(data: bytes, max_bytes: int) -> CleanPicture:
    picture = clean_picture(data, LIMITS._replace(max_bytes=max_bytes))
    assert len(picture.data) <= max_bytes
    return picture


def test_a_webp_whose_png_is_too_large_becomes_a_jpeg() -> None:
    data = saved(noise("RGB"), "WEBP", quality=80)

    assert cleaned_within(data, 200_000).content_type == "image/png"
    assert cleaned_within(data, 70_000).content_type == "image/jpeg"


def test_a_webp_with_transparency_becomes_no_jpeg() -> None:
    opaque = noise("RGB").convert("RGBA")

    assert refused(saved(noise("RGBA"), "WEBP"), LIMITS._replace(max_bytes=70_000)).code == "picture_too_large"
    assert cleaned_within(saved(opaque, "WEBP", exact=True), 70_000).content_type == "image/jpeg"


def test_a_jpeg_that_would_grow_over_the_limit_is_written_smaller() -> None:
    data = saved(noise("RGB"), "JPEG", quality=85)
    best = len(clean_picture(data, LIMITS).data)
    assert best > len(data)

    picture = cleaned_within(data, len(data) + 2_000)

    assert len(picture.data) < best


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_stays_too_large_is_refused(file_format: str) -> None:
    refusal = refused(saved(noise("RGB"), file_format), LIMITS._replace(max_bytes=5_000))

    assert refusal.code == "picture_too_large"
    assert "5000 bytes" in refusal.detail
