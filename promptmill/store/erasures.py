"""Erasing: the words of a job, or of everything of an owner. `docs/decisions/0024-…` has the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from promptmill.contracts.access import BY_ITSELF, By
from promptmill.contracts.audit import Action
from promptmill.contracts.erasure import ErasureBacklog, OwnerErasureState, PendingErasure
from promptmill.contracts.errors import RecordConflict
from promptmill.store.audit import audited, by_values
from promptmill.store.database import Database, column_list, to_row
from sql.models import Job, OwnerErasure

PAGE: Final = 500
"""How many rows of an owner are looked at in one query."""

_ERASE: Final = audited(
    f"""
    SELECT {column_list(Job, "r")}, prior.erase_requested_at AS requested_before
    FROM prior CROSS JOIN LATERAL erase_job(prior.id) AS r
    """,
    prior="SELECT id, erase_requested_at FROM jobs WHERE id = :id AND owner = coalesce(:owner, owner) FOR UPDATE",
    action=Action.JOB_ERASE,
    owner="owner",
    target="'job:' || id",
    when="requested_before IS NULL",
)
_ERASE_QUIETLY: Final = {
    "jobs": "SELECT FROM erase_job(:id)",
    "prompt_generation_jobs": "SELECT FROM erase_prompt_job(:id)",
}
_TAKE: Final = "SELECT id, table_name, last_look, predictions FROM take_erasures(:limit)"
_NOTE: Final = "SELECT FROM note_erasure(:id, CAST(:predictions AS text[]), :problem)"
_PROBLEM: Final = "SELECT problem FROM erasures WHERE id = :id"
_BACKLOG: Final = """
    SELECT (SELECT count(*) FROM erasures) AS pending, (SELECT count(*) FROM owner_erasures) AS owners,
           (SELECT problem FROM erasures WHERE problem IS NOT NULL ORDER BY looked_at DESC LIMIT 1) AS problem
"""
_STATE: Final = "owner, accepted_until, requested_at, left_open"
_BEGIN_OWNER: Final = audited(
    f"""
    INSERT INTO owner_erasures AS e (owner, accepted_until)
    SELECT name, least(coalesce(CAST(:accepted_until AS timestamptz), now()), now()) FROM owners WHERE name = :owner
    ON CONFLICT (owner) DO UPDATE
        SET accepted_until = greatest(e.accepted_until, excluded.accepted_until), requested_at = now(),
            began_at = clock_timestamp(), table_name = 'jobs', reached_at = NULL, reached_id = NULL, left_open = 0
    RETURNING {_STATE}
    """,
    action=Action.OWNER_ERASE,
    owner="owner",
    target="'owner:' || owner",
    after="jsonb_build_object('acceptedUntil', accepted_until)",
)
_OWNERS: Final = f"SELECT {column_list(OwnerErasure)} FROM owner_erasures WHERE began_at <= clock_timestamp()"
_SCANNED: Final = {
    "jobs": "jobs WHERE",
    "prompt_generation_jobs": "prompt_generation_jobs WHERE job_id IS NULL AND",
}
# The sweep is still where the page was read: another reconciler may have erased the same page, and have gone on.
_STILL_THERE: Final = """
    owner = :owner AND requested_at = :requested_at AND began_at = :began_at AND table_name = :table_name
    AND reached_id IS NOT DISTINCT FROM CAST(:reached_id AS uuid)
"""
_NOTE_PAGE: Final = f"""
    UPDATE owner_erasures
    SET reached_at = :last_at, reached_id = :last_id, left_open = left_open + CAST(:left_open AS bigint)
    WHERE {_STILL_THERE}
"""
# An owner's own styles are few: they go when the sweep goes on to the next table.
_NEXT_TABLE: Final = f"""
    WITH styles AS (
        DELETE FROM prompt_styles AS s USING owner_erasures AS e
        WHERE s.owner = :owner AND e.owner = s.owner AND s.created_at <= e.accepted_until
    )
    UPDATE owner_erasures
    SET table_name = 'prompt_generation_jobs', reached_at = NULL, reached_id = NULL,
        left_open = left_open + CAST(:left_open AS bigint)
    WHERE {_STILL_THERE}
