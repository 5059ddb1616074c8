"""Builds a callback's body from the row of an ended job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from promptmill.contracts.callbacks import CallbackBody
from promptmill.contracts.jobs import Billed, JobStatus, Output
from promptmill.contracts.reasons import REASONS, ReasonCode
from sql.models import Batch, Job


def callback_body(job: Job, billed: Billed) -> CallbackBody:
    """Return the job's end in the format of `GET /api/jobs/{jobId}`.

    The same row gives the same body, byte for byte; facts that arrive between two attempts (late media, a price) are in
    the later one.
    """
    return CallbackBody(
        type=f"job.{job.status}",
        timestamp=job.completed_at or job.updated_at,
        data={
            "jobId": job.id,
            "status": job.status,
            "reasonCode": job.reason_code,
            "error": _error(job),
            "prompt": job.prompt,
            "promptSource": job.prompt_source,
            "predictionId": job.prediction_id,
            "outputs": [_output(Output.model_validate(output)) for output in job.outputs],
            "billed": billed,
            "promptCostUsd": None if job.prompt_cost_usd is None else float(job.prompt_cost_usd),
            "mediaCostUsd": None if job.media_cost_usd is None else float(job.media_cost_usd),
            "metadata": job.caller_metadata,
            "createdAt": job.created_at,
            "completedAt": job.completed_at,
        },
    )


def batch_callback_body(batch: Batch, counts: Mapping[str, int]) -> CallbackBody:
    """Return a batch's end in the words of `GET /api/batches/{batchId}`."""
    return CallbackBody(
        type=f"batch.{batch.state}",
        timestamp=batch.completed_at or batch.changed_at,
        data={
            "batchId": batch.id,
            "key": batch.key,
            "name": batch.name,
            "state": batch.state,
            "counts": counts,
            "spentUsd": float(batch.spent_usd),
            "reservedUsd": float(batch.reserved_usd),
            "maxCostUsd": float(batch.max_cost_usd),
            "createdAt": batch.created_at,
            "completedAt": batch.completed_at,
        },
    )


def _output(output: Output) -> dict[str, Any]:
    return {to_camel(name): value for name, value in output.model_dump().items()}


def _error(job: Job) -> dict[str, Any] | None:
    """Return why the job did not complete; failures before a success are in its events."""
    if job.status == JobStatus.COMPLETED or (job.reason_code is None and job.error is None):
        return None
    reason = REASONS[ReasonCode(job.reason_code)] if job.reason_code in set(ReasonCode) else None
    return {
        "reasonCode": job.reason_code,
        "message": job.error or (reason.message if reason else "No reason was recorded."),
        "hint": reason.hint if reason else None,
    }
