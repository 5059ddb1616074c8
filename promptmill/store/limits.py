"""Limits of owners, and their pauses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
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
    SELECT j.id, pause_of(j.owner) AS pause FROM jobs AS j
    WHERE j.id = ANY (CAST(:ids AS uuid[])) AND pause_of(j.owner) IS NOT NULL AND NOT EXISTS (
        SELECT FROM submissions AS s WHERE s.job_id = j.id AND s.state IN ('intended', 'unknown', 'accepted'))
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
               {_pause_json("p")} AS pause_before, wait_for_permissions(:paused)
        FROM owners AS p WHERE p.name = :name FOR UPDATE
    """,
    action=f"CASE WHEN :paused THEN '{Action.OWNER_PAUSE}' ELSE '{Action.OWNER_RESUME}' END",
    owner="name",
    target="'owner:' || name",
    before="pause_before",
    after="pause_after",
    when="pause_after <> pause_before",
)


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

    async def pause_of_job(self, job_id: UUID) -> str | None:
        """Return who paused the owner of a job that waits for its permission, and why; None if it is not paused."""
        return (await self.pauses_of_jobs([job_id])).get(job_id)

    async def pauses_of_jobs(self, job_ids: Sequence[UUID]) -> dict[UUID, str]:
        """Return the same for those of these jobs that wait because their owner is paused.

        The texts are what `pause_of` says, without a period at the end.
        """
        return {row["id"]: row["pause"] for row in await self.database.mappings(_PAUSES, ids=list(job_ids))}


def own_limits(owner: Owner) -> OwnerLimits:
    """Return the limits that an owner has of its own."""
    return OwnerLimits.model_validate({column: getattr(owner, column) for column in _COLUMNS})