"""
_ERASE_KEPT: Final = """
    WITH kept AS (DELETE FROM templates WHERE owner = :owner AND created_at <= CAST(:accepted_until AS timestamptz))
    DELETE FROM collections WHERE owner = :owner AND created_at <= CAST(:accepted_until AS timestamptz)
"""
# What a batch was asked for before, but became a job later: newest first, as everything.
_LATER_OF_BATCHES: Final = """
    SELECT j.id FROM batches AS b JOIN jobs AS j ON j.batch_id = b.id
    WHERE b.owner = :owner AND b.created_at <= CAST(:accepted_until AS timestamptz)
      AND j.created_at > CAST(:accepted_until AS timestamptz)
      AND j.completed_at IS NOT NULL AND j.erase_requested_at IS NULL
    ORDER BY j.created_at DESC, j.id DESC LIMIT :limit
"""
# Those that go on are left open. Their keys stay as digests: the same table sent again makes nothing twice.
_ERASE_BATCHES: Final = """
    WITH ended AS (
        SELECT id FROM batches
        WHERE owner = :owner AND created_at <= CAST(:accepted_until AS timestamptz) AND completed_at IS NOT NULL
    ), emptied AS (
        UPDATE batches SET name = NULL, template = '{}', problem = NULL, callback_url = NULL,
            key = CASE WHEN starts_with(key, '§') THEN key ELSE erased_key(key) END
        WHERE id IN (SELECT id FROM ended)
    ), proposals AS (
        UPDATE batch_proposals SET request_hash = '', approved_hash = NULL WHERE batch_id IN (SELECT id FROM ended)
    )
    UPDATE batch_rows SET given = '{}', request = NULL, content_hash = '', faults = '[]',
        key = CASE WHEN content_hash = '' THEN key ELSE erased_key(key) END
    WHERE batch_id IN (SELECT id FROM ended)
"""
_OPEN_BATCHES: Final = """
    SELECT count(*) FROM batches
    WHERE owner = :owner AND created_at <= CAST(:accepted_until AS timestamptz) AND completed_at IS NULL
"""
# A job whose acceptance was under way at the request is in the record by the time of a later sweep.
_END_SWEEP: Final = f"""
    WITH done AS (
        DELETE FROM owner_erasures
        WHERE {_STILL_THERE} AND left_open + CAST(:left_open AS bigint) = 0 AND began_at > requested_at + claim_lease()
        RETURNING owner
    )
    UPDATE owner_erasures
    SET began_at = clock_timestamp() + claim_lease(), table_name = 'jobs', reached_at = NULL, reached_id = NULL,
        left_open = 0
    WHERE {_STILL_THERE} AND NOT EXISTS (SELECT FROM done)
