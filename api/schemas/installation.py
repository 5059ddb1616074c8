"""The installation's state: what is running, what is stopped, what is missing."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from api.schemas.bases import Answer
from api.schemas.pauses import QueueState
from promptmill.contracts.announcements import Level

LATE_SECONDS: Final = 60.0
"""How late a reading may be before an operator is told."""


class QueueReport(Answer):
    """A task queue: how many workers poll it, and whether it is stopped."""

    name: str = Field(description="The task queue.")
    pollers: int = Field(
        description="Workers that polled it lately and get its work: those of the current version; while another one "
        "gets a part of it, those of the version that has fewest."
    )
    version: str | None = Field(None, description="Version of the workers that get its work; null: without a version.")
    other_versions: list[str] = Field(
        default_factory=list,
        description="Versions of other workers that polled it lately: they get only what began on them.",
    )
    unserved: list[str] = Field(
        default_factory=list, description="Versions that should get its work, or a part of it, but have no worker here."
    )
    per_second: float | None = Field(None, description="Rate limit set by an operator; 0 means stopped.")
    stopped: bool = Field(default=False, description="Whether nothing is taken from it.")
    reason: str | None = Field(None, description="Why the operator set the rate.")
    by: str | None = Field(None, description="Who set the rate, as in the audit log.")


class ScheduleReport(Answer):
    """The reconciler's schedule."""

    id: str = Field(description="Its id in Temporal.")
    paused: bool = Field(description="Whether an operator paused it.")
    reason: str | None = Field(None, description="Why the operator paused it.")
    next_at: datetime | None = Field(description="When the next pass begins.")
    last_finished_at: datetime | None = Field(None, description="When a pass last finished; null if unknown.")
    late: bool | None = Field(None, description="Whether no pass has finished for too long; null if unknown.")


class TemporalReport(Answer):
    """Temporal as this process sees it."""

    address: str = Field(description="Where it is.")
    namespace: str = Field(description="The namespace.")
    answers: bool = Field(description="Whether it responds.")
    version: str | None = Field(None, description="The server's version.")
    missing_search_attributes: list[str] = Field(
        default_factory=list, description="Search attributes that are not registered."
    )
    search_attribute_problem: str | None = Field(None, description="What is wrong with a registered one.")
    schedule: ScheduleReport | None = Field(None, description="The reconciler's schedule; null if there is none.")
    queues: list[QueueReport] = Field(default_factory=list, description="The task queues.")


class PostgresReport(Answer):
    """Postgres as this process sees it; `readOnly` while it refuses writes."""

    answers: bool = Field(description="Whether it responds.")
    read_only: bool = Field(default=False, description="Whether it refuses writes.")
    schema_revision: str | None = Field(None, description="The schema's revision; null if there is none.")


class SwitchReport(Answer):
    """A switch set by an operator or the restore guard: whether it is on, why, and since when."""

    on: bool = Field(default=False, description="Whether it is on.")
    reason: str | None = Field(None, description="The operator's reason.")
    by: str | None = Field(None, description="Who set it, as in the audit log.")
    since: datetime | None = Field(None, description="Since when.")


class WebhooksReport(Answer):
    """Whether WaveSpeed notifies us of finished predictions, and where."""

    on: bool = Field(description="Whether WaveSpeed notifies us.")
    public_url: str | None = Field(description="The address given to WaveSpeed; null if it has none.")
    secret: str = Field(description="`configured`, or `fetched` from WaveSpeed when the first webhook arrives.")


class UploadsReport(Answer):
    """The limits of `POST /api/uploads`: bytes of the file, pixels (width times height), and types."""

    max_bytes: int = Field(description="Bytes of the file.")
    max_pixels: int = Field(description="Width times height.")
    types: list[str] = Field(description="Media types.")


