"""Responses to operators, probes and providers."""

from __future__ import annotations

from pydantic import Field

from api.schemas.bases import Answer


class Dispatched(Answer):
    """What `POST /api/dispatch` did."""

    ok: bool = Field(description="Whether all that were claimed are running now.")
    claimed: int = Field(description="Rows without a workflow that this call undertook to start.")
    started: int = Field(description="Of these, those that were started.")


class Reconciled(Answer):
    """What one pass of the reconciler did."""

    started: int = Field(description="Workflows started.")
    closed: int = Field(description="Rows closed whose workflow had ended.")
    delivered: int = Field(description="Stored webhooks delivered to their workflows.")
    resolved: int = Field(description="Unclear submissions resolved.")


class WebhookTaken(Answer):
    """A webhook was accepted; it need not be sent again."""

    ok: bool = Field(default=True, description="Always true.")


class Readiness(Answer):
    """Whether the dependencies respond; if not, why (`problems`), and what else is stopped (`notes`), in sentences."""

    ok: bool = Field(description="Whether Postgres and Temporal respond.")
    postgres: bool = Field(description="Whether Postgres accepts writes.")
    temporal: bool = Field(description="Whether Temporal responds.")
    problems: list[str] = Field(description="What is wrong, one sentence each.")
    notes: list[str] = Field(description="What else an operator should know.")


class Alive(Answer):
    """The process is alive."""

    ok: bool = Field(default=True, description="Always true.")
