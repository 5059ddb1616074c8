"""Limits of owners, and their pauses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic.alias_generators import to_camel

from promptmill.contracts.access import BY_ITSELF, By
from promptmill.contracts.audit import Action
from promptmill.contracts.limits import OwnerLimits
from promptmill.store.audit import audited, by_values
from promptmill.store.database import Database, column_list
from sql.models import Owner

_COLUMNS: Final = tuple(OwnerLimits.model_fields)
_OWNER: Final = column_list(Owner, "o")
_PAUSES: Final = """
    SELECT j.id, pause_of(o.name) AS said, coalesce(o.paused_at, o.queue_paused_at) AS since,
           o.paused_at IS NULL AS own
    FROM jobs AS j JOIN owners AS o ON o.name = j.owner
    WHERE j.id = ANY (CAST(:ids AS uuid[])) AND (o.paused_at IS NOT NULL OR o.queue_paused_at IS NOT NULL)
      AND NOT EXISTS (
        SELECT FROM submissions AS s WHERE s.job_id = j.id AND s.state IN ('intended', 'unknown', 'accepted'))
"""
_PAUSED_OWNERS: Final = """
    SELECT name, paused_at, queue_paused_at FROM owners
    WHERE paused_at IS NOT NULL OR queue_paused_at IS NOT NULL ORDER BY name
