"""Outputs are rendered by a process of its own, which may misbehave without harm."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from PIL import Image

import promptmill.simulators
from promptmill.contracts.outputs import Rendering
from promptmill.outputs.media_types import HEAD_BYTES, media_type_of
from promptmill.outputs.renderer import Rendered, Renderer, open_renderer

CLIP = Path(promptmill.simulators.__file__).with_name("clip.mp4")


@pytest.fixture(scope="module")
async def renderer() -> AsyncIterator[Renderer]:
    async with open_renderer() as opened:
        yield opened


async def render(renderer: Renderer, content: bytes, folder: Path) -> Rendered:
    source = folder / "file"
    source.write_bytes(content)
    kind = media_type_of(content[:HEAD_BYTES])
    assert kind is not None
    return await renderer.render(source, kind, folder)


def encoded(picture: Image.Image, kind: str, **more: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **more)
    return file.getvalue()


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        assert picture.format == "WEBP"
        return picture.size


def bomb(pixels: int) -> bytes:
    """A PNG of a few hundred bytes that says that it has this many pixels a side."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", pixels, pixels, 8, 6, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\x00" * 100_000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA", "I;16", "CMYK"])
async def test_picture_gets_a_small_one(renderer: Renderer, mode: str, tmp_path: Path) -> None:
    picture = Image.new(mode, (1200, 300))
    made = await render(renderer, encoded(picture, "TIFF" if mode in {"CMYK", "I;16"} else "PNG"), tmp_path)

    assert (made.width, made.height, made.seconds, made.problem) == (1200, 300, None, None)
    assert list(made.files) == [Rendering.THUMBNAIL]
    assert size_of(made.files[Rendering.THUMBNAIL]) == (512, 128)


async def test_picture_of_a_turned_camera_is_shown_upright(renderer: Renderer, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = await render(renderer, encoded(Image.new("RGB", (800, 400)), "JPEG", exif=exif), tmp_path)

    assert (made.width, made.height) == (400, 800)
    assert size_of(made.files[Rendering.THUMBNAIL]) == (256, 512)


async def test_film_gets_a_poster_and_moves(renderer: Renderer, tmp_path: Path) -> None:
    made = await render(renderer, CLIP.read_bytes(), tmp_path)

    assert (made.width, made.height, made.seconds, made.problem) == (320, 180, 2.0, None)
    assert set(made.files) == set(Rendering)
    with Image.open(made.files[Rendering.PREVIEW]) as preview:
        assert (preview.size, getattr(preview, "n_frames", 1)) == ((320, 180), 16)


@pytest.mark.parametrize(
    "content",
    [
        bomb(60_000),
        bomb(8_000),
        b"\x89PNG\r\n\x1a\n" + b"x" * 500,
        b"\x00\x00\x00\x20ftypisom" + b"\x00" * 400,
        b"ID3" + b"\xff" * 400,
    ],
)
async def test_what_cannot_be_read_has_no_renderings_and_harms_nobody(
    renderer: Renderer, content: bytes, tmp_path: Path
) -> None:
    made = await render(renderer, content, tmp_path)

    assert (made.files, made.problem is not None) == ({}, True)


async def test_film_that_breaks_off_shows_what_came(renderer: Renderer, tmp_path: Path) -> None:
    made = await render(renderer, CLIP.read_bytes()[:3000], tmp_path)

    assert Rendering.POSTER in made.files
    assert made.problem is not None


async def test_list_of_other_files_is_not_opened(renderer: Renderer, tmp_path: Path) -> None:
    """FFmpeg's formats that name other files are no types of outputs."""
    (tmp_path / "secret").write_bytes(CLIP.read_bytes())
    made = await render(renderer, b"ffconcat version 1.0\nfile secret\n", tmp_path)

    assert made == Rendered()


async def test_process_is_kept_has_no_secrets_and_is_replaced_when_it_is_killed(
    renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAVESPEED_API_KEY", "secret")
    await renderer.close()
    picture = encoded(Image.new("RGB", (9, 9)), "PNG")
    await render(renderer, picture, tmp_path)
    process = renderer._process
    assert process is not None
    environment = psutil.Process(process.pid).environ()
    await render(renderer, picture, tmp_path)
    assert renderer._process is process
    assert set(environment) <= {"PATH", "LANG", "LC_CTYPE"}

    process.kill()
    await process.wait()
    assert (await render(renderer, picture, tmp_path)).width == 9


async def test_one_that_hangs_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "hangs.py"
    program.write_text("import time\ntime.sleep(600)\n")
    renderer = Renderer(seconds=0.5, program=program)
    made = await render(renderer, encoded(Image.new("RGB", (9, 9)), "PNG"), tmp_path)

    assert made.problem is not None
    assert renderer._process is None


async def test_one_that_says_something_else_is_replaced(tmp_path: Path) -> None:
    program = tmp_path / "babbles.py"
    program.write_text("print('hello', flush=True)\nimport time\ntime.sleep(600)\n")
    renderer = Renderer(program=program)

    assert (await render(renderer, encoded(Image.new("RGB", (9, 9)), "PNG"), tmp_path)).problem is not None
    assert renderer._process is None