"""


def owner_page(table: str, *, begun: bool) -> str:
    """Return the query of a page of an owner's rows, newest first: a range of an index.

    Args:
        table: Of jobs, or of stand-alone prompt jobs.
        begun: Whether it goes on after a row (`reached_at`, `reached_id`), or begins at `accepted_until`.
    """
    after = (
        "(created_at, id) < (CAST(:reached_at AS timestamptz), CAST(:reached_id AS uuid))"
        if begun
        else "created_at <= CAST(:accepted_until AS timestamptz)"
    )
    return f"""
        SELECT id, created_at, erase_requested_at IS NOT NULL AS erased
        FROM {_SCANNED[table]} owner = :owner AND {after}
        ORDER BY created_at DESC, id DESC LIMIT :limit
    """


@dataclass(frozen=True)
class ErasureStore:
    """Erased jobs and owners, and the `erasures` that are pending elsewhere. Safe to repeat."""

    database: Database

    async def erase_job(self, job_id: UUID, *, owner: str | None = None, by: By = BY_ITSELF) -> Job:
        """Erase an ended job's words in the record, and enter what is left to do elsewhere.

        Args:
            job_id: The job.
            owner: The caller; None for any.
            by: Who erases it.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
            RecordConflict: `job_open`; `erase_unclear`: a submission may still have to be found by its request.
        """
        return to_row(Job, await self.database.mapping(_ERASE, id=job_id, owner=owner, **by_values(by)))

    async def erase_owner(
        self, owner: str, *, accepted_until: datetime | None = None, by: By = BY_ITSELF
    ) -> OwnerErasureState:
        """Record that everything of an owner that was accepted until then, or until now, is to be erased.

        Raises:
            RecordNotFound: There is no such owner.
        """
        values = {"owner": owner, "accepted_until": accepted_until}
        return OwnerErasureState.model_validate(
            dict(await self.database.mapping(_BEGIN_OWNER, **values, **by_values(by)))
        )

    async def owners(self) -> Sequence[OwnerErasure]:
        """Return the owners whose sweep is due."""
        return await self.database.rows(OwnerErasure, _OWNERS)

    async def erase_page(self, erasure: OwnerErasure) -> bool:
        """Erase the next page of an owner's rows; return whether the sweep goes on.

        The last page takes templates, collections, ended batches, and jobs that batches made later along.

        Safe to repeat, also by several at once: the first that is done with a page moves the sweep on.

        Raises:
            RecordNotFound: A row has been deleted meanwhile: the page is repeated.
        """
        begun = erasure.reached_at is not None
        where: dict[str, Any] = (
            {"reached_at": erasure.reached_at, "reached_id": erasure.reached_id}
            if begun
            else {"accepted_until": erasure.accepted_until}
        )
        query = owner_page(erasure.table_name, begun=begun)
        page = await self.database.mappings(query, owner=erasure.owner, limit=PAGE, **where)
        left = 0
        for row in page:
            if not row["erased"]:
                left += not await self._erase(erasure.table_name, row["id"])
        values: dict[str, Any] = {
            "owner": erasure.owner,
            "requested_at": erasure.requested_at,
            "began_at": erasure.began_at,
            "table_name": erasure.table_name,
            "reached_id": erasure.reached_id,
            "left_open": left,
        }
        if len(page) == PAGE:
            last = page[-1]
            await self.database.run(_NOTE_PAGE, last_at=last["created_at"], last_id=last["id"], **values)
            return True
        if erasure.table_name == "jobs":
            await self.database.run(_NEXT_TABLE, **values)
            return True
        of_owner = {"owner": erasure.owner, "accepted_until": erasure.accepted_until}
        later = await self.database.mappings(_LATER_OF_BATCHES, limit=PAGE, **of_owner)
        unclear = [row["id"] for row in later if not await self._erase("jobs", row["id"])]
        if len(unclear) < len(later) == PAGE:
            return True
        values["left_open"] += len(unclear)
        await self.database.run(_ERASE_KEPT, **of_owner)
        await self.database.run(_ERASE_BATCHES, **of_owner)
        values["left_open"] += await self.database.value(_OPEN_BATCHES, **of_owner)
        await self.database.run(_END_SWEEP, **values)
        return False

    async def take(self, limit: int) -> list[PendingErasure]:
        """Return pending erasures, least recently tried first, and record the attempt."""
        return [PendingErasure.model_validate(dict(row)) for row in await self.database.mappings(_TAKE, limit=limit)]

    async def done(self, erasure: PendingErasure) -> None:
        """Record that nothing of a row is left at Temporal and WaveSpeed.

        It stays pending if another prediction of it has become known since it was taken.
        """
        deleted = [made.prediction_id for made in erasure.predictions]
        await self.database.run(_NOTE, id=erasure.id, predictions=deleted, problem=None)

    async def note_problem(self, row_id: UUID, problem: str) -> None:
        """Record why an erasure waits."""
        await self.database.run(_NOTE, id=row_id, predictions=[], problem=problem)

    async def problem(self, row_id: UUID) -> str | None:
        """Return why an erasure waits; None if nothing stands in its way, or it is done."""
        found = await self.database.value(_PROBLEM, id=row_id)
        return None if found is None else str(found)

    async def backlog(self) -> ErasureBacklog:
        """Return how much waits."""
        return ErasureBacklog.model_validate(dict(await self.database.mapping(_BACKLOG)))

    async def _erase(self, table: str, row_id: UUID) -> bool:
        """Erase one row of an owner; return False if it cannot be erased yet."""
        try:
            await self.database.run(_ERASE_QUIETLY[table], id=row_id)
        except RecordConflict:
            return False
        return True
