"""Requests and responses about stored outputs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StrictInt

from api.schemas.bases import Answer, StrictRequestModel

MOST_HOURS: Final = 24 * 90
ARCHIVED_AT_ONCE: Final = 100
"""Jobs of one archive: their ids are in its address, and servers take some 8 KB of those."""


class Shown(StrEnum):
    """What is served of an output: the file, or what was made to show it fast."""

    FILE = "file"
    THUMBNAIL = "thumbnail"
    POSTER = "poster"
    PREVIEW = "preview"


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