"""
_GET: Final = f"SELECT {_OWNER} FROM owners AS o WHERE o.name = :name"


def _limits_json(row: str) -> str:
    """Return SQL for the limits of a row of `owners`, named as in the API."""
    pairs = ", ".join(f"'{to_camel(column)}', {row}.{column}" for column in _COLUMNS)
    return f"jsonb_strip_nulls(jsonb_build_object({pairs}))"


def _pause_json(row: str) -> str:
    """Return SQL for the pause of a row of `owners`."""
    return (
        f"jsonb_build_object('pausedAt', {row}.paused_at, 'reason', {row}.paused_reason, 'pausedBy', {row}.paused_by)"
    )


_SET: Final = audited(
    f"""
    UPDATE owners AS o SET ({", ".join(_COLUMNS)}) = (
        SELECT {", ".join(f"n.{column}" for column in _COLUMNS)}
        FROM jsonb_populate_record(o, CAST(:changes AS jsonb)) AS n)
    FROM prior WHERE o.name = prior.name
    RETURNING {_OWNER}, prior.limits_before, {_limits_json("o")} AS limits_after
    """,
    prior=f"SELECT p.name, {_limits_json('p')} AS limits_before FROM owners AS p WHERE p.name = :name FOR UPDATE",
    action=Action.OWNER_LIMIT,
    owner="name",
    target="'owner:' || name",
    before="limits_before",
    after="limits_after",
    when="limits_after <> limits_before",
)
_PAUSE: Final = audited(
    f"""
    UPDATE owners AS o SET
        paused_at = CASE WHEN :paused THEN CASE WHEN prior.same THEN o.paused_at ELSE now() END END,
        paused_by = CASE WHEN :paused THEN CASE WHEN prior.same THEN o.paused_by ELSE :by_actor END END,
        paused_reason = CASE WHEN :paused THEN CAST(:reason AS text) END
    FROM prior WHERE o.name = prior.name
    RETURNING {_OWNER}, prior.pause_before, {_pause_json("o")} AS pause_after
    """,
    prior=f"""
        SELECT p.name, p.paused_at IS NOT NULL AND p.paused_reason = :reason AS same,
               {_pause_json("p")} AS pause_before, wait_for_permissions_of(p.name, :paused)
        FROM owners AS p WHERE p.name = :name FOR UPDATE
    """,
    action=f"CASE WHEN :paused THEN '{Action.OWNER_PAUSE}' ELSE '{Action.OWNER_RESUME}' END",
    owner="name",
    target="'owner:' || name",
    before="pause_before",
    after="pause_after",
    when="pause_after <> pause_before",
)


def _queue_pause_json(row: str) -> str:
    """Return SQL for the pause that a row of `owners` has made itself."""
    return f"jsonb_build_object('pausedAt', {row}.queue_paused_at, 'pausedBy', {row}.queue_paused_by)"


# As _PAUSE: it waits for the permissions under way, before it locks the row.
_PAUSE_QUEUE: Final = audited(
    f"""
    UPDATE owners AS o SET
        queue_paused_at = CASE WHEN :paused THEN coalesce(o.queue_paused_at, now()) END,
        queue_paused_by = CASE WHEN :paused THEN CASE WHEN o.queue_paused_at IS NULL THEN :by_actor
                                                      ELSE o.queue_paused_by END END
    FROM prior WHERE o.name = prior.name
    RETURNING {_OWNER}, prior.pause_before, {_queue_pause_json("o")} AS pause_after
    """,
    prior=f"""
        SELECT p.name, {_queue_pause_json("p")} AS pause_before, wait_for_permissions_of(p.name, :paused)
        FROM owners AS p WHERE p.name = :name FOR UPDATE
    """,
    action=f"CASE WHEN :paused THEN '{Action.QUEUE_PAUSE}' ELSE '{Action.QUEUE_RESUME}' END",
    owner="name",
    target="'owner:' || name",
    before="pause_before",
    after="pause_after",
    when="pause_after <> pause_before",
)


class Pause(NamedTuple):
    """Why a job waits for its owner: the sentence of `pause_of`, since when, and whether the owner paused itself."""

    said: str
    since: datetime
    own: bool


@dataclass(frozen=True)
class LimitStore:
    """The limits and pauses of `owners`. Methods that take a name raise `RecordNotFound` if there is no such owner."""

    database: Database

    async def owner(self, name: str) -> Owner:
        """Return an owner."""
        return await self.database.row(Owner, _GET, name=name)

    async def set(self, name: str, changes: Mapping[str, Any], *, by: By = BY_ITSELF) -> Owner:
        """Set the limits that `changes` names, as fields of `OwnerLimits`; None removes one. Return the owner.

        They hold for what is accepted from here on; what is open stays.
        """
        values = {"name": name, "changes": json.dumps(dict(changes))}
        return await self.database.row(Owner, _SET, **values, **by_values(by))

    async def pause(self, name: str, reason: str, *, by: By = BY_ITSELF) -> Owner:
        """Pause an owner: it is permitted no submission from now on, and nothing new is accepted.

        Repeated with the same reason, it changes nothing.
        """
        return await self.database.row(Owner, _PAUSE, name=name, paused=True, reason=reason, **by_values(by))

    async def resume(self, name: str, *, by: By = BY_ITSELF) -> Owner:
        """Resume an owner: what waits goes on by itself. Idempotent."""
        return await self.database.row(Owner, _PAUSE, name=name, paused=False, reason=None, **by_values(by))

    async def pause_queue(self, name: str, *, by: By = BY_ITSELF) -> Owner:
        """Pause an owner's queue for itself: it is permitted no submission from now on, but may still add jobs.

        An admin's pause is another one. What is paused stays so, without the wait for permissions under way: however
        often an owner asks, it keeps nobody else from submitting.
        """
        owner = await self.owner(name)
        if owner.queue_paused_at is not None:
            return owner
        return await self.database.row(Owner, _PAUSE_QUEUE, name=name, paused=True, **by_values(by))

    async def resume_queue(self, name: str, *, by: By = BY_ITSELF) -> Owner:
        """Lift an owner's own pause, and no admin's. Idempotent."""
        return await self.database.row(Owner, _PAUSE_QUEUE, name=name, paused=False, **by_values(by))

    async def paused_owners(self) -> list[tuple[str, datetime | None, datetime | None]]:
        """Return whose jobs wait, since when an admin wants that, and since when they themselves do."""
        rows = await self.database.mappings(_PAUSED_OWNERS)
        return [(row["name"], row["paused_at"], row["queue_paused_at"]) for row in rows]

    async def pause_of_job(self, job_id: UUID) -> Pause | None:
        """Return why a job waits for its permission because of its owner; None if that is not paused."""
        return (await self.pauses_of_jobs([job_id])).get(job_id)

    async def pauses_of_jobs(self, job_ids: Sequence[UUID]) -> dict[UUID, Pause]:
        """Return the same for those of these jobs that wait because their owner is paused."""
        rows = await self.database.mappings(_PAUSES, ids=list(job_ids))
        return {row["id"]: Pause(row["said"], row["since"], row["own"]) for row in rows}


def own_limits(owner: Owner) -> OwnerLimits:
    """Return the limits that an owner has of its own."""
    return OwnerLimits.model_validate({column: getattr(owner, column) for column in _COLUMNS})
