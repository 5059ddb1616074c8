"""The log's lines about jobs: one for each change, written by whoever made or first learned of it.

A change that is reported twice, because its answer was lost, may have two lines. The timeline in the record is exact.
"""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import structlog

from promptmill.contracts.jobs import JobSnapshot
from promptmill.contracts.reasons import REASONS, ReasonCode

_log = structlog.get_logger(__name__)

_FOR_AN_OPERATOR: Final = frozenset(
    {
        ReasonCode.GROK_BAD_KEY,
        ReasonCode.GROK_NO_CREDIT,
        ReasonCode.GROK_UNKNOWN_MODEL,
        ReasonCode.WAVESPEED_BAD_KEY,
        ReasonCode.WAVESPEED_NO_CREDIT,
        ReasonCode.WAVESPEED_FORBIDDEN,
        ReasonCode.SUBMIT_UNCLEAR,
        ReasonCode.PROVIDER_MODE_CHANGED,
        ReasonCode.REQUEST_MISMATCH,
        ReasonCode.WORKFLOW_TIMED_OUT,
        ReasonCode.WORKFLOW_FAILED,
        ReasonCode.WORKFLOW_GONE,
    }
)
"""Reasons that no caller can do anything about."""


def job_changed(job_id: UUID, status: str, *, reason_code: str | None = None, **told: Any) -> None:
    """Write the line of a job's change: a warning with the action if an operator must look at its reason.

    Args:
        job_id: The job.
        status: Its status now.
        reason_code: Why.
        told: More fields; those that are None are left out.
    """
    action = action_for(reason_code)
    fields = _fields(job_id, status, reason_code, told)
    if action is None:
        _log.info("job_changed", job_id=str(job_id), **fields)
    else:
        _log.warning("job_changed", job_id=str(job_id), action=action, **fields)


def prompt_job_changed(prompt_job_id: UUID, status: str, *, reason_code: str | None = None, **told: Any) -> None:
    """Write the line of a prompt job's change, as `job_changed` does."""
    action = action_for(reason_code)
    fields = _fields(prompt_job_id, status, reason_code, told)
    if action is None:
        _log.info("prompt_job_changed", prompt_job_id=str(prompt_job_id), **fields)
    else:
        _log.warning("prompt_job_changed", prompt_job_id=str(prompt_job_id), action=action, **fields)


def id_field(table: str, row_id: UUID) -> dict[str, str]:
    """Return the id of a row of one of the two tables, by the name that it has in the log."""
    return {"job_id" if table == "jobs" else "prompt_job_id": str(row_id)}


def job_ended(row: JobSnapshot) -> None:
    """Write the line of a job's row, if the job has ended."""
    if row.status.final:
        job_as_it_is(row)


def job_as_it_is(row: JobSnapshot) -> None:
    """Write the line of a job's row."""
    job_changed(
        row.job_id,
        row.status,
        reason_code=row.reason_code,
        prediction_id=row.prediction_id,
        cost_usd=_sum(row.prompt_cost_usd, row.media_cost_usd),
    )


def action_for(reason_code: str | None) -> str | None:
    """Return what an operator is to do about a reason; None if it is nothing of an operator's."""
    if reason_code is None or reason_code not in _FOR_AN_OPERATOR:
        return None
    return REASONS[ReasonCode(reason_code)].hint


def _fields(row_id: UUID, status: str, reason_code: str | None, told: dict[str, Any]) -> dict[str, Any]:
    fields = {"status": str(status), "reason_code": reason_code, "ms": _age_ms(row_id)} | told
    return {name: _plain(value) for name, value in fields.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, (str, UUID)) else value


def _age_ms(row_id: UUID) -> int | None:
    """Return the milliseconds since the row was accepted, by the time in its id."""
    if row_id.version != 7:  # noqa: PLR2004  # the version with a time
        return None
    return round(time.time() * 1000) - (row_id.int >> 80)  # noqa: TID251  # an id's time is wall-clock time


def _sum(*costs: Decimal | None) -> Decimal | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal()) if known else None
