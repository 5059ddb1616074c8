"""Detects that an older backup of the record was restored: Temporal remembers the highest submission number.

A job whose payment the restored record does not know would be paid again. So submissions are held until
`promptmill restore-check` has compared the record with Temporal and with WaveSpeed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from temporalio.api.common.v1 import Payload
from temporalio.client import Client, Schedule, ScheduleActionStartWorkflow, ScheduleUpdate, ScheduleUpdateInput
from temporalio.service import RPCError, RPCStatusCode

from promptmill.contracts.names import reconcile_schedule_id
from promptmill.store import Store
from promptmill.temporal.encryption import data_converter

MEMO: Final = "highestSubmission"
"""Name in the memo of every pass of the reconciler; the Web UI shows it.

Never encrypted: it holds no words, and a worker that has lost a key must still find it before it submits."""

_RPC: Final = timedelta(seconds=20)
"""Describing a schedule asks a workflow of Temporal's own, which answers late on a busy server."""


async def guard_restore(store: Store, client: Client, task_queue: str) -> str | None:
    """Compare the record's highest submission with what Temporal remembers; hold submissions if it is lower.

    Returns:
        Why submissions were just put on hold, in one sentence, or None.

    Raises:
        RPCError: Temporal is unavailable.
    """
    # In this order: what is remembered was in the record before. The other way round, submissions that another pass
    # remembers between the two reads would look lost.
    remembered = await remembered_submission(client, task_queue)
    highest = await store.operations.highest_submission()
    if highest > remembered:
        await remember_submission(client, task_queue, highest)
    if highest >= remembered:
        return None
    reason = (
        f"The record's highest submission is {highest}, but {remembered} were made: an older backup was restored. "
        "Submissions are on hold until `promptmill restore-check` has run."
    )
    await store.operations.hold_submissions(reason)
    return reason


async def remembered_submission(client: Client, task_queue: str) -> int:
    """Return the highest submission number that Temporal remembers; 0 if there is no schedule yet.

    Raises:
        RPCError: Temporal is unavailable.
    """
    try:
        found = await client.get_schedule_handle(reconcile_schedule_id(task_queue)).describe(rpc_timeout=_RPC)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return 0
        raise
    return await _number_in(client, found.schedule)


async def remember_submission(client: Client, task_queue: str, number: int) -> None:
    """Store this number in Temporal, unless a higher one is there; without a schedule, nothing is stored.

    Raises:
        RPCError: Temporal is unavailable.
    """
    [plain] = data_converter().payload_converter.to_payloads([number])

    async def write(found: ScheduleUpdateInput) -> ScheduleUpdate | None:
        schedule = found.description.schedule
        if not isinstance(schedule.action, ScheduleActionStartWorkflow):
            return None
        if await _number_in(client, schedule) >= number:
            return None
        schedule.action.memo = dict(schedule.action.memo or {}) | {MEMO: plain}
        return ScheduleUpdate(schedule=schedule)

    try:
        await client.get_schedule_handle(reconcile_schedule_id(task_queue)).update(write, rpc_timeout=_RPC)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def _number_in(client: Client, schedule: Schedule) -> int:
    action = schedule.action
    memo = action.memo if isinstance(action, ScheduleActionStartWorkflow) else None
    value = (memo or {}).get(MEMO, 0)
    if isinstance(value, Payload):
        [value] = await client.data_converter.decode([value], [int])
    return int(value)
