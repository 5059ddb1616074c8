"""Batches: tables of rows, each of which becomes one job. The rules are in `sql/functions`: feed_batch and others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from uuid_utils.compat import uuid7

from promptmill.contracts.access import BY_ITSELF, By
from promptmill.contracts.audit import Action
from promptmill.contracts.batches import (
    BatchEdit,
    BatchFilter,
    BatchProgress,
    BatchState,
    NewBatch,
    NewRow,
    RowFilter,
    RowState,
)
from promptmill.store.acceptance import REFUSED_BY, accept
from promptmill.store.audit import audited, by_values
from promptmill.store.database import Database, RowMapping, column_list, to_row
from sql.models import Batch, Job, StoredOutput

Batches = list[Batch]
Names = list[str]

_RETRIED_AT_ONCE: Final = 1_000
"""For how many rows one statement takes new jobs' ids."""

_COLUMNS: Final = column_list(Batch)
_OF_RESULT: Final = column_list(Batch, "(r.batch)")
_CREATE: Final = audited(
    f"SELECT {_OF_RESULT}, r.created, {REFUSED_BY} FROM create_batch(CAST(:request AS jsonb)) AS r",
    action=Action.BATCH_CREATE,
    owner="owner",
    target="'batch:' || id",
    after="jsonb_build_object('maxCostUsd', max_cost_usd)",
    when="created",
)
_DIFFERING: Final = "SELECT number, key FROM differing_batch_rows(:id, CAST(:rows AS jsonb))"
_ROW_KEYS: Final = """
    SELECT r.key FROM batches AS b JOIN batch_rows AS r ON r.batch_id = b.id
    WHERE b.owner = :owner AND (b.key = :key OR b.id = CAST(:id AS uuid))
"""
_ADD: Final = "SELECT add_batch_rows(:id, CAST(:rows AS jsonb))"
_OPEN: Final = f"SELECT {_COLUMNS} FROM open_batch(:id)"
_FEED: Final = f"SELECT {_OF_RESULT}, r.fed, r.more FROM feed_batch(:id, :at_once, :most) AS r"
_GET: Final = f"SELECT {_COLUMNS} FROM batches WHERE id = :id AND owner = coalesce(:owner, owner)"
LIST: Final = f"""
    SELECT {_COLUMNS} FROM batches
    WHERE owner = :owner AND (CAST(:states AS text[]) = '{{}}' OR state = ANY (CAST(:states AS text[])))
      AND (CAST(:before_at AS timestamptz) IS NULL
           OR (created_at, id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
    ORDER BY created_at DESC, id DESC LIMIT :limit
"""
_COUNTS: Final = """
    SELECT r.batch_id, batch_row_state(r.state, j.status) AS state, count(*) AS n
    FROM batch_rows AS r LEFT JOIN jobs AS j ON j.id = r.job_id AND r.state = 'submitted'
    WHERE r.batch_id = ANY (CAST(:ids AS uuid[])) GROUP BY 1, 2
"""
ROWS: Final = """
    SELECT r.key, r.number, r.given, r.job_id, r.retry_of, r.faults, r.prompt AS asked, r.state AS row_state,
           batch_row_state(r.state, j.status) AS state, j.status, j.reason_code, j.error, j.prompt, j.outputs,
           j.media_cost_usd, j.prompt_cost_usd, j.kept
    FROM (SELECT b.*, coalesce(b.request ->> 'prompt', b.request ->> 'original_prompt') AS prompt
          FROM batch_rows AS b WHERE b.batch_id = :id
            AND (CAST(:after_number AS integer) IS NULL
                 OR (b.number, b.key) > (CAST(:after_number AS integer), CAST(:after_key AS text)))) AS r
    LEFT JOIN jobs AS j ON j.id = r.job_id AND r.state = 'submitted'
    WHERE CAST(:states AS text[]) = '{}' OR batch_row_state(r.state, j.status) = ANY (CAST(:states AS text[]))
    ORDER BY r.number, r.key LIMIT :limit
"""
_OPEN_JOBS: Final = """
    SELECT id FROM jobs WHERE batch_id = :id AND completed_at IS NULL AND id > CAST(:after AS uuid)
    ORDER BY id LIMIT :limit
"""
_STORED: Final = f"""
    SELECT {column_list(StoredOutput, "o")} FROM batch_rows AS r JOIN stored_outputs AS o ON o.job_id = r.job_id
    WHERE r.batch_id = :id AND r.state = 'submitted'
    AND (NOT CAST(:liked_only AS boolean) OR EXISTS (SELECT FROM jobs AS j WHERE j.id = r.job_id AND j.kept))
    ORDER BY r.number, r.key, o.index
"""
_GIVEN: Final = """
    SELECT DISTINCT jsonb_object_keys(given) AS name FROM batch_rows WHERE batch_id = :id ORDER BY name
"""
_JOBS: Final = f"SELECT {column_list(Job)} FROM jobs WHERE id = ANY (CAST(:ids AS uuid[]))"
_TARGET: Final = "'batch:' || id"
_PROPOSALS: Final = """
    SELECT p.batch_id, p.prompt_job_id, p.rows, p.request, q.status, q.reason_code, q.error, q.wanted_variants,
           coalesce(ARRAY(SELECT v ->> 'prompt' FROM jsonb_array_elements(q.variants) AS v), '{}') AS prompts
    FROM batch_proposals AS p LEFT JOIN prompt_generation_jobs AS q ON q.id = p.prompt_job_id
    WHERE p.batch_id = ANY (CAST(:ids AS uuid[])) AND p.request IS NOT NULL
"""
_APPROVE: Final = audited(
    f"SELECT {_OF_RESULT}, r.changed FROM approve_batch(:id, :owner, CAST(:prompts AS jsonb), :prompts_hash) AS r",
    action=Action.BATCH_APPROVE,
    owner="owner",
    target=_TARGET,
    after="jsonb_build_object('prompts', CAST(:number AS integer))",
    when="changed",
)
_PAUSE: Final = audited(
    f"SELECT {column_list(Batch, 'r')}, prior.state AS state_before, prior.pause_reason AS reason_before "
    "FROM prior CROSS JOIN LATERAL pause_batch(prior.id, prior.owner, :by_admin, :by_actor) AS r",
    prior="SELECT id, owner, state, pause_reason FROM batches WHERE id = :id AND owner = :owner FOR NO KEY UPDATE",
    action=Action.BATCH_PAUSE,
    owner="owner",
    target=_TARGET,
    when="state IS DISTINCT FROM state_before OR pause_reason IS DISTINCT FROM reason_before",
)
_RESUME: Final = audited(
    f"SELECT {column_list(Batch, 'r')}, prior.state AS state_before "
    "FROM prior CROSS JOIN LATERAL resume_batch(prior.id, prior.owner, :by_admin) AS r",
    prior="SELECT id, owner, state FROM batches WHERE id = :id AND owner = :owner FOR NO KEY UPDATE",
    action=Action.BATCH_RESUME,
    owner="owner",
    target=_TARGET,
    when="state <> state_before",
)
_CANCEL: Final = audited(
    f"SELECT {_OF_RESULT}, r.skipped, prior.state AS state_before "
    "FROM prior CROSS JOIN LATERAL cancel_batch(prior.id, prior.owner) AS r",
    prior="SELECT id, owner, state FROM batches WHERE id = :id AND owner = :owner FOR NO KEY UPDATE",
    action=Action.BATCH_CANCEL,
    owner="owner",
    target=_TARGET,
    after="jsonb_build_object('skipped', skipped)",
    when="state <> state_before",
)
_RETRY: Final = audited(
    f"SELECT {_OF_RESULT}, r.retried FROM retry_batch_rows(:id, :owner, CAST(:new_ids AS uuid[])) AS r",
    action=Action.BATCH_RETRY,
    owner="owner",
    target=_TARGET,
    after="jsonb_build_object('rows', retried)",
    when="retried > 0",
)
_CHANGE: Final = audited(
    f"SELECT {_OF_RESULT}, r.changed, to_jsonb(prior) AS before FROM prior "
    "CROSS JOIN LATERAL change_batch(prior.id, prior.owner, CAST(:change AS jsonb)) AS r",
    prior="""SELECT id, owner, max_cost_usd, max_open, priority, stop_after_failures
             FROM batches WHERE id = :id AND owner = :owner FOR NO KEY UPDATE""",
    action=Action.BATCH_CHANGE,
    owner="owner",
    target=_TARGET,
    before="before - 'id' - 'owner'",
    after="""jsonb_build_object('max_cost_usd', max_cost_usd, 'max_open', max_open, 'priority', priority,
                                'stop_after_failures', stop_after_failures)""",
    when="changed <> '{}'",
)
_CLAIM_DUE: Final = """
    UPDATE batches SET due_at = clock_timestamp() + claim_lease()
    WHERE id IN (SELECT id FROM batches WHERE due_at <= clock_timestamp() ORDER BY due_at LIMIT :limit
                 FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING id, owner, priority
"""
_CLAIM_CALLBACKS: Final = """
    UPDATE batches SET callback_claimed_at = clock_timestamp()
    WHERE id IN (
        SELECT id FROM batches
        WHERE callback_url IS NOT NULL AND completed_at IS NOT NULL AND callback_started_at IS NULL
          AND (callback_claimed_at IS NULL OR callback_claimed_at < clock_timestamp() - claim_lease())
        ORDER BY completed_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING id
"""
_CALLBACKS_STARTED: Final = """
    UPDATE batches SET callback_started_at = clock_timestamp()
    WHERE id = ANY (CAST(:ids AS uuid[])) AND callback_started_at IS NULL
"""
_CALLBACK_ENDED: Final = """
    UPDATE batches SET callback_started_at = coalesce(callback_started_at, clock_timestamp()),
        callback_ended_at = clock_timestamp()
    WHERE id = :id AND callback_ended_at IS NULL
"""


