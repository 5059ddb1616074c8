"""Jobs: accepting, reading, advancing and cancelling them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from uuid_utils.compat import uuid7

from promptmill.contracts.access import BY_ITSELF, By
from promptmill.contracts.audit import Action
from promptmill.contracts.errors import RecordConflict, RecordUnavailable
from promptmill.contracts.jobs import Billed, JobChange, JobInput, JobSnapshot
from promptmill.contracts.ratings import Rating
from promptmill.contracts.store import IdempotencyKey, JobEdit, JobFilter, NewJob
from promptmill.store.acceptance import REFUSED_BY, accept, accepted_before
from promptmill.store.audit import audited, by_values
from promptmill.store.database import Database, RowMapping, column_list, to_row
from promptmill.store.failures import LOCK_NOT_AVAILABLE, sqlstate
from promptmill.store.job_lists import edge_query, list_query
from promptmill.store.ratings import rating_word
from promptmill.store.tags import MARKS, Marks
from sql.models import Job, JobEvent

Jobs = list[Job]
Events = list[JobEvent]
Names = list[str]

OUTPUTS_CARRIED: Final = 256 * 1024
"""Maximum characters of outputs in a snapshot. Temporal accepts 2 MB; with more, a workflow would get stuck."""

_COLUMNS: Final = column_list(Job)
_OF_RESULT: Final = column_list(Job, "(r.job)")
_ACCEPT: Final = f"""
    SELECT {_OF_RESULT}, r.replayed, {REFUSED_BY}
    FROM accept_job_v3(CAST(:request AS jsonb), :key, :request_hash, :most) AS r
"""
_GET: Final = f"SELECT {_COLUMNS} FROM jobs WHERE id = :id AND owner = coalesce(:owner, owner)"
SNAPSHOT_COLUMNS: Final = f"""
    {_COLUMNS}, open_submission(id) AS open_submission,
    CASE WHEN completed_at IS NOT NULL THEN stores_outputs(id) ELSE false END AS stores_outputs
"""
"""What `job_snapshot` needs of a query whose rows are jobs."""

_BEGIN: Final = f"SELECT {SNAPSHOT_COLUMNS} FROM begin_job(:id)"
_CANCEL: Final = audited(
    f"""
    SELECT {_OF_RESULT}, r.ask_temporal, prior.status AS status_before
    FROM prior CROSS JOIN LATERAL request_job_cancel(prior.id, prior.owner) AS r
    """,
    prior="SELECT id, owner, status FROM jobs WHERE id = :id AND owner = :owner FOR UPDATE",
    action=Action.JOB_CANCEL,
    owner="owner",
    target="'job:' || id",
    before="jsonb_build_object('status', status_before)",
    after="jsonb_build_object('status', status)",
    when="status <> status_before",
)
_ADVANCE: Final = f"""
    SELECT {SNAPSHOT_COLUMNS} FROM advance_job(
        :job_id, :status, :reason_code, :error, :prompt, :prompt_source, :prediction_id, CAST(:outputs AS jsonb),
        CAST(:media_cost_usd AS numeric), :media_cost_source, CAST(:detail AS jsonb))
"""
_CHANGE: Final = audited(
    f"SELECT {_OF_RESULT}, r.changed FROM change_waiting_job(:job_id, :owner, CAST(:change AS jsonb)) AS r",
    action=Action.JOB_CHANGE,
    owner="owner",
    target="'job:' || id",
    after="jsonb_build_object('changed', changed)",
    when="changed <> '{}'",
)
_RETRY: Final = audited(
    f"""
    SELECT {_OF_RESULT}, r.replayed, {REFUSED_BY}
    FROM retry_job_v3(:job_id, :owner, :new_id, :new_prompt_job_id, :force, :key, :request_hash, :key_id, :most) AS r
    """,
    action=f"CASE WHEN :force THEN '{Action.JOB_FORCE_RETRY}' ELSE '{Action.JOB_RETRY}' END",
    owner="owner",
    target="'job:' || retry_of",
    after="jsonb_build_object('newJob', id)",
    when="refusing_switch IS NULL AND NOT replayed",
)
_NOTE_LIST_PRICE: Final = "UPDATE jobs SET media_list_price_usd = CAST(:usd AS numeric) WHERE id = :id"
_NOTE_PROVIDER_STATUS: Final = "SELECT FROM note_provider_status(:id, :status)"
_EVENTS: Final = (
    f"SELECT {column_list(JobEvent)} FROM job_events WHERE job_id = :id AND sequence > :after ORDER BY sequence"
)
_LATEST_SAME: Final = f"""
    SELECT {_COLUMNS} FROM jobs
    WHERE owner = :owner AND created_at > now() - idempotency_key_lifetime() AND metadata ->> :name = :mark
    ORDER BY created_at DESC, id DESC LIMIT 1
