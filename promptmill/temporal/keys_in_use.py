"""Which keys the payloads at Temporal need: looks at the schedule and at a few running workflows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from typing import Final

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.workflowservice.v1 import DescribeScheduleRequest, GetWorkflowExecutionHistoryRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from promptmill.config.payload_keys import PayloadKey
from promptmill.contracts.names import reconcile_schedule_id
from promptmill.temporal.encryption import key_id_of

LOOKED_AT: Final = 10
"""Running workflows whose first event is read."""

_RPC: Final = timedelta(seconds=5)


async def missing_key_problem(client: Client, task_queue: str, keys: Sequence[PayloadKey]) -> str | None:
    """Return in one sentence which keys are missing here that payloads in use name.

    None if none was found, also where Temporal does not let us look: nothing is known then.
    """
    try:
        used = {key_id async for message in _in_use(client, task_queue) for key_id in key_ids(message)}
    except RPCError:
        return None
    missing = used - {key.id for key in keys}
    if not missing:
        return None
    return (
        f"Payloads at Temporal are encrypted with keys that PROMPTMILL_PAYLOAD_KEYS does not have here: "
        f"{', '.join(sorted(missing))}. Add them behind the others; until then, their workflows wait."
    )


def key_ids(message: Message) -> Iterator[str]:
    """Find the ids of the keys that encrypted the payloads anywhere inside a message."""
    if isinstance(message, Payload):
        if (key_id := key_id_of(message)) is not None:
            yield key_id
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            inner = list(value.values())
        else:
            inner = [value] if isinstance(value, Message) else list(value)
        for each in inner:
            if isinstance(each, Message):
                yield from key_ids(each)


async def _in_use(client: Client, task_queue: str) -> AsyncIterator[Message]:
    service, namespace = client.workflow_service, client.namespace
    schedule = DescribeScheduleRequest(namespace=namespace, schedule_id=reconcile_schedule_id(task_queue))
    try:
        yield await service.describe_schedule(schedule, timeout=_RPC)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    query = f"TaskQueue = '{task_queue}' AND ExecutionStatus = 'Running'"
    async for found in client.list_workflows(query, limit=LOOKED_AT, rpc_timeout=_RPC):
        first = GetWorkflowExecutionHistoryRequest(
            namespace=namespace,
            execution=WorkflowExecution(workflow_id=found.id, run_id=found.run_id),
            maximum_page_size=1,
        )
        try:
            yield await service.get_workflow_execution_history(first, timeout=_RPC)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # deleted meanwhile
                raise