class Fed(NamedTuple):
    """A batch after it was fed, the jobs that were accepted, and whether more can be at once."""

    batch: Batch
    jobs: tuple[UUID, ...]
    more: bool


class BatchRowSeen(NamedTuple):
    """A row with what has become of it. What its job says is null while there is none."""

    key: str
    number: int
    given: dict[str, Any]
    state: RowState
    faults: list[dict[str, Any]]
    job_id: UUID | None
    status: str | None
    reason_code: str | None
    error: str | None
    prompt: str | None
    outputs: list[dict[str, Any]]
    cost_usd: Decimal | None
    kept: bool | None


Rows = list[BatchRowSeen]


class Proposal(NamedTuple):
    """What a batch waits for: Grok's answer to a question, and the approval of its prompts.

    Attributes:
        rows: How many rows are made with each prompt.
        request: The request of the batch, from which its rows are made.
        status: The question's; None if it was deleted after its time.
        wanted: How many prompts it asks for; None as above.
    """

    batch_id: UUID
    prompt_job_id: UUID
    rows: int
    request: dict[str, Any]
    status: str | None
    reason_code: str | None
    error: str | None
    wanted: int | None
    prompts: Sequence[str]


class DueBatch(NamedTuple):
    """A batch whose workflow is to be started or woken."""

    id: UUID
    owner: str
    priority: int


