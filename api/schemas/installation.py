"""What callers get about an installation: what runs, what is stopped, what is missing."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.bases import Answer


class QueueReport(Answer):
    """One task queue: how many workers poll it, and whether it is stopped."""

    name: str
    pollers: int
    per_second: float | None = Field(None, description="A rate that an operator has set; 0 is a stopped queue.")
    stopped: bool = False
    reason: str | None = Field(None, description="The words of the operator who set the rate.")


class ScheduleReport(Answer):
    """The reconciler's schedule."""

    id: str
    paused: bool
    next_at: datetime | None


class TemporalReport(Answer):
    """Temporal as this process sees it."""

    address: str
    namespace: str
    answers: bool
    version: str | None = None
    missing_search_attributes: list[str] = Field(default_factory=list)
    schedule: ScheduleReport | None = None
    queues: list[QueueReport] = Field(default_factory=list)


class PostgresReport(Answer):
    """Postgres as this process sees it."""

    answers: bool
    schema_revision: str | None = None


class SwitchReport(Answer):
    """Something that an operator, or the restore guard, has set: whether it is on, why, and since when."""

    on: bool = False
    reason: str | None = None
    since: datetime | None = None


class WebhooksReport(Answer):
    """Whether WaveSpeed tells us of finished predictions, and where."""

    on: bool
    public_url: str | None
    secret: str = Field(description="`configured`, or `fetched` from WaveSpeed when the first one comes.")


class UploadsReport(Answer):
    """What `POST /api/uploads` takes: bytes of the file, pixels (width times height), and types."""

    max_bytes: int
    max_pixels: int
    types: list[str]


class SwitchesReport(Answer):
    """The record's switches. Null while Postgres is away."""

    drain: SwitchReport | None = Field(None, description="Whether intake is stopped.")
    submissions_held: SwitchReport | None = Field(None, description="Whether paid submissions are stopped.")
    ai_prompts: SwitchReport | None = Field(None, description="Whether Grok may be asked for new prompts.")


class Notice(Answer):
    """One thing that a person should be told first."""

    tone: Literal["attention", "bad"] = Field(description="`attention`: as an operator wants it. `bad`: to be mended.")
    title: str
    text: str
    since: datetime | None = None


class InstallationReport(SwitchesReport):
    """What runs, and in `problems` what is missing, one sentence each."""

    ok: bool
    problems: list[str]
    notices: list[Notice] = Field(description="What a person should be told first, in words.")
    versions: dict[str, str]
    providers: dict[str, str] = Field(description="`real`, `simulated` or `missing key`, by provider.")
    postgres: PostgresReport
    temporal: TemporalReport
    webhooks: WebhooksReport
    uploads: UploadsReport
    flags: dict[str, bool]
