"""The messages of `DeliverCallbackWorkflow`: telling a caller's address, once, that a job has ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from promptmill.contracts.messages import Message


class CallbackInput(Message):
    """Which job's end is to be told. Address and body are read from the row, so that no secret stands in history."""

    job_id: UUID


class CallbackBody(Message):
    """What is told: `type` is `job.<status>`, `data` the job's public fields in camelCase."""

    type: str
    timestamp: datetime
    data: dict[str, Any]


class CallbackResult(Message):
    """How the delivery ended: the receiver's last HTTP status (null when none answered), and why it was given up."""

    job_id: UUID
    delivered: bool
    attempts: int
    status_code: int | None = None
    error: str | None = None
