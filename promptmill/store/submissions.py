"""Submissions: the permission for a paid POST, and its outcome. `docs/architecture.md` has the rules."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from promptmill.contracts.jobs import MediaRequest
from promptmill.contracts.store import Settlement, SubmissionIntent, SubmissionOutcome, SubmissionPermit
from promptmill.store.database import Database, column_list
from sql.models import Submission

_PERMIT: Final = """
    SELECT permission, submission_id, request, prediction_id, accepted_at, reason_code, error, wait_seconds
    FROM permit_submission_in_turn_v2(
        :job_id, :submission_id, :callback_token, CAST(:request AS jsonb), :request_hash, :provider_mode,
        :provider_base, :key_fingerprint, CAST(:post_within_seconds AS double precision), :model, :prompt,
        CAST(:input AS jsonb), :target_url, CAST(:ref_urls AS jsonb), :known_submission_id,
        CAST(:price_usd AS numeric), CAST(:unknown_price_usd AS numeric),
        CAST(:slowest AS double precision), CAST(:per_second AS double precision))
"""
_SETTLE: Final = """
    SELECT state, job_status, accepted_at, prediction_id
    FROM settle_submission(
        :submission_id, :job_id, :state, :prediction_id, CAST(:media_cost_usd AS numeric), :reason_code, :error, :final)
"""
_REQUEST: Final = "SELECT model, input, target_url, ref_urls, prompt, prompt_source FROM jobs WHERE id = :job_id"
_OF_JOB: Final = f"SELECT {column_list(Submission)} FROM submissions WHERE job_id = :job_id ORDER BY number"


@dataclass(frozen=True)
class SubmissionStore:
    """The `submissions` table."""

    database: Database

    async def permit(self, intent: SubmissionIntent) -> SubmissionPermit:
        """Request permission for the paid POST, and record its intent.

        Repeating it with the same intent before it is settled returns the same permit; once a person or the history
        has settled it, never `post`. `post` is for the submission and the request in the permit, and for this caller
        alone. `wait` writes nothing. `hold` for a budget is noted once in the job's timeline.

        Raises:
            RecordNotFound: There is no such job.
        """
        as_json = {"request": intent.request, "input": intent.input, "ref_urls": intent.ref_urls}
        values = intent.model_dump() | {name: json.dumps(value) for name, value in as_json.items()}
        found = await self.database.mapping(_PERMIT, **values)
        return SubmissionPermit.model_validate(dict(found))

    async def as_recorded(self, request: MediaRequest) -> MediaRequest:
        """Return a request as the job's row has it now; its prompt, once that is settled there.

        Raises:
            RecordNotFound: There is no such job.
        """
        row = await self.database.mapping(_REQUEST, job_id=request.job_id)
        told = {name: row[name] for name in ("model", "input", "target_url", "ref_urls")}
        prompt = request.prompt if row["prompt_source"] is None else row["prompt"]
        return MediaRequest.built_from(request, **told, prompt=prompt)

    async def settle(self, outcome: SubmissionOutcome) -> Settlement:
        """Record the outcome of a POST; the job follows in the same transaction. Safe to repeat.

        Raises:
            RecordNotFound: There is no such job.
        """
        return Settlement.model_validate(dict(await self.database.mapping(_SETTLE, **outcome.model_dump())))

    async def of_job(self, job_id: UUID) -> list[Submission]:
        """Return a job's submissions, oldest first."""
        return await self.database.rows(Submission, _OF_JOB, job_id=job_id)
