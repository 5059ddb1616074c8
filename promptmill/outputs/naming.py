"""What stored outputs are called: readable, by day and model, and valid on every file system and in every bucket.

* `2026-03-01/wavespeed-ai_flux-dev/a-red-fox-in-the-snow-42-0a1b2c3d-0.png`, the file;
* `2026-03-01/wavespeed-ai_flux-dev/a-red-fox-in-the-snow-42-0a1b2c3d-0.json`, how it was made;
* `2026-03-01/wavespeed-ai_flux-dev/.renderings/a-red-fox-in-the-snow-42-0a1b2c3d-0.thumbnail.webp`, what shows it fast.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Final
from uuid import UUID

from promptmill.contracts.outputs import Rendering

RENDERINGS: Final = {
    Rendering.THUMBNAIL: (".thumbnail.webp", "image/webp"),
    Rendering.POSTER: (".poster.webp", "image/webp"),
    Rendering.PREVIEW: (".preview.webp", "image/webp"),
}
"""How the name of each rendering ends, and its type."""

_FOLDER: Final = ".renderings"
_SLUG_CHARACTERS: Final = 60
_MODEL_CHARACTERS: Final = 80
_SHORT_ID: Final = 8
_SEEDS: Final = 2**64
"""What is no seed of any model: the inputs may hold a number of any length, which no file system takes in a name."""
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_NOT_IN_MODELS = re.compile(r"[^a-z0-9._-]+")


def output_path(
    *,
    made_at: datetime,
    model: str,
    words: str | None,
    seed: object,
    job_id: UUID,
    index: int,
    suffix: str,
    whole_id: bool = False,
) -> str:
    """Return where an output is stored.

    Args:
        made_at: When its job was accepted: the folder is that day (UTC).
        model: WaveSpeed's model.
        words: The prompt, of which the name begins with some.
        seed: The model's seed, if a number was given.
        job_id: Its job.
        index: Its place among the job's outputs.
        suffix: Of the file's type, such as `.png`.
        whole_id: Whether the name has the job's whole id: two jobs of a day may share their last characters.
    """
    day = made_at.astimezone(UTC).strftime("%Y-%m-%d")
    folder = _NOT_IN_MODELS.sub("-", model.lower().replace("/", "_")).strip("-.")[:_MODEL_CHARACTERS].rstrip("-.")
    known = isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < _SEEDS
    number = str(seed) if known else ""
    # The first characters of an id of version 7 are those of its minute.
    short = job_id.hex if whole_id else job_id.hex[-_SHORT_ID:]
    name = "-".join(part for part in (_slug(words or ""), number, short, str(index)) if part)
    return f"{day}/{folder or 'model'}/{name}{suffix}"


def recipe_path(path: str) -> str:
    """Return where the JSON file is that lies beside an output and says how it was made."""
    return str(PurePosixPath(path).with_suffix(".json"))


def rendering_path(path: str, rendering: Rendering) -> str:
    """Return where a rendering of an output is."""
    file = PurePosixPath(path)
    return str(file.parent / _FOLDER / f"{file.stem}{RENDERINGS[rendering][0]}")


def all_paths(path: str) -> list[str]:
    """Return an output's path and those of everything that may lie beside it."""
    return [path, recipe_path(path), *(rendering_path(path, rendering) for rendering in Rendering)]


def _slug(words: str) -> str:
    """Return the first words in plain letters, cut between two of them."""
    plain = unicodedata.normalize("NFKD", words[: _SLUG_CHARACTERS * 4]).encode("ascii", "ignore").decode().lower()
    slug = _NOT_IN_NAMES.sub("-", plain).strip("-")
    if len(slug) <= _SLUG_CHARACTERS:
        return slug
    short = slug[: _SLUG_CHARACTERS + 1]
    return (short.rpartition("-")[0] or short[:_SLUG_CHARACTERS]).rstrip("-")
