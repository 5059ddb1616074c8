"""Bounds how long a request waits for Temporal: half a second, and not at all while Temporal is known to be down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
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
from promptmill.temporal.signalling import WorkflowSignaller
from promptmill.temporal.starting import WorkflowStarter

_log = structlog.get_logger(__name__)
_AWAY = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
}


@dataclass
class TemporalGate:
    """Starts and cancels workflows on behalf of a request, giving up early: the reconciler catches up later.

    Attributes:
        patience_seconds: How long one call may take.
        breaker_seconds: How long no calls are made after one has failed.
    """

    client: Client
    starter: WorkflowStarter
    task_queue: str
    patience_seconds: float
    breaker_seconds: float
    _open_until: float = field(default=0.0, init=False)

    async def start_job(self, job: JobInput) -> bool:
        """Start a job's workflow; return whether it is known to be started."""
        return await self._try(lambda t: self.starter.start_job(job, patience=t))

    async def start_prompt_job(self, request: PromptRequest) -> bool:
        """Start a stand-alone prompt job's workflow; return whether it is known to be started."""
        return await self._try(lambda t: self.starter.start_prompt_job(request, patience=t))

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
        now = time.monotonic()
        if now < self._open_until:
            return False
        try:
            async with asyncio.timeout(self.patience_seconds):
                await call(timedelta(seconds=self.patience_seconds))
        except (TimeoutError, RuntimeError, RPCError) as error:
            # A lazy client raises RuntimeError if it cannot connect.
            if isinstance(error, RPCError) and error.status not in _AWAY:
                raise
            self._open_until = time.monotonic() + self.breaker_seconds
            _log.warning("temporal_away", error=self._why(error), again_in_seconds=self.breaker_seconds)
            return False
        return True

    def _why(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no response within {self.patience_seconds:g} s"
        return str(error) or type(error).__name__


class _Call(Protocol):
    """A call that takes a timeout."""

    def __call__(self, patience: timedelta) -> Awaitable[None]: ...
