"""The messages of the reconciler."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal
from uuid import UUID

from promptmill.contracts.messages import Message


class ReconcileReport(Message):
    """What one pass did: counts of rows, cancels, callbacks, webhooks, submissions, late media, bills, erasures, files.

    `alarm` says in one sentence why a pass stopped before it changed more.
    """

    started: int = 0
    cancels_sent: int = 0
    closed: int = 0
    callbacks_started: int = 0
    delivered: int = 0
    resolved: int = 0
    attached: int = 0
    billed: int = 0
    erased: int = 0
    storing_started: int = 0
    files_deleted: int = 0
    deleted: int = 0
    alarm: str | None = None


class CloseReport(Message):
    """How many rows one pass closed, and why it stopped, if it did."""

    closed: int = 0
    alarm: str | None = None


class LateReport(Message):
    """How many webhooks were delivered, unclear submissions settled, late media attached, costs corrected by bills."""

    delivered: int = 0
    resolved: int = 0
    attached: int = 0
    billed: int = 0


WEBHOOK_DAYS = 7
"""How long processed webhooks are kept by default."""

KEY_DAYS = 1
"""The same of idempotency keys; as long as they refer to a request they are kept in any case."""


class DeletedRows(Message):
    """How many rows of each kind were past their time and are deleted."""

    jobs: int = 0
    prompt_jobs: int = 0
    webhooks: int = 0
    idempotency_keys: int = 0
    queue_minutes: int = 0
    audit_entries: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return (
            self.jobs
            + self.prompt_jobs
            + self.webhooks
            + self.idempotency_keys
            + self.queue_minutes
            + self.audit_entries
        )


class OpenRow(Message):
    """An open row with a workflow, as the reconciler compares it with Temporal."""

    id: UUID
    table: Literal["jobs", "prompt_generation_jobs"]
    status: str
    workflow_id: str
    cancel_requested: bool


class RunState(StrEnum):
    """The state of a workflow's latest run in Temporal."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    TERMINATED = "terminated"
    TIMED_OUT = "timed_out"
    MISSING = "missing"
    OTHER = "other"
