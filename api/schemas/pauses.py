"""Requests and responses about pauses: of one's own queue, and of a provider."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from api.schemas.access import PauseOwner
from api.schemas.bases import Answer


class Provider(StrEnum):
    """A provider that jobs wait for."""

    GROK = "grok"
    WAVESPEED = "wavespeed"


class PauseProvider(PauseOwner):
    """Why a provider is paused."""


class QueueState(Answer):
    """Whether the queue of the caller's owner is paused: by one of its own callers, by an admin, or by both.

    Nothing of it is submitted until neither holds any more. Only an admin lifts an admin's pause.
    """

    owner: str = Field(description="Whose queue.")
    queue_paused_at: datetime | None = Field(description="Since when its own callers pause it; null if they do not.")
    queue_paused_by: str | None = Field(description="Which of them, as `actor` in logs.")
    paused_at: datetime | None = Field(description="Since when an admin pauses the owner; null if none does.")
    paused_by: str | None = Field(description="Which admin.")
    paused_reason: str | None = Field(description="Why.")


class ProviderState(Answer):
    """Whether a provider is paused: jobs that wait for it stay where they are; what it was sent before goes on."""

    provider: Provider = Field(description="`grok` writes prompts, `wavespeed` makes media.")
    paused: bool = Field(description="Whether nothing is sent to it.")
    reason: str | None = Field(description="Why its pause, or its rate, was set.")
    by: str | None = Field(description="Who set it, as `actor` in logs.")
    since: datetime | None = Field(description="When it was set.")


class ProviderList(Answer):
    """The providers."""

    items: list[ProviderState] = Field(description="Grok, then WaveSpeed.")
