"""What a job waits for now: told by its rows, its place, the brakes and the last hour. Nothing is invented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from api.schemas.answers import Wait, WaitFor
from api.stopped_queues import Stop, StoppedQueues
from promptmill.contracts.jobs import JobStatus, SubmissionState
from promptmill.contracts.prompts import PromptJobStatus
from promptmill.store import Store
from sql.models import Job, PromptGenerationJob

POSITION_CAP: Final = 1000
"""How far a position is counted."""

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

    async def of_job(self, job: Job) -> Wait:
        """Return what a job waits for."""
        if job.status == JobStatus.PROMPTING and job.prompt_job_id is not None:
            return await self.of_prompt_job(await self.store.prompts.get(job.prompt_job_id))
        if job.status == JobStatus.DISPATCHING:
            return await self._for_wavespeed(job)
        return brief_wait(job.status)

    async def of_prompt_job(self, prompt_job: PromptGenerationJob) -> Wait:
        """Return what a prompt job waits for."""
        if prompt_job.status == PromptJobStatus.PROCESSING:
            return await self._processing(prompt_job, _now())
        starts_later = prompt_job.job_id is None and prompt_job.workflow_started_at is None
        if prompt_job.status != PromptJobStatus.QUEUED or starts_later:
            return NOTHING
        stop = await self.queues.look("grok")
        place = await self.store.prompts.queue_position(prompt_job.id)
        if place is None:
            return _stopped(Wait(for_=WaitFor.GROK_QUEUE), stop)
        per_minute = (await self.store.prompts.statistics(prompt_job.owner)).get("processed_per_minute")
        return _placed(WaitFor.GROK_QUEUE, place, place[0] / per_minute * 60 if per_minute else None, stop)

    async def _processing(self, prompt_job: PromptGenerationJob, now: datetime) -> Wait:
        if prompt_job.next_attempt_at is not None:
            ahead = max(0.0, (prompt_job.next_attempt_at - now).total_seconds())
            wait = Wait(for_=WaitFor.RETRY, estimate_seconds=round(ahead, 1))
            return _stopped(wait, await self.queues.look("grok"))
        average = (await self.store.prompts.statistics(prompt_job.owner)).get("avg_processing_seconds")
        if not average or prompt_job.started_at is None:
            return Wait(for_=WaitFor.GROK)
        left = float(average) - (now - prompt_job.started_at).total_seconds()
        # Over the average, the average says nothing any more.
        return Wait(for_=WaitFor.GROK, estimate_seconds=round(left, 1) if left > 0 else None)

    async def _for_wavespeed(self, job: Job) -> Wait:
        stop = await self._submissions_stopped()
        submissions = await self.store.submissions.of_job(job.id)
        if submissions and submissions[-1].state == SubmissionState.REJECTED:
            return _stopped(Wait(for_=WaitFor.RETRY), stop)
        place = await self.store.jobs.queue_position(job.id)
        if place is None:
            return _stopped(Wait(for_=WaitFor.WAVESPEED_QUEUE), stop)
        return _placed(WaitFor.WAVESPEED_QUEUE, place, None, stop)

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


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  # no workflow runs here


def _placed(for_: WaitFor, place: tuple[int, int], estimate: float | None, stop: Stop) -> Wait:
    position, of = place
    wait = Wait(
        for_=for_,
        position=position,
        of=of,
        capped=of >= POSITION_CAP,
        estimate_seconds=None if estimate is None else round(float(estimate), 1),
    )
    return _stopped(wait, stop)


def _stopped(wait: Wait, stop: Stop) -> Wait:
    """Return a wait with what is known of its queue; how long a stopped one takes, nobody knows."""
    known: dict[str, Any] = {"stopped": stop.stopped, "stopped_reason": stop.reason}
    return wait.model_copy(update=known | ({"estimate_seconds": None} if stop.stopped else {}))
