"""Requests and responses about outputs, and our own copies of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StrictInt

from api.schemas.bases import Answer, StrictRequestModel, ValueOf
from promptmill.contracts.jobs import MediaKind
from promptmill.contracts.outputs import StoredState

MOST_HOURS: Final = 24 * 90
ARCHIVED_AT_ONCE: Final = 100
"""Jobs of one archive: their ids are in its address, and servers take some 8 KB of those."""


class Shown(StrEnum):
    """What is served of an output: the file, or what was made to show it fast."""

    FILE = "file"
    THUMBNAIL = "thumbnail"
    POSTER = "poster"
    PREVIEW = "preview"


class StoredAnswer(Answer):
    """Our own copy of an output. All but `state` and `problem` are null until it is stored."""

    state: Annotated[str, ValueOf(StoredState)] = Field(
        description="`waiting`: it is about to be stored. `stored`: it is. `failed`: it was not stored while WaveSpeed "
        "had it. `removed`: it was stored, and deleted because the storage was full.",
    )
    name: str | None = Field(description="The file's name.")
    url: str | None = Field(description="The file, as a path of this API.")
    thumbnail_url: str | None = Field(description="A small picture of it (WebP); null for other files.")
    poster_url: str | None = Field(description="The first frame of a video (WebP); null for other files.")
    preview_url: str | None = Field(
        description="The first seconds of a video, as a small animated picture (WebP); null for other files."
    )
    content_type: str | None = Field(description="Its media type, by its bytes.")
    bytes: int | None = Field(description="Its size.")
    width: int | None = Field(description="In pixels; null if it could not be read.")
    height: int | None = Field(description="In pixels; null if it could not be read.")
    duration_seconds: float | None = Field(description="Of a video or sound; null if it could not be read.")
    sha256: str | None = Field(description="Its SHA-256, in hexadecimal.")
    stored_at: datetime | None = Field(description="When it was stored.")
    problem: str | None = Field(description="Why it is not stored yet, or was not; null if nothing is wrong.")


class OutputAnswer(Answer):
    """One finished file: `url` for files, `text` for text and JSON."""

    index: int = Field(description="Its place among the outputs, from 0.")
    kind: Annotated[str, ValueOf(MediaKind)] = Field(description="What it is.")
    url: str | None = Field(None, description="Where WaveSpeed keeps the file; until `expiresAt`.")
    text: str | None = Field(None, description="The output itself, where it is text or JSON.")
    nsfw: bool | None = Field(None, description="WaveSpeed's classification; null if there is none.")
    expires_at: datetime | None = Field(
        None, description="When WaveSpeed deletes the file, seven days after it was made."
    )
    stored: StoredAnswer | None = Field(
        None, description="Our own copy of it; null if this installation stores none, or did not when it was made."
    )
    omitted: bool = Field(
        default=False,
        exclude_if=lambda omitted: not omitted,
        description="True in a list if `url` or `text` was too long for it; the job itself has it. Otherwise absent.",
    )


class ShareOutput(StrictRequestModel):
    """How long an output is to be shared."""

    hours: Annotated[StrictInt, Field(ge=1, le=MOST_HOURS)] = Field(
        24, description="Hours after which the address ends, 1 to 2,160 (90 days)."
    )


class SharedOutput(Answer):
    """An address that anyone who knows it can open, until it ends."""

    url: str = Field(
        description="Where the file is: below the address at which this API was called; if that is this machine's own, "
        "below PROMPTMILL_PUBLIC_URL, if it is set."
    )
    expires_at: datetime = Field(description="When it ends.")


class ArchiveJobs(StrictRequestModel):
    """Whose outputs go into one zip."""

    job_id: tuple[UUID, ...] = Field(min_length=1, max_length=ARCHIVED_AT_ONCE, description="May be repeated.")
