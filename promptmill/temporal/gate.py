"""Bounds how long a request waits for Temporal: half a second, and not at all while Temporal is known to be down.

A call that takes longer goes on without the request: a burst makes Temporal slow, and its jobs should not all wait for
the reconciler.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

import structlog
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from promptmill.contracts.errors import TemporalUnavailable
from promptmill.contracts.jobs import JobInput
from promptmill.contracts.names import RECONCILE_WORKFLOW
from promptmill.contracts.prompts import PromptRequest
from promptmill.contracts.reconciliation import ReconcileReport
from promptmill.contracts.resolution import ResultDelivery, SubmissionDecision
from promptmill.store.batches import DueBatch
from promptmill.temporal.moving import move_workflow
from promptmill.temporal.signalling import WorkflowSignaller
from promptmill.temporal.starting import WorkflowStarter, priority_key

CALL_SECONDS: Final = 5.0
"""How long one call may take."""

MAX_CALLS: Final = 100
"""Calls under way at once, those included for which nobody waits any longer; beyond them Temporal counts as away."""

_log = structlog.get_logger(__name__)
_AWAY = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
}


@dataclass
class TemporalGate:
    """Starts and cancels workflows on behalf of a request, without keeping it long: the reconciler catches up later.

    Attributes:
        patience_seconds: How long a request waits for one call.
        breaker_seconds: How long no calls are made after one has failed, unless another has succeeded meanwhile.
    """

    client: Client
    starter: WorkflowStarter
    task_queue: str
    patience_seconds: float
    breaker_seconds: float
    _open_until: float = field(default=0.0, init=False)
    _succeeded_at: float = field(default=0.0, init=False)
    _calls: set[asyncio.Task[bool]] = field(default_factory=set, init=False)

    async def start_job(self, job: JobInput) -> bool:
        """Start a job's workflow; return whether it is known to be started."""
        return await self._try(lambda t: self.starter.start_job(job, patience=t))

    async def start_prompt_job(self, request: PromptRequest) -> bool:
        """Start a stand-alone prompt job's workflow; return whether it is known to be started."""
        return await self._try(lambda t: self.starter.start_prompt_job(request, patience=t))

    async def wake_batch(self, batch: DueBatch) -> bool:
        """Tell a batch's workflow that there is news, starting it if need be; return whether that is known to be so."""
        return await self._try(lambda t: self.starter.wake_batch(batch, patience=t))

    async def cancel(self, workflow_id: str, reason: str = "cancelled by a caller") -> bool:
        """Request cancellation of a workflow; return whether the request arrived.

        A workflow that has ended, or that Temporal does not know, counts as cancelled.
        """

        async def ask(patience: timedelta) -> None:
            try:
                await self.client.get_workflow_handle(workflow_id).cancel(reason=reason, rpc_timeout=patience)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise

        return await self._try(ask)

    async def move(self, workflow_id: str, priority: int) -> bool:
        """Change the priority, 1-10, of a workflow and of what waits for it; return whether that succeeded.

        What runs already is not interrupted. One that has ended, that Temporal does not know, or of which nothing waits
        counts as moved.
        """
        key = priority_key(priority, self.starter.priority_levels)

        async def ask(patience: timedelta) -> None:
            try:
                await move_workflow(self.client, workflow_id, key, patience=patience)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise

        return await self._try(ask)

    async def deliver_result(self, job_id: UUID, delivery: ResultDelivery) -> bool:
        """Signal a webhook to a job's workflow; return whether that succeeded. An ended one needs no signal."""

        async def tell(patience: timedelta) -> None:
            await WorkflowSignaller(self.client).deliver_result(job_id, delivery, patience=patience)

        return await self._try(tell)

    async def decide_submission(self, job_id: UUID, decision: SubmissionDecision) -> bool:
        """Signal a person's decision to a job's workflow; return whether that succeeded. An ended one needs none."""

        async def tell(patience: timedelta) -> None:
            await WorkflowSignaller(self.client).decide_submission(job_id, decision, patience=patience)

        return await self._try(tell)

    async def run_reconciler_now(self, *, within: timedelta = timedelta(seconds=30)) -> ReconcileReport:
        """Run one pass of the reconciler, or join the one already requested, and return what it did.

        Raises:
            TemporalUnavailable: Temporal is unavailable, no worker finished the pass in time, or the pass failed.
            PayloadUnreadable: The pass's report is encrypted with a key that is not here.
        """
        try:
            async with asyncio.timeout(within.total_seconds()):
                handle = await self.client.start_workflow(
                    RECONCILE_WORKFLOW,
                    id=f"{self.task_queue}-reconcile-now",
                    task_queue=self.task_queue,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    execution_timeout=within,
                    result_type=ReconcileReport,
                    rpc_timeout=timedelta(seconds=2),
                )
                report: ReconcileReport = await handle.result(rpc_timeout=within)
                return report
        except WorkflowFailureError as error:
            raise TemporalUnavailable("The pass failed (see its workflow); the next one runs automatically.") from error
        except (RPCError, RuntimeError, TimeoutError) as error:
            raise TemporalUnavailable(
                "Temporal or the worker is unavailable; a pass will run automatically later."
            ) from error

    async def _try(self, call: _Call) -> bool:
        """Make a call; return whether it is known to have succeeded.

        Raises:
            RPCError: Temporal refused it.
        """
        if time.monotonic() < self._open_until or len(self._calls) >= MAX_CALLS:
            return False
        task = asyncio.create_task(self._make(call))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        done: set[asyncio.Task[bool]] = set()
        try:
            done, _ = await asyncio.wait([task], timeout=self.patience_seconds)
        finally:
            if not done:
                task.add_done_callback(_note_refusal)
        return bool(done) and task.result()

    async def _make(self, call: _Call) -> bool:
        limit, began = max(CALL_SECONDS, self.patience_seconds), time.monotonic()
        try:
            async with asyncio.timeout(limit):
                await call(timedelta(seconds=limit))
        except (TimeoutError, RuntimeError, RPCError) as error:
            # A lazy client raises RuntimeError if it cannot connect.
            if isinstance(error, RPCError) and error.status not in _AWAY:
                raise
            if self._succeeded_at <= began and time.monotonic() >= self._open_until:
                self._open_until = time.monotonic() + self.breaker_seconds
                why = f"no response within {limit:g} s" if isinstance(error, TimeoutError) else str(error)
                _log.warning("temporal_away", error=why or type(error).__name__, again_in_seconds=self.breaker_seconds)
            return False
        self._succeeded_at = time.monotonic()
        return True


def _note_refusal(call: asyncio.Task[bool]) -> None:
    """Log the refusal of a call that nobody waits for any longer."""
    if not call.cancelled() and (error := call.exception()) is not None:
        _log.error("temporal_refused", error=str(error))


class _Call(Protocol):
    """A call that takes a timeout."""

    def __call__(self, patience: timedelta) -> Awaitable[None]: ...
