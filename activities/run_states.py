"""The state of a workflow's latest run in Temporal, and the record that an ended one left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, NamedTuple

from pydantic import ValidationError
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from promptmill.contracts.jobs import JobResult
from promptmill.contracts.reconciliation import RunState

_RPC: Final = timedelta(seconds=5)

_STATES: Final = {
    WorkflowExecutionStatus.RUNNING: RunState.RUNNING,
    WorkflowExecutionStatus.COMPLETED: RunState.COMPLETED,
    WorkflowExecutionStatus.FAILED: RunState.FAILED,
    WorkflowExecutionStatus.CANCELED: RunState.CANCELED,
    WorkflowExecutionStatus.TERMINATED: RunState.TERMINATED,
    WorkflowExecutionStatus.TIMED_OUT: RunState.TIMED_OUT,
}


class Run(NamedTuple):
    """The latest run of a workflow: its state, and the record of a job that it returned or failed with."""

    state: RunState
    result: JobResult | None = None


async def run_of(client: Client, workflow_id: str) -> Run:
    """Return the latest run: after a reset, the older one is Terminated, which is meaningless.

    Raises:
        RPCError: Temporal is unavailable.
    """
    handle = client.get_workflow_handle(workflow_id)
    try:
        description = await handle.describe(rpc_timeout=_RPC)
    except ValueError:
        # A status that this SDK does not know, for instance a paused workflow: it has not ended.
        return Run(RunState.OTHER)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return Run(RunState.MISSING)
        raise
    state = RunState.OTHER if description.status is None else _STATES.get(description.status, RunState.OTHER)
    if state in {RunState.COMPLETED, RunState.FAILED}:
        return Run(state, await _record_left_by(client, workflow_id))
    return Run(state)


async def _record_left_by(client: Client, workflow_id: str) -> JobResult | None:
    handle = client.get_workflow_handle(workflow_id)
    try:
        return _parse(await handle.result(rpc_timeout=_RPC))
    except WorkflowFailureError as error:
        cause = error.cause
        return _parse(cause.details[0]) if isinstance(cause, ApplicationError) and cause.details else None


def _parse(value: Any) -> JobResult | None:
    try:
        return JobResult.model_validate(value)
    except ValidationError:
        return None
