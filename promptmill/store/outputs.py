"""Our own copies of outputs: which wait to be stored, which are, and what is to be deleted from the storage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from promptmill.contracts.outputs import OutputAtRisk, OutputStock, Placed, Placement, WaitingOutput
from promptmill.store.database import Database, column_list
from promptmill.store.own_secrets import own_secret
from sql.models import StoredOutput

SWITCH: Final = "outputs"
"""The switch that says that outputs are stored: every worker that runs workflows sets it by its settings."""

_OF_JOBS: Final = f"""
    SELECT {column_list(StoredOutput)} FROM stored_outputs
    WHERE job_id = ANY (CAST(:ids AS uuid[])) ORDER BY job_id, index
"""
_ONE: Final = f"""
    SELECT {column_list(StoredOutput, "s")} FROM stored_outputs AS s JOIN jobs AS j ON j.id = s.job_id
    WHERE s.job_id = :job_id AND s.index = :index AND j.owner = coalesce(:owner, j.owner)
"""
_OF_OWNER: Final = f"""
    SELECT {column_list(StoredOutput, "s")} FROM stored_outputs AS s JOIN jobs AS j ON j.id = s.job_id
    WHERE s.job_id = ANY (CAST(:ids AS uuid[])) AND j.owner = :owner ORDER BY s.job_id, s.index
"""
SHARING_KEY: Final = "output-share-secret"
"""The switch that holds the secret of shared addresses; without it, a new one ends them all."""
_BEGIN: Final = "SELECT job_id, index, expires_at, attempts, problem FROM begin_storing(:job_id) ORDER BY index"
_PLACE: Final = """
    SELECT place_output(:job_id, :index, :path, CAST(:renderings AS text[]), :content_type, :bytes, :total_bytes,
                        :width, :height, CAST(:duration_seconds AS double precision), :sha256, :most_bytes)
"""
_END: Final = "SELECT end_storing(:job_id, :index, :path, :problem, :failed)"
CLAIM: Final = "SELECT job_id FROM claim_outputs(:limit) AS job_id"
_KEEP: Final = "SELECT planned, again FROM keep_outputs(:limit)"
_WARN: Final = """
    UPDATE stored_outputs SET warned_at = now()
    WHERE state = 'waiting' AND warned_at IS NULL AND expires_at < now() + interval '1 day'
    RETURNING job_id, index, expires_at, problem
"""
_TAKE_REMOVALS: Final = "SELECT path FROM take_output_removals(:limit) AS path"
_END_REMOVALS: Final = "SELECT FROM end_output_removals(CAST(:paths AS text[]), :problem)"
_REMOVALS_OF: Final = "SELECT problem FROM output_removals WHERE job_id = :job_id ORDER BY problem NULLS LAST LIMIT 1"
STOCK: Final = """
    SELECT CASE WHEN :limited THEN (
               SELECT CAST(coalesce(sum(total_bytes), 0) AS bigint) FROM stored_outputs WHERE state = 'stored')
           END AS stored_bytes,
           (SELECT count(*) FROM stored_outputs WHERE state = 'waiting') AS waiting,
           (SELECT CAST(coalesce(extract(epoch FROM now() - min(created_at)), 0) AS double precision)
            FROM stored_outputs WHERE state = 'waiting') AS oldest_waiting_seconds,
           (SELECT count(*) FROM stored_outputs
            WHERE state = 'waiting' AND expires_at < now() + interval '1 day') AS at_risk,
           (SELECT count(*) FROM output_removals) AS removals
"""
_PAGE: Final = f"""
    SELECT {column_list(StoredOutput)} FROM stored_outputs
    WHERE state = 'stored' AND (job_id, index) > (CAST(:job_id AS uuid), CAST(:index AS integer))
    ORDER BY job_id, index LIMIT :limit
"""
_PATHS: Final = "SELECT path FROM stored_outputs WHERE path IS NOT NULL UNION SELECT path FROM output_removals"
_SWITCH_ON: Final = """
    INSERT INTO switches AS s (name, value, reason) VALUES (:name, 'on', 'PROMPTMILL_OUTPUTS is set')
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, reason = excluded.reason, changed_at = now()
    WHERE s.value IS DISTINCT FROM excluded.value
