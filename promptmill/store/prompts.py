"""Prompt jobs: accepting and reading them, and what the prompt stage reports of its attempts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from promptmill.contracts.access import BY_ITSELF, By
from promptmill.contracts.audit import Action
from promptmill.contracts.prompts import PromptChange, PromptRequest, PromptResult, PromptSnapshot
from promptmill.contracts.store import (
    AttemptDecision,
    IdempotencyKey,
    NewPromptJob,
    PromptAttempt,
    PromptEnd,
    PromptFailure,
)
from promptmill.contracts.usage import TokenUsage
from promptmill.store.acceptance import REFUSED_BY, accept
from promptmill.store.audit import audited, by_values
from promptmill.store.database import Database, RowMapping, column_list, to_row
from promptmill.store.operations import OperationsStore
from sql.models import PromptGenerationJob

_COLUMNS: Final = column_list(PromptGenerationJob)
_OF_RESULT: Final = column_list(PromptGenerationJob, "(r.prompt_job)")
_ACCEPT: Final = f"""
    SELECT {_OF_RESULT}, r.replayed, {REFUSED_BY}
    FROM accept_prompt_job_v3(CAST(:request AS jsonb), :key, :request_hash, :most) AS r
"""
_GET: Final = f"SELECT {_COLUMNS} FROM prompt_generation_jobs WHERE id = :id AND owner = coalesce(:owner, owner)"
_BEGIN: Final = f"SELECT {_COLUMNS} FROM begin_prompt_job(:id)"
_BEGIN_ATTEMPT: Final = f"""
    SELECT {_OF_RESULT}, r.decision, r.reason_code AS stop_reason FROM begin_prompt_attempt(:id, :first_model) AS r
"""
_RECORD_FAILURE: Final = """
    SELECT FROM record_prompt_failure(
        :prompt_job_id, :attempt_no, :reason_code, :error, CAST(:delay_seconds AS double precision), :next_model)
"""
_FINISH: Final = f"""
    SELECT {_COLUMNS} FROM finish_prompt_job_v2(
        :prompt_job_id, :attempt_no, :prompt, :source, :grok_model, :input_tokens, :output_tokens,
        CAST(:cost_usd AS numeric), :reason_code, :error, CAST(:variants AS jsonb))
"""
_NOTE_COST: Final = """
    SELECT FROM note_prompt_cost(:prompt_job_id, :attempt_no, :input_tokens, :output_tokens, CAST(:cost_usd AS numeric))
"""
_CHANGE: Final = f"""
    SELECT {_COLUMNS} FROM update_prompt_job_status(
        :prompt_job_id, :status, p_error => :error, p_reason_code => :reason_code)
