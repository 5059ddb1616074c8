"""Brings the record and Temporal back in line, with guards against doing harm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.run_states import Run, run_of
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.names import JOB_WORKFLOW, PROMPT_WORKFLOW
from promptmill.contracts.prompts import PromptChange, PromptJobStatus
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.reconciliation import CloseReport, OpenRow, RunState
from promptmill.job_lines import id_field, job_ended
from promptmill.metrics import deleted_rows
from promptmill.store import Store
from promptmill.store.batches import BatchStore
from promptmill.store.upkeep import UpkeepStore
from promptmill.temporal import WorkflowStarter
from promptmill.temporal.dispatch import create_dispatcher
from promptmill.temporal.installation import identity_problem
from promptmill.temporal.restore_guard import guard_restore

_log = structlog.get_logger(__name__)

_RPC: Final = timedelta(seconds=5)
_STARTS_PER_PASS: Final = 500
_CANCELS_PER_PASS: Final = 200
_LISTED_PER_PASS: Final = 1000
_OVERLAP: Final = timedelta(minutes=5)
"""Visibility is eventually consistent; runs that closed this long before the last check are checked again."""

_END_OF_JOB: Final = {
    RunState.CANCELED: (JobStatus.CANCELLED, ReasonCode.WORKFLOW_CANCELLED),
    RunState.TERMINATED: (JobStatus.TERMINATED, ReasonCode.WORKFLOW_TERMINATED),
    RunState.TIMED_OUT: (JobStatus.TERMINATED, ReasonCode.WORKFLOW_TIMED_OUT),
    RunState.MISSING: (JobStatus.TERMINATED, ReasonCode.WORKFLOW_GONE),
    RunState.COMPLETED: (JobStatus.FAILED, ReasonCode.WORKFLOW_FAILED),
    RunState.FAILED: (JobStatus.FAILED, ReasonCode.WORKFLOW_FAILED),
}
"""How an open row is closed if its workflow ended in this way without leaving a record.

