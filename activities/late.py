"""Settles what comes after a job's end or bypasses its workflow: late media, unclear submissions, webhooks, bills."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

import structlog
from structlog.contextvars import bind_contextvars
from temporalio import activity
from temporalio.service import RPCError

from activities.bills import BillReader
from activities.resolver import Resolver
from promptmill.contracts.errors import ProviderError
from promptmill.contracts.jobs import JobChange, MediaKind
from promptmill.contracts.reconciliation import LateReport
from promptmill.contracts.resolution import LatePrediction, ResultDelivery, UnclearSubmission
from promptmill.metrics import late_answers
from promptmill.providers.wavespeed.client import WaveSpeedClient
from promptmill.store import Store
from promptmill.temporal import WorkflowSignaller

_log = structlog.get_logger(__name__)
_T = TypeVar("_T", UnclearSubmission, LatePrediction)

_RPC: Final = timedelta(seconds=5)
_DELIVERIES_PER_PASS: Final = 200
_SUBMISSIONS_PER_PASS: Final = 20
_PREDICTIONS_PER_PASS: Final = 100
_AT_ONCE: Final = 8
_READING_SECONDS: Final = 15.0
"""Time limit of one kind of read in a pass; the rest is due again later."""


@dataclass(frozen=True)
class LateActivities:
    """Settles what no workflow waits for. The record accepts facts; a job that has ended keeps its status.

    Attributes:
        late_days: Days after a job's end during which its media is still fetched.
    """

    store: Store
    wavespeed: WaveSpeedClient
    resolver: Resolver
    signaller: WorkflowSignaller
    late_days: float
    bills: BillReader

    @activity.defn
    async def settle_late(self) -> LateReport:
        """Process everything that is due once, and return the counts.

        Safe to repeat: reading is free, and the record accepts each fact once.
        """
        delivered = await self._deliver_webhooks()
        await self.store.resolution.mark_stale_intents_unknown()
        unclear = await self.store.resolution.unclear_of_ended_jobs(_SUBMISSIONS_PER_PASS)
        resolved = await _count(unclear, self._resolve)
        late = await self.store.upkeep.late_predictions(_PREDICTIONS_PER_PASS, self.late_days)
        attached = await _count(late, self._attach)
        billed = await self.bills.read_due()
        return LateReport(delivered=delivered, resolved=resolved, attached=attached, billed=billed)

    async def _deliver_webhooks(self) -> int:
        """Signal webhooks that could not be signalled on arrival; return how many are processed.

        Without a workflow there is nothing to signal: the webhook is in the record, and its media is late media.
        """
        heard: list[str] = []
        try:
            for waiting in await self.store.inbox.unprocessed(_DELIVERIES_PER_PASS):
                delivery = ResultDelivery(event_id=waiting.event_id, prediction_id=waiting.prediction_id)
                await self.signaller.deliver_result(waiting.job_id, delivery, patience=_RPC)
                heard.append(waiting.event_id)
        except RPCError as error:
            _log.warning("webhooks_wait_for_temporal", error=str(error))
        await self.store.inbox.processed(heard)
        return len(heard)

    async def _resolve(self, unclear: UnclearSubmission) -> bool:
        look = await self.resolver.look(unclear)
        return look.row is not None

    async def _attach(self, late: LatePrediction) -> bool:
        """Read a late prediction; return whether its media is now in the record."""
        # Before anything can fail: an unreadable one must not be first in every pass.
        await self._note_look(late)
        try:
            prediction = await self.wavespeed.result(late.prediction_id, kind=MediaKind(late.kind))
        except ProviderError as error:
            # Even if it is gone: it may reappear, and the record backs off.
            _log.info(
                "late_prediction_not_read", job_id=str(late.job_id), prediction_id=late.prediction_id, error=str(error)
            )
            return False
        if not prediction.finished:
            return False
        if prediction.reason_code is not None:
            # No media, and none will come: otherwise it would be read forever.
            await self._note_look(late, ended=True)
            return False
        change = JobChange(
            job_id=late.job_id,
            prediction_id=late.prediction_id,
            outputs=prediction.outputs,
            detail={"by": "reconciler", "late": True},
        )
        await self.store.jobs.advance(change)
        _log.info("late_media_attached", job_id=str(late.job_id), prediction_id=late.prediction_id)
        # Whatever the record did with it, nothing more will come.
        if await self._note_look(late, ended=True):
            late_answers.labels("wavespeed").inc()
        return True

    async def _note_look(self, late: LatePrediction, *, ended: bool = False) -> bool:
        return await self.store.upkeep.note_late_look(late.submission_id, ended=ended)


async def _count(things: Sequence[_T], work: Callable[[_T], Awaitable[bool]]) -> int:
    """Run the work on all items with bounded concurrency and time; return how many returned true."""
    yes = 0
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(thing: _T) -> None:
        nonlocal yes
        bind_contextvars(job_id=str(thing.job_id))  # of this task alone
        async with places:
            try:
                answer = await work(thing)
            except Exception:  # noqa: BLE001 - whatever it is, the others still run; this one is due again later
                _log.exception("late_reading_failed", job_id=str(thing.job_id))
                return
        yes += answer  # not before the await: the others count meanwhile

    try:
        async with asyncio.timeout(_READING_SECONDS), asyncio.TaskGroup() as group:
            for thing in things:
                group.create_task(one(thing))
    except TimeoutError:
        _log.warning("late_reading_cut_short", count=len(things), done=yes)
    return yes
