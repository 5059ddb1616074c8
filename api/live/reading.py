"""Reads changed jobs, once for all subscribers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from api.jobs.reading import JobReader
from api.jobs.timeline import event_answer
from api.live.frames import change_frame, job_frame
from api.live.subscribers import Frame
from api.schemas.jobs import JobAnswer
from promptmill.contracts.jobs import FINAL_STATUSES


class ListedJob(NamedTuple):
    """A changed job as the list's subscribers receive it."""

    owner: str
    job_id: UUID
    frame: Frame


class JobUpdate(NamedTuple):
    """One job and its newest events as the job's own subscribers receive them.

    Attributes:
        answer: The job.
        changes: The events as frames.
        job: The job as a frame, with the newest event's sequence as id.
        latest: The newest event's sequence.
    """

    answer: JobAnswer
    changes: list[Frame]
    job: Frame
    latest: int


@dataclass(frozen=True)
class LiveReader:
    """Reads for the feed. Every method raises `RecordUnavailable` while Postgres is unavailable."""

    jobs: JobReader

    async def listed_jobs(self, ids: Sequence[UUID]) -> list[ListedJob]:
        """Return the jobs as the list shows them, in at most three queries regardless of their number."""
        answers = await self.jobs.brief_answers(await self.jobs.store.live.jobs(ids))
        return [ListedJob(answer.owner, answer.job_id, job_frame(answer)) for answer in answers]

    async def job_update(self, job_id: UUID, after: int) -> JobUpdate:
        """Return one job and its events after a sequence.

        Raises:
            RecordNotFound: It was deleted.
        """
        job, latest, events = await self.jobs.store.live.job_with_events(job_id, after)
        answer = await self.jobs.answer(job)
        return JobUpdate(
            answer=answer,
            changes=[change_frame(event_answer(event)) for event in events],
            job=job_frame(answer, latest, last=job.status in FINAL_STATUSES),
            latest=latest,
        )
