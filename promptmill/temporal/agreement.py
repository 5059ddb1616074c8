"""Compares the record with Temporal: each open row has a running workflow, each running workflow an open row.

What the reconciler will mend within its grace is in flight, and no finding. Searches lag, so whatever a list leaves in
doubt is asked again, one by one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from promptmill.contracts.consistency import MOST_SHOWN, Check, OpenWorkflowRow
from promptmill.contracts.names import JOB_WORKFLOW, PROMPT_WORKFLOW, job_workflow_id, prompt_workflow_id
from promptmill.store import Store

ASKED_AT_ONCE: Final = 16
PAGE: Final = 500
_LIST: Final = timedelta(seconds=30)
_RPC: Final = timedelta(seconds=5)

_ADVICE: Final = (
    "The reconciler corrects this within its grace period: check that its schedule is neither paused nor late "
    "(`GET /api/init`), that a worker runs, and that this is the right Temporal. docs/objectives.md, Workflows."
)


@dataclass
class _Findings:
    compared: int = 0
    count: int = 0
    lost: int = 0

    def __post_init__(self) -> None:
        self.shown: list[str] = []

    def add(self, text: str) -> None:
        self.count += 1
        if self.count <= MOST_SHOWN:
            self.shown.append(text)


async def compare_workflows(store: Store, client: Client, *, task_queue: str, grace: timedelta) -> Check:
    """Compare every open row and every running workflow of this installation.

    Args:
        grace: How long the reconciler may take to mend what was interrupted.

    Raises:
        RPCError: Temporal is unavailable.
        RecordUnavailable: Postgres is.
    """
    began, findings = time.monotonic(), _Findings()
    running = await _compare_running(store, client, task_queue, grace, findings)
    async for rows in store.consistency.open_rows(grace):
        findings.compared += len(rows)
        for row in rows:
            if not row.started and row.unchanged:
                findings.add(f"{row.id}: open, and its workflow was never started")
        doubtful = [row for row in rows if row.started and row.id not in running]
        await _compare_rows(store, client, doubtful, grace, findings)
    return Check(
        name="workflows",
        compares="each open job and prompt job with its workflow, and each running workflow with its row",
        compared=findings.compared,
        findings=findings.count,
        shown=tuple(findings.shown),
        advice=_ADVICE,
        seconds=time.monotonic() - began,
        lost=findings.lost,
    )


async def _compare_running(
    store: Store, client: Client, task_queue: str, grace: timedelta, findings: _Findings
) -> set[UUID]:
    """Compare running workflows with their rows, and return the ids of the rows."""
    running: set[UUID] = set()
    async for page in _running(client, task_queue):
        ends = await store.consistency.ends([*page])
        running.update(page)
        findings.compared += len(page)
        for row_id, execution in page.items():
            since = ends.get(row_id, execution.start_time)
            if since is None or _now() - since < grace or not await _runs(client, execution):
                continue
            if row_id in ends:
                findings.add(f"{execution.id} runs, and its row ended long ago")
            else:
                findings.lost += 1
                findings.add(f"{execution.id} runs, and no row belongs to it")
    return running


async def _running(client: Client, task_queue: str) -> AsyncIterator[dict[UUID, WorkflowExecution]]:
    """Yield pages of the running workflows of jobs and stand-alone prompt jobs, by the id of the row."""
    query = (
        f"WorkflowType IN ('{JOB_WORKFLOW}', '{PROMPT_WORKFLOW}') AND TaskQueue = '{task_queue}' "
        "AND ExecutionStatus = 'Running'"
    )
    page: dict[UUID, WorkflowExecution] = {}
    async for execution in client.list_workflows(query, page_size=PAGE, rpc_timeout=_LIST):
        try:
            page[UUID(execution.id.partition("-")[2])] = execution
        except ValueError:
            continue  # somebody started it by hand, under any id: it belongs to no row
        if len(page) == PAGE:
            yield page
            page = {}
    if page:
        yield page


async def _runs(client: Client, execution: WorkflowExecution) -> bool:
    return (await _end_of(client, execution.id)) == (WorkflowExecutionStatus.RUNNING, None)


async def _compare_rows(
    store: Store, client: Client, rows: Sequence[OpenWorkflowRow], grace: timedelta, findings: _Findings
) -> None:
    """Ask Temporal for the workflow of each row, then Postgres whether the row is still open."""
    gate = asyncio.Semaphore(ASKED_AT_ONCE)

    async def ask(row: OpenWorkflowRow) -> tuple[UUID, str] | None:
        name = job_workflow_id(row.id) if row.table == "jobs" else prompt_workflow_id(row.id)
        async with gate:
            status, ended = await _end_of(client, name)
        if status is None:
            return (row.id, "Temporal does not know its workflow") if row.unchanged else None
        if ended is None or _now() - ended < grace:
            return None
        return row.id, f"its workflow ended long ago ({status.name.lower()})"

    suspects = dict(found for found in await asyncio.gather(*map(ask, rows)) if found is not None)
    ends = await store.consistency.ends([*suspects])
    for row_id, what in suspects.items():
        if row_id in ends and ends[row_id] is None:
            findings.add(f"{row_id}: open, and {what}")


async def _end_of(client: Client, workflow_id: str) -> tuple[WorkflowExecutionStatus | None, datetime | None]:
    """Return the status of a workflow's latest run (None: there is no such workflow), and when it closed."""
    try:
        found = await client.get_workflow_handle(workflow_id).describe(rpc_timeout=_RPC)
    except ValueError:
        # A status that this SDK does not know, for instance a paused workflow: it has not ended.
        return WorkflowExecutionStatus.RUNNING, None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None, None
        raise
    return found.status, found.close_time


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  # no workflow runs here
