"""Reads what has changed, once for all who listen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from api.jobs.reading import JobReader
from api.jobs.timeline import event_answer
from api.live.frames import changed_piece, job_piece
from api.live.listeners import Piece
from api.schemas.jobs import JobAnswer
from promptmill.contracts.jobs import FINAL_STATUSES


class ListedJob(NamedTuple):
    """A changed job as the list's listeners are told of it."""

    owner: str
    job_id: UUID
    piece: Piece


class JobNews(NamedTuple):
    """One job and its newest events as its own listeners are told of them.

    Attributes:
        answer: The job.
        changes: The events.
        job: The job, with the newest event as its place.
        latest: The newest event.
    """

    answer: JobAnswer
    changes: list[Piece]
    job: Piece
    latest: int


@dataclass(frozen=True)
class LiveReader:
    """Reads for the feed. Every method raises `RecordUnavailable` while Postgres is unavailable."""

    jobs: JobReader

    async def listed(self, ids: Sequence[UUID]) -> list[ListedJob]:
        """Return the jobs as the list shows them: three queries at most, however many they are."""
        answers = await self.jobs.brief_answers(await self.jobs.store.live.jobs(ids))
        return [ListedJob(answer.owner, answer.job_id, job_piece(answer)) for answer in answers]

    async def news(self, job_id: UUID, after: int) -> JobNews:
        """Return one job and its events after a sequence.

        Raises:
            RecordNotFound: It was deleted.
        """
        job, latest, events = await self.jobs.store.live.job_with_events(job_id, after)
        answer = await self.jobs.answer(job)
        return JobNews(
            answer=answer,
            changes=[changed_piece(event_answer(event)) for event in events],
            job=job_piece(answer, latest, last=job.status in FINAL_STATUSES),
            latest=latest,
        )