class AnnouncementReport(Answer):
    """What an operator tells everybody."""

    text: str = Field(description="The text: plain, one line.")
    level: Level = Field(description="`info`: a note. `warning`: it concerns everybody's work.")
    since: datetime = Field(description="When it was announced.")
    until: datetime | None = Field(None, description="When it ends by itself; null: only when it is cleared.")


class SwitchesReport(Answer):
    """The record's switches. Null while Postgres is unavailable."""

    drain: SwitchReport | None = Field(None, description="Whether intake is stopped.")
    submissions_held: SwitchReport | None = Field(None, description="Whether paid submissions are on hold.")
    ai_prompts: SwitchReport | None = Field(None, description="Whether Grok may be asked for new prompts.")
    announcement: AnnouncementReport | None = Field(
        None, description="What is announced to everybody; null if nothing."
    )


class SubmissionsReport(Answer):
    """The rate of paid submissions to WaveSpeed, and why it is not higher."""

    tier: str = Field(description="The setting `PROMPTMILL_WAVESPEED_TIER`.")
    per_second: float | None = Field(
        description="The current rate, across all workers; null while Postgres is unavailable."
    )
    max_per_second: float = Field(description="The rate that the settings allow.")
    concurrency: int = Field(description="Concurrent submissions per worker.")
    lowered: bool = Field(default=False, description="Whether the rate is below what the settings allow.")
    since: datetime | None = Field(None, description="When it was lowered.")
    reason: str | None = Field(None, description="Why it was lowered.")

    @property
    def share(self) -> float | None:
        """The rate as a share of what the settings allow, 0 to 1; None while it is unknown."""
        return None if self.per_second is None else self.per_second / self.max_per_second


class OutputsReport(Answer):
    """Whether finished outputs are stored, and how far that is. Numbers are null while Postgres is unavailable."""

    on: bool = Field(default=False, description="Whether they are.")
    stored_bytes: int | None = Field(None, description="What they take; null without a limit.")
    max_bytes: int | None = Field(None, description="What they may take; null: no limit.")
    waiting: int | None = Field(None, description="Outputs that wait to be stored.")
    at_risk: int | None = Field(None, description="Those of them that WaveSpeed deletes within a day.")

    @property
    def full_percent(self) -> float:
        """What is used of the limit; 0 without one."""
        return 100 * (self.stored_bytes or 0) / self.max_bytes if self.max_bytes else 0


class ReadingsReport(Answer):
    """Whether results are read in time. Null while Postgres is unavailable."""

    open: int | None = Field(None, description="Jobs whose result is still to be read.")
    late_seconds: float | None = Field(
        None, description="How long the reading that is due longest has been due; 0 if none is."
    )

    @property
    def late(self) -> bool:
        """Whether an operator should know."""
        return self.late_seconds is not None and self.late_seconds > LATE_SECONDS


class Notice(Answer):
    """Something that an operator should see first."""

    tone: Literal["attention", "bad"] = Field(
        description="`attention`: intended, or resolves itself. `bad`: needs fixing."
    )
    title: str = Field(description="What it is about.")
    text: str = Field(description="What happens, and what to do.")
    since: datetime | None = Field(None, description="Since when.")


class InstallationReport(SwitchesReport):
    """What is running; `problems` says what is missing, one sentence each."""

    ok: bool = Field(description="Whether nothing required is missing.")
    problems: list[str] = Field(description="What is missing, one sentence each.")
    notices: list[Notice] = Field(description="What an operator should see first, in words.")
    versions: dict[str, str] = Field(description="Of Promptmill and the parts that it runs on, by name.")
    providers: dict[str, str] = Field(description="`real`, `simulated` or `missing key`, by provider.")
    postgres: PostgresReport
    temporal: TemporalReport
    queue: QueueState | None = Field(None, description="The caller's queue; null while Postgres is unavailable.")
    submissions: SubmissionsReport
    readings: ReadingsReport
    outputs: OutputsReport
    webhooks: WebhooksReport
    uploads: UploadsReport
    flags: dict[str, bool] = Field(description="What the settings turn on or off, by name.")