"""
_POSITION: Final = "SELECT place, of FROM job_queue_position(:id)"
_BILLED: Final = """
    SELECT j.id, b.billed FROM jobs AS j CROSS JOIN LATERAL job_billed(j.id, j.prediction_id) AS b
    WHERE j.id = ANY (CAST(:ids AS uuid[]))
"""
_SEEN: Final = f"""
    SELECT {column_list(Job, "j")}, p.rating, b.billed, {MARKS}
    FROM jobs AS j LEFT JOIN prompt_generation_jobs AS p ON p.id = j.prompt_job_id
    CROSS JOIN LATERAL job_billed(j.id, j.prediction_id) AS b
    WHERE j.id = :id AND j.owner = :owner
"""


class Seen(NamedTuple):
    """A job, whether WaveSpeed charged for it, the rating of its prompt job's prompt, and its tags and collections."""

    job: Job
    billed: Billed
    prompt_rating: Rating | None
    marks: Marks


@dataclass(frozen=True)
class JobStore:
    """The `jobs` table with its events. Calls are idempotent unless the method says otherwise."""

    database: Database

    async def accept(
        self, job: NewJob, idempotency: IdempotencyKey | None = None, *, most: int | None = None
    ) -> tuple[Job, bool]:
        """Store a job with its prompt job and its first event, and return whether this was a replay.

        Without an idempotency key, repeating it fails: the id is taken. `most` is how many open jobs an owner may have
        that has no limit of its own; None: any number.

        Raises:
            IntakeStopped: An operator has stopped intake. Nothing was stored.
            AiPromptsOff: An operator has turned off Grok's new prompts, and the job needs one. Nothing was stored.
            BudgetExhausted: A budget of the owner or of the installation is used up. Nothing was stored.
            OwnerPaused: An admin has paused the owner. Nothing was stored.
            QueueFull: The owner has as many open jobs as it may have. Nothing was stored.
            IdempotencyMismatch: The key was used for a different request.
            IdempotencyBusy: Another request with this key is still in progress after 2 s.
        """
        row = await accept(self.database, _ACCEPT, idempotency, request=job.model_dump_json(), most=most)
        return to_row(Job, row), row["replayed"]

    async def accepted_before(self, owner: str, idempotency: IdempotencyKey) -> bool:
        """Return whether this request has already been accepted with its key, so that it is a replay."""
        return await accepted_before(self.database, owner, idempotency)

    async def latest_same(self, owner: str, name: str, mark: str) -> Job | None:
        """Return an owner's newest job with this value in its metadata, while idempotency keys of its time count."""
        found = await self.database.rows(Job, _LATEST_SAME, owner=owner, name=name, mark=mark)
        return found[0] if found else None

    async def get(self, job_id: UUID, *, owner: str | None = None) -> Job:
        """Return a job.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
        """
        return await self.database.row(Job, _GET, id=job_id, owner=owner)

    async def look(self, job_id: UUID, *, owner: str) -> Seen:
        """Return a job with what other tables say of it, in one statement.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
        """
        row = await self.database.mapping(_SEEN, id=job_id, owner=owner)
        return Seen(
            to_row(Job, row), Billed(row["billed"]), rating_word(row["rating"]), Marks(row["tags"], row["collections"])
        )

    async def list(self, owner: str, where: JobFilter) -> Jobs:
        """Return an owner's jobs, newest first, without long inline outputs.

        Without an index for what is asked, the newest `SEARCHED` of those that an index finds are looked at. The job,
        or the jobs of the prompt job, whose whole id a text (`q`) is are found wherever they are, at once: not again
        on each page until the search gets there.
        """
        query, values = list_query(owner, where)
        return await self.database.rows(Job, query, **values)

    async def search_edge(self, owner: str, where: JobFilter) -> tuple[datetime, UUID] | None:
        """Return creation time and id of the last job that `list` looks at; None if it looks at all that there are."""
        asked = edge_query(owner, where)
        for row in await self.database.mappings(asked[0], **asked[1]) if asked else ():
            return row["created_at"], row["id"]
        return None

    async def events(self, job_id: UUID, *, after: int = 0) -> Events:
        """Return a job's events with a sequence above `after`, in order."""
        return await self.database.rows(JobEvent, _EVENTS, id=job_id, after=after)

    async def begin(self, job_id: UUID) -> JobSnapshot:
        """Return the job as its workflow needs it; record that it runs, as `UpkeepStore.mark_started` does.

        Raises:
            RecordNotFound: There is no such job.
        """
        return job_snapshot(await self.database.mapping(_BEGIN, id=job_id))

    async def note_provider_status(self, job_id: UUID, status: str) -> None:
        """Record in an open job's timeline, once, that WaveSpeed reports a status that we do not know.

        Raises:
            RecordNotFound: There is no such job.
        """
        await self.database.run(_NOTE_PROVIDER_STATUS, id=job_id, status=status)

    async def advance(self, change: JobChange) -> JobSnapshot:
        """Report on a job: facts are stored, the status is set if the transition is allowed.

        Returns:
            The resulting job: its status shows whether the requested one was set.

        Raises:
            RecordNotFound: There is no such job.
        """
        values = change.model_dump()
        plain = change.model_dump(mode="json", include={"outputs", "detail"})
        values["outputs"] = None if change.outputs is None else json.dumps(plain["outputs"])
        values["detail"] = json.dumps(plain["detail"])
        return job_snapshot(await self.database.mapping(_ADVANCE, **values))

    async def request_cancel(self, job_id: UUID, *, owner: str, by: By = BY_ITSELF) -> tuple[Job, bool]:
        """Record a cancel request, and return whether Temporal must be asked to cancel the workflow.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
        """
        row = await self.database.mapping(_CANCEL, id=job_id, owner=owner, **by_values(by))
        return to_row(Job, row), row["ask_temporal"]

    async def change(self, job_id: UUID, change: JobEdit, *, owner: str, by: By = BY_ITSELF) -> tuple[Job, Names]:
        """Change the request of a job that waits, and return it with the names of what differs now. Safe to repeat.

        Raises:
            RecordNotFound: The job does not exist, or not for this owner.
            RecordConflict: `not_waiting`: a submission is permitted, or the job has ended; `prompt_pending`;
                `changed_meanwhile`: the row was written since `seen_at`.
        """
        values = change.model_dump_json(exclude_unset=True)
        row = await self.database.mapping(_CHANGE, job_id=job_id, owner=owner, change=values, **by_values(by))
        return to_row(Job, row), row["changed"]

    async def retry(
        self,
        job_id: UUID,
        *,
        owner: str,
        new_id: UUID,
        force: bool = False,
        idempotency: IdempotencyKey | None = None,
        key_id: str | None = None,
        most: int | None = None,
        by: By = BY_ITSELF,
    ) -> tuple[Job, bool]:
        """Accept a new job from the request of an ended one, and return whether this was a replay.

        Args:
            job_id: The job that has ended; it is left unchanged.
            owner: The caller.
            new_id: The new job's id.
            force: Accept it even if an earlier submission may be billed; both timelines record it.
            idempotency: The caller's key.
            key_id: The API key that pays for the new job; None: none.
            most: As for `accept`.
            by: Who retries it.

        Raises:
            RecordNotFound: The job does not exist, or not for this owner.
            RecordConflict: `job_open`, `retry_open`, or without force `may_be_billed`.
            IntakeStopped, AiPromptsOff, BudgetExhausted, OwnerPaused, QueueFull, IdempotencyMismatch, IdempotencyBusy:
                As for `accept`.
        """
        ids = {"job_id": job_id, "new_id": new_id, "new_prompt_job_id": uuid7(), "key_id": key_id}
        try:
            row = await accept(
                self.database, _RETRY, idempotency, owner=owner, force=force, **ids, most=most, **by_values(by)
            )
        except RecordUnavailable as error:
            if error.__cause__ and sqlstate(error.__cause__) == LOCK_NOT_AVAILABLE:
                # One of these rows was locked for 2 s: concurrent retries of one job queue up.
                raise RecordConflict("retry_open", "Another retry of this request is being accepted.") from error
            raise
        return to_row(Job, row), row["replayed"]

    async def queue_position(self, job_id: UUID) -> tuple[int, int] | None:
        """Return a job's approximate position in WaveSpeed's queue and the queue's length, both up to 1,000.

        None if it does not wait there.
        """
        rows = await self.database.mappings(_POSITION, id=job_id)
        return (rows[0]["place"], rows[0]["of"]) if rows else None

    async def note_list_price(self, job_id: UUID, usd: Decimal) -> None:
        """Record WaveSpeed's list price of a job that was quoted for less."""
        await self.database.run(_NOTE_LIST_PRICE, id=job_id, usd=usd)

    async def billed(self, job_ids: Sequence[UUID]) -> dict[UUID, Billed]:
        """Return for each job whether WaveSpeed charged for it, derived from its submissions."""
        found = {row["id"]: Billed(row["billed"]) for row in await self.database.mappings(_BILLED, ids=[*job_ids])}
        return {job_id: found.get(job_id, Billed.NO) for job_id in job_ids}


def job_input(job: Job) -> JobInput:
    """Return the input of a job's workflow, built from the row alone.

    Its prompt is the text to send, or the caller's own if Grok is to write it.
    """
    prompt = (job.original_prompt or job.prompt) if job.use_ai_prompt else job.prompt
    return JobInput.built_from(job, job_id=job.id, metadata=job.caller_metadata, prompt=prompt)


def job_snapshot(found: RowMapping) -> JobSnapshot:
    """Return what a job's workflow needs to know of its row, from the columns of `jobs` and `open_submission`.

    Outputs too large for a workflow (inline media, long texts) are left out: the row has them.
    """
    outputs = found["outputs"]
    return JobSnapshot.built_from(
        found,
        job_id=found["id"],
        cancel_requested=found["cancel_requested_at"] is not None,
        outputs=outputs if len(json.dumps(outputs)) <= OUTPUTS_CARRIED else (),
    )