@dataclass(frozen=True)
class BatchStore:
    """The tables `batches` and `batch_rows`. Another owner's batches are as none."""

    database: Database

    async def create(self, batch: NewBatch, *, by: By = BY_ITSELF) -> tuple[Batch, bool]:
        """Store a batch without rows, or return the one that has its key already, and whether it is new.

        Raises:
            IntakeStopped, AiPromptsOff, BudgetExhausted, OwnerPaused: As for a job. Nothing was stored.
            RecordConflict: `batch_ended`, `batch_differs`, `too_many`.
        """
        row = await accept(self.database, _CREATE, None, request=batch.model_dump_json(), **by_values(by))
        return to_row(Batch, row), row["created"]

    async def proposals(self, ids: Sequence[UUID]) -> dict[UUID, Proposal]:
        """Return what those of these batches wait for whose prompts are to be approved, or whose rows to be stored."""
        found = await self.database.mappings(_PROPOSALS, ids=[*ids])
        return {row["batch_id"]: Proposal(*row.values()) for row in found}

    async def approve(self, batch_id: UUID, prompts: Sequence[str], *, owner: str, by: By = BY_ITSELF) -> Batch:
        """Settle the prompts of a batch, whose rows follow. Safe to repeat with the same ones.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
            RecordConflict: `batch_approved`, `batch_ended`.
        """
        sent = json.dumps(prompts, ensure_ascii=False)
        digest = hashlib.sha256(sent.encode()).hexdigest()
        return await self.database.row(
            Batch,
            _APPROVE,
            id=batch_id,
            owner=owner,
            prompts=sent,
            prompts_hash=digest,
            number=len(prompts),
            **by_values(by),
        )

    async def differing(self, batch_id: UUID, rows: Sequence[NewRow]) -> list[tuple[int, str]]:
        """Return number and key of those rows that the batch has already with another content."""
        slim = json.dumps([row.model_dump(include={"number", "key", "content_hash"}) for row in rows])
        found = await self.database.mappings(_DIFFERING, id=batch_id, rows=slim)
        return [(row["number"], row["key"]) for row in found]

    async def row_keys(self, owner: str, *, key: str | None = None, batch_id: UUID | None = None) -> frozenset[str]:
        """Return the keys of the rows that a batch has, found by its key or its id; none if there is no such batch."""
        found = await self.database.mappings(_ROW_KEYS, owner=owner, key=key, id=batch_id)
        return frozenset(row["key"] for row in found)

    async def add(self, batch_id: UUID, rows: Sequence[NewRow]) -> int:
        """Add rows and return how many were new. Safe to repeat.

        Raises:
            RecordNotFound: There is no such batch.
            RecordConflict: `batch_ended`, `too_many`, `row_differs`.
        """
        sent = f"[{','.join(row.model_dump_json() for row in rows)}]"
        return int(await self.database.value(_ADD, id=batch_id, rows=sent))

    async def open(self, batch_id: UUID) -> Batch:
        """Let a batch begin whose rows are all stored, or go on if it had ended and has rows that wait.

        Raises:
            RecordNotFound: There is no such batch.
        """
        return await self.database.row(Batch, _OPEN, id=batch_id)

    async def feed(self, batch_id: UUID, *, at_once: int, most: int | None = None) -> Fed:
        """Accept jobs for rows that wait; see `feed_batch`. Safe to repeat.

        Args:
            batch_id: The batch.
            at_once: How many jobs at most.
            most: How many open jobs an owner may have that has no limit of its own; None: any number.

        Raises:
            RecordNotFound: There is no such batch.
        """
        row = await self.database.mapping(_FEED, id=batch_id, at_once=at_once, most=most)
        return Fed(to_row(Batch, row), tuple(row["fed"]), row["more"])

    async def jobs(self, ids: Sequence[UUID]) -> list[Job]:
        """Return jobs by their ids, in no order."""
        return await self.database.rows(Job, _JOBS, ids=[*ids])

    async def get(self, batch_id: UUID, *, owner: str | None = None) -> Batch:
        """Return a batch.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
        """
        return await self.database.row(Batch, _GET, id=batch_id, owner=owner)

    async def list(self, owner: str, where: BatchFilter) -> Batches:
        """Return an owner's batches, newest first."""
        before_at, before_id = where.before or (None, None)
        return await self.database.rows(
            Batch,
            LIST,
            owner=owner,
            states=[*where.states],
            limit=where.limit,
            before_at=before_at,
            before_id=before_id,
        )

    async def counts(self, ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
        """Return for each batch how many of its rows are in which state."""
        found: dict[UUID, dict[str, int]] = {batch_id: {} for batch_id in ids}
        for row in await self.database.mappings(_COUNTS, ids=[*ids]):
            found[row["batch_id"]][row["state"]] = row["n"]
        return found

    async def rows(self, batch_id: UUID, where: RowFilter) -> Rows:
        """Return rows of a batch, by number."""
        after_number, after_key = where.after or (None, None)
        found = await self.database.mappings(
            ROWS,
            id=batch_id,
            states=[*where.states],
            limit=where.limit,
            after_number=after_number,
            after_key=after_key,
        )
        return [_seen(row) for row in found]

    async def columns(self, batch_id: UUID) -> Names:
        """Return the names of all columns that rows of a batch were given, in order."""
        return [row["name"] for row in await self.database.mappings(_GIVEN, id=batch_id)]

    async def stored_outputs(self, batch_id: UUID, *, liked_only: bool) -> Sequence[StoredOutput]:
        """Return our copies of the outputs of a batch's rows, by number: of each row, those of its latest job.

        With `liked_only`, of the jobs whose outputs are liked.
        """
        return await self.database.rows(StoredOutput, _STORED, id=batch_id, liked_only=liked_only)

    async def open_jobs(self, batch_id: UUID, *, after: UUID, limit: int) -> Sequence[UUID]:
        """Return the ids of a batch's open jobs after that one, in their order."""
        found = await self.database.mappings(_OPEN_JOBS, id=batch_id, after=after, limit=limit)
        return [row["id"] for row in found]

    async def pause(self, batch_id: UUID, *, owner: str, by_admin: bool, by: By = BY_ITSELF) -> Batch:
        """Stop a batch: nothing more of it is fed or submitted.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
            RecordConflict: `batch_ended`, `batch_planning`.
        """
        return await self.database.row(Batch, _PAUSE, id=batch_id, owner=owner, by_admin=by_admin, **by_values(by))

    async def resume(self, batch_id: UUID, *, owner: str, by_admin: bool, by: By = BY_ITSELF) -> Batch:
        """Let a paused batch go on.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
            RecordConflict: `batch_ended`, `batch_planning`, `batch_budget`, `batch_paused`.
        """
        return await self.database.row(Batch, _RESUME, id=batch_id, owner=owner, by_admin=by_admin, **by_values(by))

    async def cancel(self, batch_id: UUID, *, owner: str, by: By = BY_ITSELF) -> tuple[Batch, int]:
        """Cancel what waits of a batch; return it, and how many rows were skipped. What is open goes on.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
            RecordConflict: `batch_ended`.
        """
        row = await self.database.mapping(_CANCEL, id=batch_id, owner=owner, **by_values(by))
        return to_row(Batch, row), row["skipped"]

    async def retry_failed(self, batch_id: UUID, *, owner: str, by: By = BY_ITSELF) -> tuple[Batch, int]:
        """Let all rows that have failed wait again; return the batch, and how many. Never what is unclear.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
            RecordConflict: `batch_ended`, `batch_planning`.
        """
        total = 0
        while True:
            new_ids = [uuid7() for _ in range(_RETRIED_AT_ONCE)]
            row = await self.database.mapping(_RETRY, id=batch_id, owner=owner, new_ids=new_ids, **by_values(by))
            total += row["retried"]
            if row["retried"] < _RETRIED_AT_ONCE:
                return to_row(Batch, row), total

    async def change(self, batch_id: UUID, change: BatchEdit, *, owner: str, by: By = BY_ITSELF) -> tuple[Batch, Names]:
        """Change a batch, and return it with the names of what differs now. Safe to repeat.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
            RecordConflict: `batch_ended`, `batch_planning`.
        """
        values = change.model_dump_json(exclude_unset=True)
        row = await self.database.mapping(_CHANGE, id=batch_id, owner=owner, change=values, **by_values(by))
        return to_row(Batch, row), row["changed"]

    async def claim_due(self, limit: int) -> Sequence[DueBatch]:
        """Claim batches that should have been looked at by now, for the caller to start or wake their workflows."""
        return [DueBatch(**row) for row in await self.database.mappings(_CLAIM_DUE, limit=limit)]

    async def claim_callbacks(self, limit: int) -> Sequence[UUID]:
        """Claim ended batches with an undelivered callback for a minute, for the caller to start their workflows."""
        return [row["id"] for row in await self.database.mappings(_CLAIM_CALLBACKS, limit=limit)]

    async def mark_callback_started(self, ids: Sequence[UUID]) -> None:
        """Record that these batches' callbacks have started, so that they are not claimed again."""
        await self.database.run(_CALLBACKS_STARTED, ids=[*ids])

    async def end_callback(self, batch_id: UUID) -> None:
        """Record that a batch's callback was delivered or abandoned."""
        await self.database.run(_CALLBACK_ENDED, id=batch_id)


def progress_of(batch: Batch, *, more: bool = False, counts: dict[str, int] | None = None) -> BatchProgress:
    """Return how a batch stands, as its workflow needs it."""
    ended = batch.completed_at is not None
    return BatchProgress(
        batch_id=batch.id,
        state=BatchState(batch.state),
        ended=ended,
        more=more,
        looks_again=batch.due_at is not None,
        problem=batch.problem,
        counts=counts or {},
        reserved_usd=batch.reserved_usd,
        spent_usd=batch.spent_usd,
        max_cost_usd=batch.max_cost_usd,
        callback=ended and batch.callback_url is not None and batch.callback_started_at is None,
    )


def _seen(row: RowMapping) -> BatchRowSeen:
    costs = [cost for cost in (row["media_cost_usd"], row["prompt_cost_usd"]) if cost is not None]
    submitted = row["row_state"] == "submitted"
    return BatchRowSeen(
        key=row["key"],
        number=row["number"],
        given=row["given"],
        state=RowState(row["state"]),
        faults=row["faults"],
        job_id=row["job_id"] if submitted else row["retry_of"],
        status=row["status"],
        reason_code=row["reason_code"],
        error=row["error"],
        prompt=row["prompt"] if submitted else row["asked"],
        outputs=row["outputs"] or [],
        cost_usd=sum(costs, Decimal(0)) if costs else None,
        kept=row["kept"],
    )
