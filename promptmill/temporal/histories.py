"""Reads what a job's workflow knows from its history: the request, the submissions, the result."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle

from promptmill.contracts.jobs import JobInput, JobResult, SubmitResult

_RPC: Final = timedelta(seconds=10)
_SUBMIT: Final = "submit_media"
_M = TypeVar("_M", bound=BaseModel)


class JobHistory(NamedTuple):
    """A job as its workflow knows it.

    Attributes:
        submissions: The outcome of each submission that was reported.
        attempted: Submissions that a heartbeat named before their POST and that have not been reported yet.
        result: The record that the ended workflow returned or failed with.
    """

    job: JobInput
    submissions: tuple[SubmitResult, ...]
    attempted: tuple[UUID, ...]
    result: JobResult | None


async def read_job_history(client: Client, workflow_id: str, run_id: str | None = None) -> JobHistory:
    """Read one run.

    Raises:
        RPCError: Temporal is unavailable, or does not know the run.
        ValueError: It is not the history of a job.
    """
    handle = client.get_workflow_handle(workflow_id, run_id=run_id)
    job: JobInput | None = None
    result: JobResult | None = None
    submissions: list[SubmitResult] = []
    submits: set[int] = set()
    async for event in handle.fetch_history_events(rpc_timeout=_RPC):
        if event.HasField("workflow_execution_started_event_attributes"):
            started = event.workflow_execution_started_event_attributes
            job = await _decode(client, started.input, JobInput)
        elif event.HasField("activity_task_scheduled_event_attributes"):
            if event.activity_task_scheduled_event_attributes.activity_type.name == _SUBMIT:
                submits.add(event.event_id)
        elif event.HasField("activity_task_completed_event_attributes"):
            completed = event.activity_task_completed_event_attributes
            if completed.scheduled_event_id in submits:
                submissions += [s] if (s := await _decode(client, completed.result, SubmitResult)) else []
        else:
            result = await _decode(client, _left_behind(event), JobResult) or result
    if job is None:
        raise ValueError(f"{workflow_id} is not the workflow of a job")
    return JobHistory(job, tuple(submissions), await _attempted(client, handle), result)


async def _attempted(client: Client, handle: WorkflowHandle[Any, Any]) -> tuple[UUID, ...]:
    """Return the submissions that pending attempts named in their heartbeats."""
    description = await handle.describe(rpc_timeout=_RPC)
    found: list[UUID] = []
    for pending in description.raw_description.pending_activities:
        if pending.activity_type.name == _SUBMIT and pending.heartbeat_details.payloads:
            [named, *_] = await client.data_converter.decode(list(pending.heartbeat_details.payloads), [str])
            found.append(UUID(named))
    return tuple(found)


def _left_behind(event: HistoryEvent) -> Payloads:
    """Return what an ended workflow returned, or the details of what it failed with."""
    if event.HasField("workflow_execution_completed_event_attributes"):
        return event.workflow_execution_completed_event_attributes.result
    return event.workflow_execution_failed_event_attributes.failure.application_failure_info.details


async def _decode(client: Client, payloads: Payloads, kind: type[_M]) -> _M | None:
    values: list[Payload] = list(payloads.payloads)
    if not values:
        return None
    [value, *_] = await client.data_converter.decode(values[:1])
    try:
        return kind.model_validate(value)
    except ValidationError:
        return None
