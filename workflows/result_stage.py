"""The stage after an accepted submission: WaveSpeed generates, and its result is waited for."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.media import MediaActivities
    from promptmill.contracts.jobs import JobInput, JobSnapshot, JobStatus, PredictionRequest
    from promptmill.contracts.reasons import ReasonCode

from workflows import policies
from workflows.calling import call
from workflows.failures import ended_by_its_time, raise_failure
from workflows.recording import cancelled, show_status
from workflows.timebox import Deadline, TimeIsUp, cancel_and_wait, run_until, until
from workflows.wakeups import Wakeups


@dataclass(frozen=True)
class ResultStage:
    """Waits for the result of a job's prediction, as the release did in which the job's workflow began.

    Attributes:
        told_by_reader: See `beginning`.
        lean: See `beginning`.
        shows_status: Whether the searchable status is not `generating` yet.
    """

    job: JobInput
    deadline: Deadline
    wakeups: Wakeups
    told_by_reader: bool
    lean: bool
    shows_status: bool

    async def collect(
        self, prediction_id: str | None, accepted_at: datetime | None, webhook_wait: float = 0
    ) -> JobSnapshot:
        """Wait for the prediction to finish, for as long as the job allows.

        Raises:
            TimeIsUp: The job may take no longer.
        """
        assert prediction_id is not None  # accepted
        accepted_at = accepted_at or workflow.now()
        workflow.set_current_details(f"**WaveSpeed** is generating: prediction `{prediction_id}`.")
        slowest = accepted_at + timedelta(seconds=self.job.generate_timeout_seconds)
        request = PredictionRequest.built_from(self.job, prediction_id=prediction_id, accepted_at=accepted_at)
        if self.shows_status:
            show_status(JobStatus.GENERATING)
        if self.told_by_reader:
            return await self._await_result(request, slowest)
        if self.lean:
            return await self.deadline.run(self._read_result(request, webhook_wait, due=slowest))
        due, reason = min(
            (slowest, ReasonCode.GENERATE_TIMEOUT),
            (self.deadline.due, ReasonCode.DEADLINE_PASSED),
            key=lambda end: end[0],
        )
        return await run_until(due, reason, self._read_result(request, webhook_wait))

    async def _await_result(self, request: PredictionRequest, slowest: datetime) -> JobSnapshot:
        """Wait until the workers' readers have recorded an end and say so; if they do not, read the result from here.

        Raises:
            TimeIsUp: The job may take no longer.
        """
        net = asyncio.create_task(self._net(request.accepted_at))
        await self.deadline.run(self._woken_or(net))
        while True:
            while self.wakeups.unheeded():
                row = await self.wakeups.look_at_row()
                # Unclear again: the prediction was another job's.
                if row.status.final or row.cancel_requested or row.status is JobStatus.SUBMIT_UNKNOWN:
                    return row
                if row.prediction_id not in {None, request.prediction_id}:
                    # What was inferred has been replaced by a fact.
                    return await self.collect(row.prediction_id, row.dispatched_at)
                # A webhook's own signal: no reader knows the prediction, for instance after an older backup was
                # restored, and then the row need not know it either.
            found = await self.deadline.run(self._read_until_woken(request, slowest))
            if found is not None:
                return found

    async def _net(self, accepted_at: datetime) -> None:
        begins = accepted_at + timedelta(seconds=policies.NET_SHARE * self.job.generate_timeout_seconds)
        wait = begins - workflow.now()
        if wait > timedelta():
            await workflow.sleep(wait, summary="until the result is read from here")

    async def _woken_or(self, task: asyncio.Task[None]) -> None:
        # Also by a signal that came before: the prediction may have finished while its acceptance was on its way here.
        await workflow.wait_condition(lambda: self.wakeups.unheeded() or task.done())

    async def _read_result(
        self, request: PredictionRequest, webhook_wait: float, *, due: datetime | None = None
    ) -> JobSnapshot:
        """Poll until it is finished; a webhook is a hint to read now.

        Raises:
            TimeIsUp: It was not finished when it was due; without a time the caller sets it.
        """
        if webhook_wait and not self.wakeups.any():
            await self._next_wakeup(timedelta(seconds=webhook_wait), due, "WaveSpeed's webhook")
        while True:
            self.wakeups.heed()
            found = await self._read_until_woken(request, due)
            if found is not None:
                return found

    async def _read_until_woken(self, request: PredictionRequest, due: datetime | None) -> JobSnapshot | None:
        """Poll until it is finished; None if a wake-up came first.

        Raises:
            TimeIsUp: As in `_read_result`.
        """
        policy = policies.COLLECT_RESULT
        if due is not None:
            # Reading is free: unlike a submission, it may be given up at any moment.
            policy = {**policy, "schedule_to_close_timeout": _left_until(due)}
        reading = asyncio.create_task(
            call(
                MediaActivities.collect_result,
                request,
                policy,
                summary=f"WaveSpeed: read prediction {request.prediction_id}",
            )
        )
        await until(lambda: reading.done() or self.wakeups.unheeded(), reading)
        await cancel_and_wait(reading)
        if reading.cancelled():
            return None
        try:
            return reading.result()
        except ActivityError as error:
            if due is not None and ended_by_its_time(error):
                # Temporal ends it as soon as the next attempt would be too late.
                await self._next_wakeup(_left_until(due), due, ReasonCode.GENERATE_TIMEOUT.value)
            elif not is_cancelled_exception(error) or cancelled():
                raise_failure(error)
        return None

    async def _next_wakeup(self, wait: timedelta, due: datetime | None, summary: str) -> None:
        """Wait for a webhook, at most that long, and never longer than until it is due."""
        if due is not None:
            wait = min(wait, _left_until(due))
        with suppress(TimeoutError):
            await workflow.wait_condition(self.wakeups.unheeded, timeout=wait, timeout_summary=summary)


def _left_until(due: datetime) -> timedelta:
    """Return how long a prediction may still take.

    Raises:
        TimeIsUp: No longer.
    """
    left = due - workflow.now()
    if left <= timedelta():
        raise TimeIsUp(ReasonCode.GENERATE_TIMEOUT)
    return left
