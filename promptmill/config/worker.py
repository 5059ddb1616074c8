"""Settings of the worker, which also runs the reconciler."""

from __future__ import annotations

import re
from typing import Final

from pydantic import BaseModel, Field, field_validator

from promptmill.config.values import AtOnce, Port, Words
from promptmill.contracts.reconciliation import KEY_DAYS, WEBHOOK_DAYS

_BUILD_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


class WorkerSettings(BaseModel):
    """What a worker serves, how much at once and how it stops; how the reconciler works, and how long jobs are kept."""

    worker_queues: Words = Field(
        ("workflows", "grok", "wavespeed", "outputs"),
        description="Task queues that this worker serves: workflows, grok, wavespeed, outputs.",
    )
    worker_versioning: bool = Field(
        default=False,
        description="Gives workers a version at Temporal, of a deployment named like the task queue, so that two releases run side by side. A version gets no work until it is made current: docs/deployment.md. `make up` never does.",
    )
    worker_build_id: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Name of this worker's version, if it is not that of the installed release (such as 0.3.0): letters, digits, and . _ + - after the first.",
    )
    workflow_concurrency: AtOnce = Field(
        50, description="Maximum concurrent workflow tasks and unpaid activities, per worker."
    )
    max_cached_workflows: int = Field(500, ge=0, description="Maximum workflows cached per worker.")
    sticky_seconds: float = Field(
        5, gt=0, description="How long a killed worker's workflows wait before another worker takes over."
    )
    shutdown_seconds: float = Field(
        130,
        ge=0,
        description="How long a stopping worker lets running activities finish; must exceed the longest call.",
    )
    metrics_host: str = Field("127.0.0.1", description="Address of the worker's health and metrics endpoints.")
    metrics_port: Port = Field(
        9464,
        description="Port of the worker's health (/healthz, /readyz) and metrics (/metrics) endpoints; 0 disables them.",
    )
    temporal_metrics_port: Port = Field(9465, description="Port of Temporal's own worker metrics; 0 disables them.")

    reconcile_seconds: float = Field(10, ge=1, description="Interval between passes of the reconciler.")
    reconcile_timeout_seconds: float = Field(120, gt=0, description="Timeout of one pass of the reconciler.")
    reconcile_batch: int = Field(
        200, ge=1, le=2000, description="Maximum open rows that one pass compares with Temporal."
    )
    reconcile_stop_after: int = Field(
        20, ge=1, description="Maximum rows that one pass may close; more stop the pass with an alarm."
    )
    missing_confirm_seconds: float = Field(
        60, ge=0, description="How long a workflow must be missing in Temporal before its row is treated as orphaned."
    )
    cancel_again_seconds: float = Field(
        10, ge=0, description="Time after which a cancel that has not ended its job is sent to Temporal again."
    )
    keep_days: float = Field(0, ge=0, description="Days after which ended jobs are deleted; 0 keeps them indefinitely.")

    webhook_days: float = Field(
        WEBHOOK_DAYS,
        ge=1,
        le=36_500,
        description="Days after which WaveSpeed's webhooks are deleted, once they were processed; others after 30 at least.",
    )
    idempotency_days: float = Field(
        KEY_DAYS,
        ge=1,
        le=36_500,
        description="Days after which Idempotency-Keys are deleted; they refer to their request for 24 hours, however long they are kept.",
    )
    audit_days: float = Field(
        400, ge=0, description="Days after which entries of the audit log are deleted; 0 keeps them indefinitely."
    )

    @field_validator("worker_build_id")
    @classmethod
    def _plain(cls, build_id: str | None) -> str | None:
        """Refuse what commands and searches at Temporal would have to quote, and what Temporal keeps for itself."""
        if build_id is not None and not _BUILD_ID.fullmatch(build_id):
            raise ValueError("a version is written with letters, digits, and . _ + - after the first, such as 0.3.0")
        return build_id

    @field_validator("keep_days", "audit_days")
    @classmethod
    def _at_least_a_day(cls, days: float) -> float:
        if 0 < days < 1:
            raise ValueError("what has ended must be kept for at least a day; 0 keeps it indefinitely")
        return days
