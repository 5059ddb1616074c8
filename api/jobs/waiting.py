"""What a job waits for now: told by its rows, its place, the brakes and what was done lately. Nothing is invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from api.clock import now
from api.installation.stopped_queues import Stop, StoppedQueues
from api.jobs.estimates import Estimate, still_to_go, until_turn
from api.jobs.recent_pace import RecentPace
from api.jobs.sentences import late_text
from api.schemas.answers import Wait, WaitFor
from promptmill.contracts.jobs import JobStatus, SubmissionState
from promptmill.contracts.prompts import PromptJobStatus
from promptmill.store import Store
from sql.models import Job, PromptGenerationJob

POSITION_CAP: Final = 1000
"""How far a position is counted."""

_NO_ESTIMATE: Final = {"estimate_seconds": None, "estimate_low_seconds": None, "estimate_high_seconds": None}

NOTHING: Final = Wait(for_=None)

_WAITS: Final[dict[str, WaitFor]] = {
    JobStatus.PROMPTING: WaitFor.GROK,
    JobStatus.DISPATCHING: WaitFor.WAVESPEED_QUEUE,
    JobStatus.SUBMIT_UNKNOWN: WaitFor.OPERATOR,
    JobStatus.GENERATING: WaitFor.WAVESPEED,
}


def brief_wait(status: str) -> Wait:
    """Return what a job waits for as far as its status tells, as lists show it: a place is counted for one job only."""
    return Wait(for_=_WAITS.get(status))


@dataclass(frozen=True)
class Waits:
    """Finds out what a row waits for. Every method raises `RecordUnavailable` while Postgres is away."""

    store: Store
    queues: StoppedQueues
    pace: RecentPace

    async def of_job(self, job: Job) -> Wait:
        """Return what a job waits for."""
        if job.status == JobStatus.PROMPTING and job.prompt_job_id is not None:
            return await self.of_prompt_job(await self.store.prompts.get(job.prompt_job_id))
        if job.status == JobStatus.DISPATCHING:
            return await self._for_wavespeed(job)
        if job.status == JobStatus.GENERATING and job.dispatched_at is not None:
            return _running(WaitFor.WAVESPEED, await self.pace.wavespeed_seconds(job.model), job.dispatched_at)
        return brief_wait(job.status)

    async def of_prompt_job(self, prompt_job: PromptGenerationJob) -> Wait:
        """Return what a prompt job waits for."""
        if prompt_job.status == PromptJobStatus.PROCESSING:
            return await self._processing(prompt_job, now())
        starts_later = prompt_job.job_id is None and prompt_job.workflow_started_at is None
        if prompt_job.status != PromptJobStatus.QUEUED or starts_later:
            return NOTHING
        stop = await self.queues.look("grok")
        place = await self.store.prompts.queue_position(prompt_job.id)
        if place is None:
            return _stopped(Wait(for_=WaitFor.GROK_QUEUE), stop)
        return _placed(WaitFor.GROK_QUEUE, place, until_turn(place[0], await self.pace.prompt_minutes()), stop)

    async def _processing(self, prompt_job: PromptGenerationJob, now: datetime) -> Wait:
        if prompt_job.next_attempt_at is not None:
            ahead = max(0.0, (prompt_job.next_attempt_at - now).total_seconds())
            wait = Wait(for_=WaitFor.RETRY, estimate_seconds=round(ahead, 1))
            return _stopped(wait, await self.queues.look("grok"))
        if prompt_job.started_at is None:
            return Wait(for_=WaitFor.GROK)
        return _running(WaitFor.GROK, await self.pace.grok_seconds(), prompt_job.started_at)

    async def _for_wavespeed(self, job: Job) -> Wait:
        stop = await self._submissions_stopped()
        submissions = await self.store.submissions.of_job(job.id)
        newest = submissions[-1].state if submissions else None
        if newest == SubmissionState.REJECTED:
            return _stopped(Wait(for_=WaitFor.RETRY), stop)
        if newest == SubmissionState.INTENDED:
            return Wait(for_=WaitFor.WAVESPEED)  # it is being handed over: it waits here no longer
        place = await self.store.jobs.queue_position(job.id)
        if place is None:
            return _stopped(Wait(for_=WaitFor.WAVESPEED_QUEUE), stop)
        return _placed(WaitFor.WAVESPEED_QUEUE, place, until_turn(place[0], await self.pace.submission_minutes()), stop)

    async def _submissions_stopped(self) -> Stop:
        held = await self.store.operations.submissions_held()
        return Stop(stopped=True, reason=held.reason) if held else await self.queues.look("wavespeed")


def seconds_to_drain(statistics: dict[str, Any]) -> float | None:
    """Return how long a new prompt job would wait at the last hour's speed; null when the hour shows none.

    An empty queue is a wait of 0, which is known.
    """
    queued = statistics["total_queued"]
    per_minute = statistics["processed_per_minute"]
    if queued == 0:
        return 0.0
    return round(float(queued / per_minute * 60), 1) if per_minute else None


def late_warning(wait: Wait, deadline_at: datetime) -> str | None:
    """Return a warning where what is waited for now may end after the deadline; None where nobody knows."""
    left = (deadline_at - now()).total_seconds()
    latest = wait.estimate_high_seconds or wait.estimate_seconds
    return late_text(left) if latest is not None and latest > left else None


def _placed(for_: WaitFor, place: tuple[int, int], estimate: Estimate, stop: Stop) -> Wait:
    position, of = place
    return _stopped(_estimated(for_, estimate, position=position, of=of, capped=of >= POSITION_CAP), stop)


def _running(for_: WaitFor, seconds: Sequence[float], since: datetime) -> Wait:
    """Return the wait for what a provider does at this moment."""
    estimate = still_to_go(seconds, (now() - since).total_seconds())
    return _estimated(for_, estimate, longer_than_usual=bool(seconds) and estimate.seconds is None)


def _estimated(for_: WaitFor, estimate: Estimate, **known: Any) -> Wait:
    return Wait(
        for_=for_,
        estimate_seconds=estimate.seconds,
        estimate_low_seconds=estimate.low,
        estimate_high_seconds=estimate.high,
        **known,
    )


def _stopped(wait: Wait, stop: Stop) -> Wait:
    """Return a wait with what is known of its queue; how long a stopped one takes, nobody knows."""
    known: dict[str, Any] = {"stopped": stop.stopped, "stopped_reason": stop.reason}
    return wait.model_copy(update=known | (_NO_ESTIMATE if stop.stopped else {}))