"""
_SWITCH_OFF: Final = "DELETE FROM switches WHERE name = :name"


class Kept(NamedTuple):
    """How many outputs were planned to be stored that were not before, and how many are tried again at once."""

    planned: int
    again: int


@dataclass(frozen=True)
class OutputStore:
    """The tables `stored_outputs` and `output_removals`. Calls are idempotent unless the method says otherwise."""

    database: Database

    async def plan(self, *, stored: bool) -> None:
        """Record whether outputs are stored from now on: then each that is recorded waits to be."""
        await self.database.run(_SWITCH_ON if stored else _SWITCH_OFF, name=SWITCH)

    async def of_jobs(self, job_ids: Iterable[UUID]) -> dict[UUID, list[StoredOutput]]:
        """Return the stored outputs of jobs, by job, in one query; without ids it runs none."""
        ids = [*job_ids]
        found: dict[UUID, list[StoredOutput]] = defaultdict(list)
        for row in await self.database.rows(StoredOutput, _OF_JOBS, ids=ids) if ids else ():
            found[row.job_id].append(row)
        return found

    async def of_owner(self, job_ids: Sequence[UUID], *, owner: str) -> list[StoredOutput]:
        """Return the outputs of those of these jobs that are the owner's, by job."""
        return await self.database.rows(StoredOutput, _OF_OWNER, ids=[*job_ids], owner=owner)

    async def sharing_secret(self, new: str) -> str:
        """Return the secret that signs shared addresses; `new` is stored if there was none."""
        return await own_secret(self.database, SHARING_KEY, new)

    async def get(self, job_id: UUID, index: int, *, owner: str | None = None) -> StoredOutput:
        """Return one output of an owner's job, or of anybody's.

        Raises:
            RecordNotFound: It does not exist, or not for this owner; or no copy of it was planned.
        """
        return await self.database.row(StoredOutput, _ONE, job_id=job_id, index=index, owner=owner)

    async def begin(self, job_id: UUID) -> list[WaitingOutput]:
        """Return a job's outputs that wait, and count an attempt for each. Not idempotent: it counts."""
        rows = await self.database.mappings(_BEGIN, job_id=job_id)
        return [WaitingOutput.model_validate(dict(row)) for row in rows]

    async def place(self, placement: Placement, *, most_bytes: int | None) -> Placed:
        """Record where an output is about to be put, making room for it; return whether it may be put there."""
        values = placement.model_dump() | {"most_bytes": most_bytes}
        return Placed(str(await self.database.value(_PLACE, **values)))

    async def stored(self, job_id: UUID, index: int, path: str) -> bool:
        """Record that an output is stored at that path; return False if it is not wanted there any more."""
        values = {"path": path, "problem": None, "failed": False}
        return bool(await self.database.value(_END, job_id=job_id, index=index, **values))

    async def not_stored(self, job_id: UUID, index: int, problem: str, *, for_good: bool) -> None:
        """Record why an output is not stored yet, or never will be."""
        values = {"path": None, "problem": problem, "failed": for_good}
        await self.database.run(_END, job_id=job_id, index=index, **values)

    async def claim(self, limit: int) -> list[UUID]:
        """Claim jobs whose outputs wait for longer than they should, for the caller to start their workflows."""
        return [row["job_id"] for row in await self.database.mappings(CLAIM, limit=limit)]

    async def keep(self, limit: int) -> Kept:
        """Have everything stored that WaveSpeed still keeps and that is not; see `keep_outputs`."""
        row = await self.database.mapping(_KEEP, limit=limit)
        return Kept(row["planned"], row["again"])

    async def warn(self) -> list[OutputAtRisk]:
        """Return the outputs that WaveSpeed deletes within a day and that are not stored; each is returned once."""
        return [OutputAtRisk.model_validate(dict(row)) for row in await self.database.mappings(_WARN)]

    async def take_removals(self, limit: int) -> list[str]:
        """Return paths whose files are to be deleted, least recently tried first, and record the attempt."""
        return [row["path"] for row in await self.database.mappings(_TAKE_REMOVALS, limit=limit)]

    async def end_removals(self, paths: Sequence[str], problem: str | None = None) -> None:
        """Record that files are deleted, or why they are not."""
        await self.database.run(_END_REMOVALS, paths=[*paths], problem=problem)

    async def removal_pending(self, job_id: UUID) -> tuple[bool, str | None]:
        """Return whether files of a job are still to be deleted, and why they are not."""
        rows = await self.database.mappings(_REMOVALS_OF, job_id=job_id)
        return (True, rows[0]["problem"]) if rows else (False, None)

    async def stock(self, *, limited: bool) -> OutputStock:
        """Return what waits, and, if it is limited, what all that is stored takes: that reads an entry for each."""
        return OutputStock.model_validate(dict(await self.database.mapping(STOCK, limited=limited)))

    async def page(self, after: tuple[UUID, int], limit: int) -> list[StoredOutput]:
        """Return stored outputs in the order of their keys, those after one."""
        return await self.database.rows(StoredOutput, _PAGE, job_id=after[0], index=after[1], limit=limit)

    async def paths(self) -> list[str]:
        """Return every path that the record knows: of what is stored, is being stored, or is to be deleted."""
        return [row["path"] for row in await self.database.mappings(_PATHS)]
