"""The ids of a request travel in a header with the work that it causes, to the lines of each activity.

They are no part of a workflow's input: a workflow that was started without them runs as one with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from structlog.contextvars import bound_contextvars, get_contextvars
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.client import OutboundInterceptor, StartWorkflowInput, WorkflowHandle
from temporalio.converter import PayloadConverter
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    StartActivityInput,
    StartChildWorkflowInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.worker import Interceptor as WorkerInterceptor

HEADER: Final = "promptmill-log"
CARRIED: Final = ("request_id", "owner")
"""What the header holds, by the names of the log; no words, no secrets: the payloads' encryption does not cover it."""


class LogContext(ClientInterceptor, WorkerInterceptor):
    """Intercepts a client's starts, and the workflows and activities of its workers."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - Temporal's name
        """Give each workflow the ids that the caller's lines have."""
        return _Start(next)

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002 - Temporal's name
    ) -> type[WorkflowInboundInterceptor]:
        """Pass them on to what the workflow starts."""
        return _Workflow

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's name
        """Put them into the activity's lines, with the workflow's id and the attempt."""
        return _Activity(next)


class _Start(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002 - Temporal's name
        known = get_contextvars()
        carried = {name: known[name] for name in CARRIED if name in known}
        if carried:
            payload = PayloadConverter.default.to_payload(carried)
            input.headers = {**input.headers, HEADER: payload}
        return await super().start_workflow(input)


class _Workflow(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_PassOn(outbound))


class _PassOn(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002 - Temporal's name
        input.headers = _passed_on(input.headers)
        return super().start_activity(input)

    def start_local_activity(self, input: StartLocalActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002 - Temporal's name
        input.headers = _passed_on(input.headers)
        return super().start_local_activity(input)

    async def start_child_workflow(
        self,
        input: StartChildWorkflowInput,  # noqa: A002 - Temporal's name
    ) -> workflow.ChildWorkflowHandle[Any, Any]:
        input.headers = _passed_on(input.headers)
        return await super().start_child_workflow(input)


class _Activity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's name
        info = activity.info()
        ids = {"workflow_id": info.workflow_id, "attempt": info.attempt}
        with bound_contextvars(**ids, **_carried(input.headers)):
            return await super().execute_activity(input)


def _passed_on(headers: Mapping[str, Payload]) -> Mapping[str, Payload]:
    """Return the headers with that of the workflow's own start, if it has one."""
    own = workflow.info().headers.get(HEADER)
    return headers if own is None else {**headers, HEADER: own}


def _carried(headers: Mapping[str, Payload]) -> dict[str, str]:
    """Return the ids in a header. It is believed as little as any text: only known names, only texts."""
    payload = headers.get(HEADER)
    if payload is None:
        return {}
    try:
        found = PayloadConverter.default.from_payload(payload)
    except Exception:  # noqa: BLE001  # whatever is in it: an activity runs without it just as well
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: found[name] for name in CARRIED if isinstance(found.get(name), str)}