Where a caller had asked for the cancel, the record says so instead: `cancel_requested`.
"""


@dataclass(frozen=True)
class ReconciliationActivities:
    """The steps of one pass. Each is safe to repeat: the record compares before it sets, a duplicate start is refused.

    Attributes:
        stop_after: More missing workflows than this in one pass are treated as a mistake.
        missing_confirm: How long a workflow must be missing before its row is treated as orphaned.
        cancel_again: Time after which an ineffective cancel is sent again.
    """

    store: Store
    client: Client
    starter: WorkflowStarter
    task_queue: str
    batch: int
    stop_after: int
    missing_confirm: timedelta
    cancel_again: timedelta
    keep_days: float
    webhook_days: float
    idempotency_days: float
    audit_days: float

    @activity.defn
    async def check_installation(self) -> str | None:
        """Return why this Temporal must not be trusted, or None; hold submissions if an older backup was restored.

        Safe to repeat: a hold lasts until an operator releases it.
        """
        problem = await identity_problem(self.store, self.client)
        if problem:
            _log.error("reconciler_stopped", problem=problem)
            return problem
        held = await guard_restore(self.store, self.client, self.task_queue)
        if held:
            _log.error("submissions_held", problem=held)
        return None

    @activity.defn
    async def start_waiting(self) -> int:
        """Start the workflows of accepted rows that have none; return how many. Safe to repeat."""
        dispatcher = create_dispatcher(self.store, self.starter, patience=_RPC)
        return (await dispatcher.start_stranded(_STARTS_PER_PASS)).started

    @activity.defn
    async def send_cancels_again(self) -> int:
        """Resend cancels that callers requested a while ago; return how many. Safe to repeat."""
        rows = await self.store.upkeep.cancels_to_send(self.cancel_again.total_seconds(), _CANCELS_PER_PASS)
        for row in rows:
            try:
                handle = self.client.get_workflow_handle(row.workflow_id)
                await handle.cancel(reason="cancelled by a caller", rpc_timeout=_RPC)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
        return len(rows)

    @activity.defn
    async def close_ended(self) -> CloseReport:
        """Close open rows whose workflow has ended; return how many. Safe to repeat: a closed row is left as it is."""
        now = datetime.now(UTC)  # noqa: TID251 - an activity, not a workflow
        watermark = await self.store.upkeep.watermark() or now
        ended = await self._lately_ended(watermark - _OVERLAP)
        rows = await self.store.upkeep.open_rows(limit=self.batch, ids=ended)
        gone: list[OpenRow] = []
        closed = 0
        for row in rows:
            run = await run_of(self.client, row.workflow_id)
            if run.state is RunState.MISSING:
                gone.append(row)
                continue
            await self.store.upkeep.note_missing(row, missing=False)
            closed += await self._close(row, run)
        if len(gone) > self.stop_after:
            alarm = (
                f"Temporal does not know {len(gone)} workflows of open rows; more than {self.stop_after} at once are "
                "taken for a mistake. Check that this is the right Temporal and namespace; see docs/operations.md."
            )
            _log.error("reconciler_stopped", problem=alarm)
            return CloseReport(closed=closed, alarm=alarm)
        for row in gone:
            closed += await self._close_missing(row)
        await self.store.upkeep.set_watermark(now)
        return CloseReport(closed=closed)

    @activity.defn
    async def start_callbacks(self) -> int:
        """Start the callbacks of ended jobs whose own workflow started none; return how many. Safe to repeat."""
        return await self._start_callbacks(self.store.upkeep, of_batches=False)

    @activity.defn
    async def wake_batches(self) -> int:
        """Wake or start the workflows of batches that should have looked by now, and the callbacks of those that ended.

        Returns:
            How many batches. Safe to repeat.
        """
        due = await self.store.batches.claim_due(_STARTS_PER_PASS)
        for batch in due:
            await self.starter.wake_batch(batch, patience=_RPC)
        await self._start_callbacks(self.store.batches, of_batches=True)
        return len(due)

    @activity.defn
    async def warn_of_budgets(self) -> int:
        """Log each budget that has reached another share of its limit; return how many. Safe to repeat."""
        found = await self.store.budgets.warn()
        for budget in found:
            _log.warning(
                "budget_reached",
                percent=budget.percent,
                owner=budget.owner,
                period=budget.period,
                limit_usd=float(budget.limit_usd),
                used_usd=float(budget.used_usd),
            )
        return len(found)

    @activity.defn
    async def delete_expired(self) -> int:
        """Delete expired records; return how many rows. Safe to repeat."""
        deleted = await self.store.upkeep.delete_expired(
            self.keep_days, webhook_days=self.webhook_days, key_days=self.idempotency_days
        )
        entries = await self.store.audit.delete_expired(self.audit_days)
        deleted = deleted.model_copy(update={"audit_entries": entries})
        for kind, rows in deleted.model_dump().items():
            deleted_rows.labels(kind).inc(rows)
        # Of the queue's statistics a few rows go every minute: nobody misses them.
        if deleted.total > deleted.queue_minutes:
            _log.info("records_deleted", jobs_older_than_days=self.keep_days or None, **deleted.model_dump())
        return deleted.total

    async def _start_callbacks(self, claims: UpkeepStore | BatchStore, *, of_batches: bool) -> int:
        started: list[UUID] = []
        try:
            for ended_id in await claims.claim_callbacks(_STARTS_PER_PASS):
                await self.starter.start_callback(ended_id, patience=_RPC, of_batch=of_batches)
                started.append(ended_id)
        finally:
            await claims.mark_callback_started(started)
        return len(started)

    async def _lately_ended(self, since: datetime) -> list[UUID]:
        """Return the rows whose workflows closed other than Completed: candidates only."""
        query = (
            f"WorkflowType IN ('{JOB_WORKFLOW}', '{PROMPT_WORKFLOW}') AND TaskQueue = '{self.task_queue}' "
            "AND ExecutionStatus IN ('Failed', 'Canceled', 'Terminated', 'TimedOut') "
            f"AND CloseTime > '{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
        )
        listed = self.client.list_workflows(query, limit=_LISTED_PER_PASS, rpc_timeout=_RPC)
        # A person may have started one manually, under an arbitrary id: it belongs to no row.
        return [row_id async for execution in listed if (row_id := _row_id(execution.id)) is not None]

    async def _close(self, row: OpenRow, run: Run) -> int:
        """Close a row as its ended workflow dictates; return 1 if it was closed."""
        if run.state not in _END_OF_JOB:
            return 0
        if row.table == "jobs" and run.result is not None and run.result.status.final:
            change = JobChange.built_from(
                run.result,
                job_id=row.id,
                reason_code=_reason(run.result.reason_code),
                outputs=run.result.outputs or None,
                media_cost_source=None,
                detail={"by": "reconciler"},
            )
            job_ended(await self.store.jobs.advance(change))
            return 1
        status, reason = _END_OF_JOB[run.state]
        await self._end(row, status, reason)
        return 1

    async def _close_missing(self, row: OpenRow) -> int:
        """Close or restart a row whose workflow has been missing for long enough; return 1 if it was closed."""
        seconds = await self.store.upkeep.note_missing(row, missing=True)
        if seconds is None or seconds < self.missing_confirm.total_seconds():
            return 0
        if not row.cancel_requested and not await self.store.upkeep.asked_provider(row):
            await self.store.upkeep.restart(row)
        elif row.cancel_requested:
            await self._end(row, *_END_OF_JOB[RunState.CANCELED])
        else:
            await self._end(row, *_END_OF_JOB[RunState.MISSING])
        return 1

    async def _end(self, row: OpenRow, status: JobStatus, reason: ReasonCode) -> None:
        named = id_field(row.table, row.id)
        _log.warning("row_closed_by_reconciler", status=status, reason_code=reason, **named)
        if row.table == "jobs":
            await self.store.jobs.advance(
                JobChange(job_id=row.id, status=status, reason_code=reason, detail={"by": "reconciler"})
            )
        else:
            ended = PromptJobStatus.CANCELLED if status is JobStatus.CANCELLED else PromptJobStatus.FAILED
            await self.store.prompts.change(PromptChange(prompt_job_id=row.id, status=ended, reason_code=reason))


def _row_id(workflow_id: str) -> UUID | None:
    try:
        return UUID(workflow_id.partition("-")[2])
    except ValueError:
        return None


def _reason(code: str | None) -> ReasonCode | None:
    return ReasonCode(code) if code in set(ReasonCode) else None
