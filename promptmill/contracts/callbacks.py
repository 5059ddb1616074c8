"""The messages of `DeliverCallbackWorkflow`, which notifies a caller's URL that a job has ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from promptmill.contracts.messages import Message


class CallbackInput(Message):
    """The job whose end to deliver, or the batch. URL and body are read from the row: no secret enters the history."""

    job_id: UUID
    of_batch: bool = False
    """Whether the id is a batch's."""


class CallbackBody(Message):
    """The callback's body: `type` is `job.<status>` or `batch.<state>`, `data` its public fields in camelCase."""

    type: str
    timestamp: datetime
    data: dict[str, Any]


class CallbackResult(Message):
    """How delivery ended: the receiver's last HTTP status (null if it never responded), and why it was abandoned."""

    job_id: UUID
    delivered: bool
    attempts: int
    status_code: int | None = None
    error: str | None = None
    of_batch: bool = False
