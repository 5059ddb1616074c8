"""What a job waits for now, from its row, its queue position, the brakes and recent throughput. Nothing is invented."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from statistics import median, quantiles
from typing import Any, Final, NamedTuple
from uuid import UUID

from api.clock import now
from api.installation.stopped_queues import Stop, StoppedQueues
from api.jobs.sentences import late_text
from api.schemas.parts import Wait, WaitFor
from promptmill.contracts.access import with_actor
from promptmill.contracts.jobs import JobStatus, SubmissionState
from promptmill.contracts.prompts import PromptJobStatus
from promptmill.store import Store
from promptmill.store.limits import Pause
from promptmill.store.pace import Minute
from sql.models import Job, PromptGenerationJob

POSITION_CAP: Final = 1000
"""Maximum position that is counted."""

FEW: Final = 3
"""With fewer samples than this, half and double the estimate are just as likely."""

CLOSE_SECONDS: Final = 2.0
CLOSE_SHARE: Final = 0.2
"""A range narrower than either is not shown."""

FRESH_SECONDS: Final = 3.0
"""How long recent throughput is cached: fresh enough for estimates, which many callers request."""

MAX_MODELS: Final = 200
"""Maximum cache entries, since callers may name any model."""

_NO_ESTIMATE: Final = {"estimate_seconds": None, "estimate_low_seconds": None, "estimate_high_seconds": None}

NOTHING: Final = Wait(for_=None)

_WAITS: Final[dict[str, WaitFor]] = {
    JobStatus.PROMPTING: WaitFor.GROK,
    JobStatus.DISPATCHING: WaitFor.WAVESPEED_QUEUE,
    JobStatus.SUBMIT_UNKNOWN: WaitFor.OPERATOR,
    JobStatus.GENERATING: WaitFor.WAVESPEED,
}


class Estimate(NamedTuple):
    """How long something will take, in seconds; null if unknown. `low` and `high` if it is uncertain."""

    seconds: float | None = None
    low: float | None = None
    high: float | None = None


UNKNOWN: Final = Estimate()


@dataclass
class RecentPace:
    """Briefly caches recent throughput and durations from the record.

    Every method raises `RecordUnavailable` while Postgres is unavailable.

    Attributes:
        store: The record.
        clock: Monotonic seconds.
    """

    store: Store
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[float, Sequence[Any]]] = field(default_factory=dict, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def grok_seconds(self) -> Sequence[float]:
        """Return how long the newest prompts took."""
        return await self._look("grok", self.store.pace.grok_seconds)

    async def wavespeed_seconds(self, model: str) -> Sequence[float]:
        """Return how long a model's newest jobs took at WaveSpeed."""
        return await self._look(f"model {model}", lambda: self.store.pace.wavespeed_seconds(model))

    async def prompt_costs(self) -> Sequence[Decimal]:
        """Return what the newest prompts cost, in USD."""
        return await self._look("costs", self.store.pace.prompt_costs)

    async def prompt_minutes(self) -> Sequence[Minute]:
        """Return how many prompt jobs ended in each of the newest busy minutes."""
        return await self._look("prompts", self.store.pace.prompt_minutes)

    async def submission_minutes(self) -> Sequence[Minute]:
        """Return how many submissions WaveSpeed accepted in each of the newest busy minutes."""
        return await self._look("submissions", self.store.pace.submission_minutes)

    async def _look(self, name: str, read: Callable[[], Awaitable[Sequence[Any]]]) -> Sequence[Any]:
        async with self._lock:
            known = self._seen.get(name)
            if known is not None and self.clock() - known[0] < FRESH_SECONDS:
                return known[1]
            found = await read()
            if len(self._seen) >= MAX_MODELS:
                self._seen.clear()
            self._seen[name] = (self.clock(), found)
            return found


def brief_wait(status: str) -> Wait:
    """Return what a job waits for by its status alone."""
    return Wait(for_=_WAITS.get(status))


