"""Reads the results of accepted predictions: one loop per worker over the record, which tells each job's workflow."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from structlog.contextvars import bind_contextvars
from temporalio.service import RPCError

from activities.results import NotFinished, ResultReader
from promptmill.contracts.errors import RecordError
from promptmill.contracts.jobs import MediaKind, PredictionRequest
from promptmill.contracts.resolution import ResultDelivery
from promptmill.store.listening import Listener
from promptmill.store.operations import OperationsStore
from promptmill.store.readings import CHANNEL, Claim, Plan, ReadingStore
from promptmill.temporal import WorkflowSignaller
from worker.planner import Planner

AT_ONCE: Final = 32
"""Results that one worker reads at the same time."""

NEW_AT_ONCE: Final = 500
"""New readings that are planned in one step."""

LEASE: Final = timedelta(seconds=20)
"""How long a claimed reading is this worker's. After that the worker is presumed dead, and another one reads."""

READ_SECONDS: Final = 15.0
"""Limit of one reading, the claim, the record and the signal included: below the lease. One that is cut off is made
again."""

RPC: Final = timedelta(seconds=5)
"""Limit of one signal."""

SIGNAL_AGAIN_SECONDS: Final = 5.0
"""Pause after a workflow could not be told."""

TICK_SECONDS: Final = 1.0
"""How often the record is asked what is due if nothing wakes the loop: another process may have submitted."""

BUSY_SECONDS: Final = 0.2
"""The same while readings wait for the rate or for a free place."""

BATCH_SECONDS: Final = 0.03
"""Shortest time between the beginnings of two steps: under load each does more at once."""

RETRY_SECONDS: Final = 2.0
"""Pause after a step that failed."""

_log = structlog.get_logger(__name__)


