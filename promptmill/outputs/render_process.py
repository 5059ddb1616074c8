"""Renders outputs, in a process of its own: a program that is run by its path, and imports nothing of ours.

Files come from elsewhere, and decoders have faults. So this process has no secrets in its environment, limits of
memory, time and written bytes, and decodes a file only as what its first bytes say it is. It answers one line of JSON
for each line of JSON that it is given, until its input ends. Whoever runs it kills it if it takes too long.

Request: `source`, `show` (picture, film, sound), `format`, `folder`; answer: `width`, `height`, `seconds`, `made` (file
by rendering), `problem`.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import av
from PIL import Image, ImageOps

MEMORY_BYTES = 1024**3
"""Address space of the whole process; the libraries alone take a quarter of it."""

CPU_SECONDS = 60
"""Of one file."""

WRITTEN_BYTES = 32 * 1024**2
OPEN_FILES = 64

MOST_PIXELS = 70_000_000
"""Of a picture that is rendered (8,192 x 8,192), and of a film's frame."""

THUMBNAIL = 512
POSTER = 1280
PREVIEW = 360
"""Pixels of the longer side."""

PREVIEW_SECONDS = 3.0
PREVIEW_FRAMES_PER_SECOND = 8
FRAMES_LOOKED_AT = 400
"""Frames that are decoded for a preview at most, whatever their times say."""

ORIENTATION = 0x0112
TURNED_BY_A_QUARTER = {5, 6, 7, 8}
"""Of EXIF: how a camera was held."""

QUALITY = 80
PREVIEW_QUALITY = 55
SPEED = 2
"""Of WebP's encoder, 0 (fast) to 6."""


def main() -> None:
    """Answer requests until the input ends."""
    os.nice(10)
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    _limit(resource.RLIMIT_FSIZE, WRITTEN_BYTES)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    _limit(resource.RLIMIT_CORE, 0)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    for line in sys.stdin:
        _limit_cpu()
        sys.stdout.write(json.dumps(_answer(json.loads(line))) + "\n")
        sys.stdout.flush()


def _limit(what: int, most: int) -> None:
    with suppress(ValueError, OSError):  # a system may not know it, or have a lower one
        resource.setrlimit(what, (most, most))


def _limit_cpu() -> None:
    """Let this process be killed if the next file takes too long; the limit counts from the process's beginning."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (spent + CPU_SECONDS, hard))


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"width": None, "height": None, "seconds": None, "made": {}, "problem": None}
    render = {"picture": _picture, "film": _film, "sound": _sound}[request["show"]]
    try:
        render(Path(request["source"]), request["format"], Path(request["folder"]), answer)
    except MemoryError:
        answer["problem"] = "it takes too much memory"
    except Exception as error:  # noqa: BLE001 - whatever a decoder raises: the file is stored all the same
        answer["problem"] = f"it cannot be read ({type(error).__name__})"
    return answer


def _picture(source: Path, kind: str, folder: Path, answer: dict[str, Any]) -> None:
    with Image.open(source, formats=(kind,)) as picture:
        answer["width"], answer["height"] = picture.size
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError(picture.size)
        picture.draft("RGB", (THUMBNAIL * 2, THUMBNAIL * 2))  # a JPEG is decoded small at once
        turn = picture.getexif().get(ORIENTATION, 1)
        if turn in TURNED_BY_A_QUARTER:
            answer["width"], answer["height"] = answer["height"], answer["width"]
        small = _small(picture, THUMBNAIL)
        small.getexif()[ORIENTATION] = turn
        answer["made"]["thumbnail"] = _save(ImageOps.exif_transpose(small), folder / "thumbnail.webp")


def _film(source: Path, kind: str, folder: Path, answer: dict[str, Any]) -> None:
    with _open(source, kind) as film:
        stream = film.streams.video[0]
        answer["width"], answer["height"] = stream.width, stream.height
        answer["seconds"] = _seconds(film)
        if stream.width * stream.height > MOST_PIXELS:
            raise ValueError(stream.width, stream.height)
        stream.thread_type = "NONE"
        frames = _frames(film, stream)
        first = next(frames)
        answer["made"]["poster"] = _save(_small(first, POSTER), folder / "poster.webp")
        answer["made"]["thumbnail"] = _save(_small(first, THUMBNAIL), folder / "thumbnail.webp")
        small = [_small(first, PREVIEW), *(_small(frame, PREVIEW) for frame in frames)]
    target = folder / "preview.webp"
    small[0].save(
        target,
        "WEBP",
        save_all=True,
        append_images=small[1:],
        duration=1000 // PREVIEW_FRAMES_PER_SECOND,
        loop=0,
        quality=PREVIEW_QUALITY,
        method=SPEED,
    )
    answer["made"]["preview"] = target.name


def _sound(source: Path, kind: str, _folder: Path, answer: dict[str, Any]) -> None:
    with _open(source, kind) as sound:
        answer["seconds"] = _seconds(sound)


def _open(source: Path, kind: str) -> Any:
    # Of no other format, and nothing but this file: a list of files would be read from anywhere.
    return av.open(str(source), format=kind, options={"protocol_whitelist": "file"}, metadata_errors="replace")


def _seconds(container: Any) -> float | None:
    return None if container.duration is None else round(container.duration / av.time_base, 3)


def _frames(film: Any, stream: Any) -> Iterator[Image.Image]:
    """Yield the frames of a preview, the first one always."""
    due = None
    for frame in islice(film.decode(stream), FRAMES_LOOKED_AT):
        at = frame.time if frame.time is not None else 0.0
        due = at if due is None else due
        if at >= due:
            yield frame.to_image()
            due += 1 / PREVIEW_FRAMES_PER_SECOND
        if at >= PREVIEW_SECONDS:
            return


def _small(picture: Image.Image, longest: int) -> Image.Image:
    """Return a picture that is at most that long, without a second one of its own size on the way."""
    if picture.mode not in {"RGB", "RGBA"}:
        has_alpha = picture.mode in {"LA", "PA", "La"} or "transparency" in picture.info
        picture = picture.convert("RGBA" if has_alpha else "RGB")
    share = longest / max(picture.size)
    if share >= 1:
        return picture.copy()
    size = (max(1, round(picture.width * share)), max(1, round(picture.height * share)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _save(picture: Image.Image, target: Path) -> str:
    picture.save(target, "WEBP", quality=QUALITY, method=SPEED)
    return target.name


if __name__ == "__main__":
    main()