"""
_CANCEL: Final = audited(
    f"""
    SELECT {_OF_RESULT}, r.cancelled_job, r.ask_temporal,
           prior.status AS status_before, prior.cancel_requested_at AS requested_before
    FROM prior CROSS JOIN LATERAL request_prompt_job_cancel(prior.id, :owner) AS r
    """,
    prior="SELECT p.id, p.status, p.cancel_requested_at FROM lock_prompt_job(:id) AS p",
    action=Action.PROMPT_JOB_CANCEL,
    owner="owner",
    target="'prompt-job:' || id",
    before="jsonb_build_object('status', status_before)",
    after="jsonb_build_object('status', status, 'cancelledJob', cancelled_job)",
    when="status <> status_before OR cancel_requested_at IS DISTINCT FROM requested_before",
)
_POSITION: Final = "SELECT place, of FROM prompt_queue_position(:id)"
_STATISTICS: Final = "SELECT * FROM get_prompt_queue_stats_v2(:owner)"


@dataclass(frozen=True)
class PromptStore:
    """The `prompt_generation_jobs` table. Calls are idempotent unless the method says otherwise."""

    database: Database

    async def accept(
        self, prompt_job: NewPromptJob, idempotency: IdempotencyKey | None = None, *, most: int | None = None
    ) -> tuple[PromptGenerationJob, bool]:
        """Store a stand-alone prompt job, and return whether this was a replay.

        Without an idempotency key, repeating it fails: the id is taken. `most` is how many open prompt jobs an owner
        may have that has no limit of its own; None: any number.

        Raises:
            IntakeStopped: An operator has stopped intake. Nothing was stored.
            AiPromptsOff: An operator has turned off Grok's new prompts. Nothing was stored.
            OwnerPaused: An admin has paused the owner. Nothing was stored.
            QueueFull: The owner has as many open prompt jobs as it may have. Nothing was stored.
            IdempotencyMismatch: The key was used for a different request.
            IdempotencyBusy: Another request with this key is still in progress after 2 s.
        """
        row = await accept(self.database, _ACCEPT, idempotency, request=prompt_job.model_dump_json(), most=most)
        return to_row(PromptGenerationJob, row), row["replayed"]

    async def get(self, prompt_job_id: UUID, *, owner: str | None = None) -> PromptGenerationJob:
        """Return a prompt job.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
        """
        return await self.database.row(PromptGenerationJob, _GET, id=prompt_job_id, owner=owner)

    async def begin(self, prompt_job_id: UUID) -> PromptSnapshot:
        """Record that the prompt job's own workflow runs.

        Raises:
            RecordNotFound: There is no such prompt job.
        """
        return prompt_snapshot(await self.database.row(PromptGenerationJob, _BEGIN, id=prompt_job_id))

    async def begin_attempt(self, prompt_job_id: UUID, first_model: str) -> PromptAttempt:
        """Request permission to call Grok; `go` begins an attempt, so only a new attempt may repeat it.

        Raises:
            RecordNotFound: There is no such prompt job.
        """
        row = await self.database.mapping(_BEGIN_ATTEMPT, id=prompt_job_id, first_model=first_model)
        return _attempt(row)

    async def record_failure(self, failure: PromptFailure) -> None:
        """Count a failed request that will be retried. Ignored if a later attempt has begun, or if repeated.

        Raises:
            RecordNotFound: There is no such prompt job.
        """
        await self.database.run(_RECORD_FAILURE, **failure.model_dump())

    async def note_cost(self, prompt_job_id: UUID, attempt_no: int, usage: TokenUsage) -> None:
        """Record what an answer without a prompt cost. Counted once per attempt.

        Raises:
            RecordNotFound: There is no such prompt job.
        """
        values = usage.model_dump()
        await self.database.run(_NOTE_COST, prompt_job_id=prompt_job_id, attempt_no=attempt_no, **values)

    async def finish(self, end: PromptEnd) -> PromptSnapshot:
        """Report how an attempt ended. The result is always stored; the job that needs it follows.

        Raises:
            RecordNotFound: There is no such prompt job.
        """
        result = end.result.model_dump() if end.result else dict.fromkeys(PromptResult.model_fields)
        values = result | end.model_dump(exclude={"result"})
        values["variants"] = json.dumps(result["variants"]) if result["variants"] else None
        return prompt_snapshot(await self.database.row(PromptGenerationJob, _FINISH, **values))

    async def change(self, change: PromptChange) -> PromptSnapshot:
        """Set a status if the transition is allowed; the job that needs the prompt follows.

        Raises:
            RecordNotFound: There is no such prompt job.
        """
        return prompt_snapshot(await self.database.row(PromptGenerationJob, _CHANGE, **change.model_dump()))

    async def request_cancel(
        self, prompt_job_id: UUID, *, owner: str, by: By = BY_ITSELF
    ) -> tuple[PromptGenerationJob, UUID | None, bool]:
        """Record a cancel request for a prompt job, and with it for the open job that needs it.

        Returns:
            The prompt job, the job that is cancelled with it (None if it is stand-alone or has ended), and whether
            Temporal must be asked to cancel: the job's workflow if there is a job, else the prompt job's.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
        """
        row = await self.database.mapping(_CANCEL, id=prompt_job_id, owner=owner, **by_values(by))
        return to_row(PromptGenerationJob, row), row["cancelled_job"], row["ask_temporal"]

    async def statistics(self, owner: str | None) -> dict[str, Any]:
        """Return the row of `get_prompt_queue_stats_v2` by its columns, and `jobs`: the number of jobs in each status.

        Args:
            owner: Whose; None: all owners'.
        """
        counts = await OperationsStore(self.database).counts(owner)
        return {**await self.database.mapping(_STATISTICS, owner=owner), "jobs": counts["jobs"]}

    async def queue_position(self, prompt_job_id: UUID) -> tuple[int, int] | None:
        """Return a prompt job's approximate position in Grok's queue and the queue's length, both up to 1,000.

        None if it does not wait.
        """
        rows = await self.database.mappings(_POSITION, id=prompt_job_id)
        return (rows[0]["place"], rows[0]["of"]) if rows else None


def prompt_request(row: PromptGenerationJob) -> PromptRequest:
    """Return the input of the prompt stage, built from the row alone."""
    return PromptRequest.built_from(row, prompt_job_id=row.id, metadata=row.caller_metadata)


def prompt_snapshot(row: PromptGenerationJob) -> PromptSnapshot:
    """Return what a prompt job's workflow needs to know of its row."""
    return PromptSnapshot.built_from(row, prompt_job_id=row.id, cancel_requested=row.cancel_requested_at is not None)


def prompt_result(row: PromptGenerationJob) -> PromptResult:
    """Return the prompt of a completed row."""
    return PromptResult.built_from(
        row, prompt_job_id=row.id, prompt=row.generated_prompt, source=row.prompt_source, recorded=True
    )


def _attempt(found: RowMapping) -> PromptAttempt:
    """Return the record's permission to call Grok."""
    row = to_row(PromptGenerationJob, found)
    decision = AttemptDecision(found["decision"])
    return PromptAttempt.built_from(
        row,
        decision=decision,
        model=row.grok_model or "",
        result=prompt_result(row) if decision is AttemptDecision.DONE else None,
        reason_code=found["stop_reason"],
        error=row.error if decision is AttemptDecision.STOP else None,
        request=prompt_request(row) if decision is AttemptDecision.GO else None,
    )
