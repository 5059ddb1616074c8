"""What stored outputs are called, and what they are taken for."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from promptmill.contracts.outputs import Rendering
from promptmill.outputs.media_types import HEAD_BYTES, media_type_of
from promptmill.outputs.naming import all_paths, output_path, rendering_path

JOB = UUID("01890000-0000-7000-8000-0000deadbeef")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def path(words: str | None = "A red fox, in the snow!", **other: object) -> str:
    usual = {"made_at": NOON, "model": "wavespeed-ai/flux-dev", "seed": 42, "job_id": JOB, "index": 0, "suffix": ".png"}
    return output_path(words=words, **(usual | other))  # type: ignore[arg-type]


def test_name_says_day_model_words_seed_and_job() -> None:
    assert path() == "2026-03-01/wavespeed-ai_flux-dev/a-red-fox-in-the-snow-42-deadbeef-0.png"
    assert path(seed=-1) == "2026-03-01/wavespeed-ai_flux-dev/a-red-fox-in-the-snow-deadbeef-0.png"
    assert path(seed=10**300) == "2026-03-01/wavespeed-ai_flux-dev/a-red-fox-in-the-snow-deadbeef-0.png"
    assert path(None, seed=None, index=3) == "2026-03-01/wavespeed-ai_flux-dev/deadbeef-3.png"
    assert path("Müller's Café") == "2026-03-01/wavespeed-ai_flux-dev/muller-s-cafe-42-deadbeef-0.png"
    assert path("雪の狐") == "2026-03-01/wavespeed-ai_flux-dev/42-deadbeef-0.png"
    assert path("word " * 40).endswith("/" + "word-" * 12 + "42-deadbeef-0.png")
    assert path(whole_id=True).endswith(f"-42-{JOB.hex}-0.png")


@pytest.mark.parametrize("words", ["", "../../etc/passwd", "CON", "a\x00b", "." * 500, "\u202e\U0001f98a", "ﬁne ½"])
@pytest.mark.parametrize("model", ["", "../..", ".hidden/x", "a" * 200 + "/" + "b" * 200, 'v/é:\\*?"<>|\n'])
@pytest.mark.parametrize("seed", [None, True, "../1", 10**15, 4.5])
def test_name_is_valid_everywhere(words: str, model: str, seed: object) -> None:
    """On Windows and in every bucket, and never outside of the folder."""
    for each in all_paths(path(words, model=model, seed=seed)):
        assert each.isascii()
        assert len(each) < 240
        for part in each.split("/"):
            assert part.strip(". ") == part.lstrip(".")
            assert part not in {"", ".", ".."}
            assert not set(part) & set('\\:*?"<>| ')


def test_what_lies_beside_it_has_its_name() -> None:
    assert rendering_path("d/m/a-0.mp4", Rendering.PREVIEW) == "d/m/.renderings/a-0.preview.webp"
    assert len(set(all_paths(path()))) == 5


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\x89PNG\r\n\x1a\n<script>", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"RIFF....WAVEfmt ", "audio/wav"),
        (b"\x00\x00\x00\x20ftypisom", "video/mp4"),
        (b"\x00\x00\x00\x20ftypavif", "image/avif"),
        (b"\x1aE\xdf\xa3....webm", "video/webm"),
        (b"glTF\x02", "model/gltf-binary"),
        (b"<svg onload=alert(1)>", "text/plain"),
        (b"\xef\xbb\xbf <?xml version='1.0'?><svg>", "text/plain"),
        (b"a caption,\nin words", "text/plain"),
        ("é".encode() * HEAD_BYTES, "text/plain"),
        (b"\x00\x01\x02", "application/octet-stream"),
        (b"#EXTM3U\nhttp://169.254.169.254/", "text/plain"),
    ],
)
def test_type_is_decided_by_the_first_bytes(head: bytes, name: str) -> None:
    found = media_type_of(head[:HEAD_BYTES])
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("head", [b"<!DOCTYPE html>", b"  <html>", b"<HTML><svg>", b"<?xml?><Error>Access denied"])
def test_web_page_is_no_output(head: bytes) -> None:
    assert media_type_of(head) is None
