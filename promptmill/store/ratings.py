"""Ratings of prompts and results, and their statistics by model and source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from promptmill import metrics
from promptmill.contracts.ratings import Rating, Results, Satisfaction
from promptmill.store.database import Database, column_list
from sql.models import Job, PromptGenerationJob

_NUMBERS: Final = {Rating.UP: 1, Rating.DOWN: -1}
_WORDS: Final = {number: word for word, number in _NUMBERS.items()}

_RATE_PROMPT: Final = (
    f"SELECT {column_list(PromptGenerationJob)} FROM rate_prompt_job(:prompt_job_id, :owner, :rating, :reason)"
)
_RATE_RESULT: Final = f"SELECT {column_list(Job)} FROM rate_result(:job_id, :owner, :kept)"
_RESULTS: Final = """
    SELECT count(*) FILTER (WHERE kept) AS kept, count(*) FILTER (WHERE NOT kept) AS discarded
    FROM jobs WHERE prompt_job_id = :prompt_job_id
"""
_OF_PROMPTS: Final = """
    SELECT id, rating FROM prompt_generation_jobs WHERE id = ANY (CAST(:ids AS uuid[])) AND rating IS NOT NULL
"""
_SATISFACTION: Final = "SELECT * FROM get_prompt_satisfaction(:owner)"


@dataclass(frozen=True)
class RatingStore:
    """Ratings of prompts and results. Calls are idempotent."""

    database: Database

    async def rate_prompt(
        self, prompt_job_id: UUID, *, owner: str, rating: Rating | None, reason: str | None = None
    ) -> PromptGenerationJob:
        """Store the rating of a written prompt, replacing the previous one; None removes it.

        Raises:
            RecordNotFound: There is no such prompt job, or not for this owner.
            RecordConflict: `prompt_not_written`.
        """
        number = None if rating is None else _NUMBERS[rating]
        values = {"prompt_job_id": prompt_job_id, "owner": owner, "rating": number, "reason": reason}
        rated = await self.database.row(PromptGenerationJob, _RATE_PROMPT, **values)
        if rating is not None:
            metrics.ratings.labels("prompt", rating).inc()
        return rated

    async def rate_result(self, job_id: UUID, *, owner: str, kept: bool | None) -> Job:
        """Store whether a job's outputs are kept, replacing the previous rating; None removes it.

        Raises:
            RecordNotFound: The job does not exist, or not for this owner.
            RecordConflict: `no_outputs`.
        """
        rated = await self.database.row(Job, _RATE_RESULT, job_id=job_id, owner=owner, kept=kept)
        if kept is not None:
            metrics.ratings.labels("result", Rating.UP if kept else Rating.DOWN).inc()
        return rated

    async def results(self, prompt_job_id: UUID) -> Results:
        """Return the ratings of the results of all jobs that used a prompt."""
        return Results.model_validate(dict(await self.database.mapping(_RESULTS, prompt_job_id=prompt_job_id)))

    async def of_prompts(self, prompt_job_ids: Iterable[UUID | None]) -> dict[UUID, Rating]:
        """Return the ratings of those prompt jobs that have one. Without ids, runs no query."""
        ids = [prompt_job_id for prompt_job_id in prompt_job_ids if prompt_job_id is not None]
        rows = await self.database.mappings(_OF_PROMPTS, ids=ids) if ids else ()
        return {row["id"]: _WORDS[row["rating"]] for row in rows}

    async def satisfaction(self, owner: str) -> list[Satisfaction]:
        """Return the ratings of the last 30 days by Grok model and prompt source, most rated first."""
        rows = await self.database.mappings(_SATISFACTION, owner=owner)
        return [Satisfaction.model_validate(dict(row)) for row in rows]


def rating_word(number: int | None) -> Rating | None:
    """Return a row's rating."""
    return None if number is None else _WORDS[number]
