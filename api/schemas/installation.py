"""The installation's state: what is running, what is stopped, what is missing."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.bases import Answer


class QueueReport(Answer):
    """A task queue: how many workers poll it, and whether it is stopped."""

    name: str
    pollers: int
    per_second: float | None = Field(None, description="Rate limit set by an operator; 0 means stopped.")
    stopped: bool = False
    reason: str | None = Field(None, description="Why the operator set the rate.")


class ScheduleReport(Answer):
    """The reconciler's schedule."""

    id: str
    paused: bool
    reason: str | None = Field(None, description="Why the operator paused it.")
    next_at: datetime | None
    last_finished_at: datetime | None = Field(None, description="When a pass last finished; null if unknown.")
    late: bool | None = Field(None, description="Whether no pass has finished for too long; null if unknown.")


class TemporalReport(Answer):
    """Temporal as this process sees it."""

    address: str
    namespace: str
    answers: bool
    version: str | None = None
    missing_search_attributes: list[str] = Field(default_factory=list)
    search_attribute_problem: str | None = None
    schedule: ScheduleReport | None = None
    queues: list[QueueReport] = Field(default_factory=list)


class PostgresReport(Answer):
    """Postgres as this process sees it; `read_only` while it refuses writes."""

    answers: bool
    read_only: bool = False
    schema_revision: str | None = None


class SwitchReport(Answer):
    """A switch set by an operator or the restore guard: whether it is on, why, and since when."""

    on: bool = False
    reason: str | None = None
    since: datetime | None = None


class WebhooksReport(Answer):
    """Whether WaveSpeed notifies us of finished predictions, and where."""

    on: bool
    public_url: str | None
    secret: str = Field(description="`configured`, or `fetched` from WaveSpeed when the first one arrives.")


class UploadsReport(Answer):
    """The limits of `POST /api/uploads`: bytes of the file, pixels (width times height), and types."""

    max_bytes: int
    max_pixels: int
    types: list[str]


class SwitchesReport(Answer):
    """The record's switches. Null while Postgres is unavailable."""

    drain: SwitchReport | None = Field(None, description="Whether intake is stopped.")
    submissions_held: SwitchReport | None = Field(None, description="Whether paid submissions are on hold.")
    ai_prompts: SwitchReport | None = Field(None, description="Whether Grok may be asked for new prompts.")


class SubmissionsReport(Answer):
    """How fast paid submissions to WaveSpeed are made, and why not faster."""

    tier: str = Field(description="PROMPTMILL_WAVESPEED_TIER.")
    per_second: float | None = Field(
        description="In force now, across all workers. Null while Postgres is unavailable."
    )
    max_per_second: float = Field(description="What the settings allow.")
    concurrency: int = Field(description="At once, per worker.")
    lowered: bool = Field(default=False, description="Whether the rate is below what the settings allow.")
    since: datetime | None = Field(None, description="Since when it is lowered.")
    reason: str | None = Field(None, description="Why it is lowered.")

    @property
    def share(self) -> float | None:
        """The rate as a share of what the settings allow, 0 to 1; None while it is unknown."""
        return None if self.per_second is None else self.per_second / self.max_per_second


class Notice(Answer):
    """Something that an operator should see first."""

    tone: Literal["attention", "bad"] = Field(
        description="`attention`: intended, or mends itself. `bad`: needs fixing."
    )
    title: str
    text: str
    since: datetime | None = None


class InstallationReport(SwitchesReport):
    """What is running, and in `problems` what is missing, one sentence each."""

    ok: bool
    problems: list[str]
    notices: list[Notice] = Field(description="What an operator should see first, in words.")
    versions: dict[str, str]
    providers: dict[str, str] = Field(description="`real`, `simulated` or `missing key`, by provider.")
    postgres: PostgresReport
    temporal: TemporalReport
    submissions: SubmissionsReport
    webhooks: WebhooksReport
    uploads: UploadsReport
    flags: dict[str, bool]