@dataclass(eq=False)
class Reader:
    """Claims due readings, reads them, and plans them anew or tells the workflow. Runs beside a Temporal worker.

    Whatever is interrupted is done again by whoever claims the reading after its lease: it is removed only after the
    workflow has been told.

    Attributes:
        database_url: A direct connection to Postgres, for LISTEN.
        per_second: Limit of planned readings, across all workers.
        drain: How long running readings may take after `shutdown`.
        woken: Set by whoever knows that there is something to do.
    """

    readings: ReadingStore
    operations: OperationsStore
    results: ResultReader
    planner: Planner
    signaller: WorkflowSignaller
    database_url: str
    per_second: float
    drain: timedelta
    woken: asyncio.Event
    _running: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    _plans: list[Plan] = field(default_factory=list, init=False)
    _told: list[tuple[UUID, str]] = field(default_factory=list, init=False)
    _stepped_at: float = field(default=0.0, init=False)
    _stopping: bool = field(default=False, init=False)
    _stopped: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def run(self) -> None:
        """Read until `shutdown`. Postgres and Temporal may be away at any time."""
        listener = Listener(
            self.database_url,
            CHANNEL,
            self.operations.notify_listeners,
            on_message=lambda _: self.woken.set(),
            on_listening=self.woken.set,
            on_lost=lambda: None,
            # Not worth an alarm: then a webhook is noticed by the next tick.
            on_deaf=lambda: _log.debug("readings_not_notified"),
        )
        listening = asyncio.create_task(listener.run())
        try:
            while not self._stopping:
                await self._pause(await self._try_step())
            if self._running:
                await asyncio.wait(self._running, timeout=self.drain.total_seconds())
            await self._try_report()
        finally:
            for task in (listening, *self._running):
                task.cancel()
            await asyncio.gather(listening, *self._running, return_exceptions=True)
            self._stopped.set()

    async def shutdown(self) -> None:
        """Claim nothing more, and wait until what is being read is done."""
        self._stopping = True
        self.woken.set()
        await self._stopped.wait()

    async def _pause(self, seconds: float) -> None:
        """Wait that long, or until woken; under load until there is more to do at once."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.woken.wait()
        await asyncio.sleep(self._stepped_at + BATCH_SECONDS - time.monotonic())
        self.woken.clear()

    async def _try_step(self) -> float:
        self._stepped_at = time.monotonic()
        try:
            return await self._step()
        except RecordError as error:
            _log.warning("readings_wait_for_postgres", error=str(error))
        except Exception:  # noqa: BLE001 - whatever it is: without this loop every result waits for its job's net
            _log.exception("reader_failed")
        return RETRY_SECONDS

    async def _step(self) -> float:
        """Do what is to be done now; return after how many seconds there may be more."""
        await self._report()
        agenda = await self.readings.agenda()
        new_is_due = agenda.unplanned and await self._plan_new()
        due_in = TICK_SECONDS if agenda.due_in is None else agenda.due_in
        # New ones that are not due yet delay nothing that is, even if more come at every step.
        if due_in > 0 and not new_is_due:
            return 0 if agenda.unplanned else min(due_in, TICK_SECONDS)
        free = AT_ONCE - len(self._running)
        if free > 0:
            lease = LEASE.total_seconds()
            # From before the claim: its answer may be late, and its lease has begun.
            give_up_at = asyncio.get_running_loop().time() + READ_SECONDS
            for claim in await self.readings.take(free, per_second=self.per_second, lease_seconds=lease):
                task = asyncio.create_task(self._make(claim, give_up_at))
                self._running.add(task)
                task.add_done_callback(self._done)
        return BUSY_SECONDS

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self.woken.set()

    async def _plan_new(self) -> bool:
        """Plan new readings; return whether one is due now."""
        plans = [
            Plan(new.job_id, None, await self.planner.first(new.model, new.kind, new.waited))
            for new in await self.readings.unplanned(NEW_AT_ONCE)
        ]
        if plans:
            await self.readings.plan(plans)
        return any(plan.seconds <= 0 for plan in plans)

    async def _try_report(self) -> None:
        with suppress(RecordError):  # the leases end by themselves
            await self._report()

    async def _report(self) -> None:
        """Write what the readings have shown, in two statements for all."""
        plans, told = [*self._plans], [*self._told]
        if plans:
            await self.readings.plan(plans)
            del self._plans[: len(plans)]
        if told:
            await self.readings.end(told)
            del self._told[: len(told)]

    async def _make(self, claim: Claim, give_up_at: float) -> None:
        """Make one claimed reading. If it fails, it is due again when its lease ends."""
        bind_contextvars(job_id=str(claim.job_id), attempt=claim.looks)  # of this task alone
        try:
            async with asyncio.timeout_at(give_up_at):
                again = await self._read(claim) if claim.waits else None
                if again is None:
                    again = await self._tell(claim)
        except (RecordError, TimeoutError) as error:
            _log.warning("reading_interrupted", job_id=str(claim.job_id), error=str(error) or "It took too long.")
        except Exception:  # noqa: BLE001 - whatever it is, the others are read
            _log.exception("reading_failed", job_id=str(claim.job_id))
        else:
            if again is None:
                self._told.append((claim.job_id, claim.prediction_id))
            else:
                self._plans.append(Plan(claim.job_id, claim.leased_until, again))

    async def _read(self, claim: Claim) -> float | None:
        """Read the result; return after how many seconds to read it again, or None if the record now has the end."""
        request = PredictionRequest(
            job_id=claim.job_id,
            prediction_id=claim.prediction_id,
            model=claim.model,
            kind=MediaKind(claim.kind),
            accepted_at=claim.accepted_at,
        )
        found = await self.results.read(request)
        if not isinstance(found, NotFinished):
            return None
        if found.failed:
            _log.warning("result_not_read", job_id=str(claim.job_id), error=found.why)
        return await self.planner.again(
            found,
            claim.model,
            claim.kind,
            # By the record's clock.
            waited=(claim.leased_until - LEASE - claim.accepted_at).total_seconds(),
            looks=claim.looks,
            prompted=claim.prompted,
        )

    async def _tell(self, claim: Claim) -> float | None:
        """Tell the workflow to look at its row; return after how many seconds to try again, or None if it knows.

        One that has ended, or that Temporal does not know, needs to know nothing.
        """
        delivery = ResultDelivery(event_id="", prediction_id=claim.prediction_id)
        try:
            await self.signaller.deliver_result(claim.job_id, delivery, patience=RPC)
        except RPCError as error:
            _log.warning("workflow_not_told", job_id=str(claim.job_id), error=str(error))
            return SIGNAL_AGAIN_SECONDS
        return None
