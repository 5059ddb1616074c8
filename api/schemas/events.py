"""What happened to a job: its events, and the stages that they make."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from api.schemas.bases import Answer, ValueOf
from promptmill.contracts.jobs import JobStatus


class Event(Answer):
    """One change of a job."""

    sequence: int = Field(description="Its number among the job's events, from 1, without gaps.")
    at: datetime = Field(description="When it was recorded.")
    status: Annotated[str, ValueOf(JobStatus)] = Field(description="The job's status from then on.")
    reason_code: str | None = Field(description="Why, as a stable code.")
    text: str = Field(description="What happened, in a sentence.")
    detail: dict[str, Any] = Field(description="What else was recorded; differs by event.")


class Stage(Answer):
    """A stage of a job: how long it lasted, and whether it is still active."""

    stage: str = Field(description="A status that is not final, or `writing` while Grok writes.")
    seconds: float = Field(description="How long it lasted, or has lasted so far.")
    open: bool = Field(description="Whether it is still active.")


class Timeline(Answer):
    """Everything that happened to a job, in order, and how long each stage took."""

    items: list[Event] = Field(description="The events, oldest first.")
    stages: list[Stage] = Field(description="The stages, in order.")
