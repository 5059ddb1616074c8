"""The parts that answers about jobs and about prompt jobs share."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from api.schemas.bases import Answer


class WaitFor(StrEnum):
    """What a job is waiting for."""

    GROK_QUEUE = "grok_queue"
    GROK = "grok"
    WAVESPEED_QUEUE = "wavespeed_queue"
    WAVESPEED = "wavespeed"
    RETRY = "retry"
    OPERATOR = "operator"


class Wait(Answer):
    """What a job is waiting for now. Position and estimates are approximate; null means unknown, never 0.

    `of` is counted up to 1,000 (`capped`). `stopped`: whether the queue is stopped, null if unknown; `stopped_reason`:
    the operator's reason. The estimate is based on recent throughput; low and high are given if it is uncertain.
    `longer_than_usual`: it is already taking longer than any comparable recent job.
    """

    for_: WaitFor | None = Field(None, alias="for")
    position: int | None = None
    of: int | None = None
    capped: bool = False
    stopped: bool | None = None
    stopped_reason: str | None = None
    estimate_seconds: float | None = None
    estimate_low_seconds: float | None = None
    estimate_high_seconds: float | None = None
    longer_than_usual: bool = False


class ErrorAnswer(Answer):
    """Why something failed, the provider's message, and what a person can do."""

    reason_code: str | None
    message: str
    hint: str | None


class Links(Answer):
    """Links: related resources of this service, and the workflow in the Temporal Web UI."""

    self_: str = Field(alias="self")
    events: str | None = None
    cancel: str | None = None
    retry: str | None = None
    resolve: str | None = None
    temporal: str | None = None