@dataclass(frozen=True)
class Waits:
    """Finds out what a row waits for. Every method raises `RecordUnavailable` while Postgres is unavailable."""

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

    async def in_list(self, jobs: Sequence[Job]) -> list[Wait]:
        """Return what each of these waits for, without positions, in two queries at most."""
        held: dict[UUID, Wait] = {}
        may_be_held = [job.id for job in jobs if job.status == JobStatus.DISPATCHING]
        if may_be_held:
            problems = await self.store.budgets.problems_of(may_be_held)
            pauses = await self.store.limits.pauses_of_jobs(may_be_held)
            held = {job_id: _no_room(problem) for job_id, problem in problems.items()}
            held |= {job_id: _paused(pause) for job_id, pause in pauses.items()}
        return [held.get(job.id) or brief_wait(job.status) for job in jobs]

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
        pause = None if stop.stopped else await self.store.limits.pause_of_job(job.id)
        if pause is not None:
            return _paused(pause)
        problem = None if stop.stopped else await self.store.budgets.problem_of(job.id)
        if problem is not None:
            return _no_room(problem)
        newest = submissions[-1].state if submissions else None
        if newest == SubmissionState.REJECTED:
            return _stopped(Wait(for_=WaitFor.RETRY), stop)
        if newest == SubmissionState.INTENDED:
            return Wait(for_=WaitFor.WAVESPEED)  # it is being submitted, so it no longer waits here
        place = await self.store.jobs.queue_position(job.id)
        if place is None:
            return _stopped(Wait(for_=WaitFor.WAVESPEED_QUEUE), stop)
        return _placed(WaitFor.WAVESPEED_QUEUE, place, until_turn(place[0], await self.pace.submission_minutes()), stop)

    async def _submissions_stopped(self) -> Stop:
        held = await self.store.operations.submissions_held()
        if held is None:
            return await self.queues.look("wavespeed")
        return Stop(stopped=True, reason=with_actor(held.reason, held.changed_by))


def _paused(pause: Pause) -> Wait:
    for_ = WaitFor.OWN_RESUMPTION if pause.own else WaitFor.RESUMPTION
    return Wait(for_=for_, stopped=True, stopped_reason=pause.said, stopped_since=pause.since)


def _no_room(problem: str) -> Wait:
    return Wait(for_=WaitFor.BUDGET, stopped=True, stopped_reason=problem)


def until_turn(position: int, minutes: Sequence[Minute]) -> Estimate:
    """Return the wait for a queue position, at the speed of the minutes in which something completed."""
    if not minutes:
        return UNKNOWN
    # A minute that has just begun is incomplete; less than a minute in total says little.
    length = max(sum(minute.length for minute in minutes), 1.0)
    about = position * 60 * length / sum(minute.done for minute in minutes)
    whole = [minute.done for minute in minutes if minute.length >= 1]
    if len(whole) < FEW:
        return ranged(about, about / 2, about * 2)
    return ranged(about, min(about, position * 60 / max(whole)), max(about, position * 60 / min(whole)))


def still_to_go(seconds: Sequence[float], elapsed: float) -> Estimate:
    """Return the remaining time of something in progress, from the durations that exceed its elapsed time.

    Unknown without data, and if nearly all were faster: the few that were not say little about this one.
    """
    if len(seconds) >= FEW and elapsed > quantiles(seconds, n=10, method="inclusive")[-1]:
        return UNKNOWN
    left = [each - elapsed for each in seconds if each > elapsed]
    if not left:
        return UNKNOWN
    about = median(left)
    if len(left) < FEW:
        return ranged(about, about / 2, about * 2)
    tenths = quantiles(left, n=10, method="inclusive")
    return ranged(about, tenths[0], tenths[-1])


def seconds_to_drain(statistics: dict[str, Any]) -> float | None:
    """Return how long a new prompt job would wait at the last hour's speed; null if nothing completed in it.

    An empty queue is a wait of 0, which is known.
    """
    queued = statistics["total_queued"]
    per_minute = statistics["processed_per_minute"]
    if queued == 0:
        return 0.0
    return round(float(queued / per_minute * 60), 1) if per_minute else None


def late_warning(wait: Wait, deadline_at: datetime) -> str | None:
    """Return a warning if the current wait may exceed the deadline; None if unknown."""
    left = (deadline_at - now()).total_seconds()
    latest = wait.estimate_high_seconds or wait.estimate_seconds
    return late_text(left) if latest is not None and latest > left else None


def _placed(for_: WaitFor, place: tuple[int, int], estimate: Estimate, stop: Stop) -> Wait:
    position, of = place
    return _stopped(_estimated(for_, estimate, position=position, of=of, capped=of >= POSITION_CAP), stop)


def _running(for_: WaitFor, seconds: Sequence[float], since: datetime) -> Wait:
    """Return the wait for what a provider is doing now."""
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
    """Return a wait with the state of its queue; a stopped one has no estimate."""
    known: dict[str, Any] = {"stopped": stop.stopped, "stopped_reason": stop.reason}
    return wait.model_copy(update=known | (_NO_ESTIMATE if stop.stopped else {}))


def ranged(about: float, low: float, high: float) -> Estimate:
    """Return an estimate, with its range unless that is narrow."""
    if high - low <= max(CLOSE_SECONDS, CLOSE_SHARE * about):
        return Estimate(round(about, 1))
    return Estimate(round(about, 1), round(low, 1), round(high, 1))
