"""The audit log: who did what. An entry is part of the statement that does it: neither exists without the other."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from promptmill.contracts.access import By
from promptmill.contracts.audit import Action, AuditFilter
from promptmill.store.database import Database, column_list
from sql.models import AuditEntry

Entries = list[AuditEntry]

PAGE: Final = 1000
"""How many entries `pages` reads at a time."""

_INSERT: Final = "INSERT INTO audit_log (actor, request_id, address, action, owner, target, before, after)"
_BY: Final = "CAST(:by_actor AS text), CAST(:by_request_id AS text), CAST(:by_address AS text)"
_NOTE: Final = f"""
    {_INSERT} VALUES ({_BY}, :action, :owner, :target, CAST(:before AS jsonb), CAST(:after AS jsonb))
    ON CONFLICT DO NOTHING
"""
_FILTERS: Final = {
    "actor": "actor = :actor",
    "owner": "owner = :owner",
    "action": "action = :action",
    "target": "target = :target",
    "since": "at >= CAST(:since AS timestamptz)",
    "until": "at < CAST(:until AS timestamptz)",
    "before": "(at, id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS bigint))",
}
"""A condition for each field of `AuditFilter`, used if the field is set."""


def audited(
    act: str,
    *,
    action: str,
    target: str,
    owner: str = "NULL",
    before: str = "NULL",
    after: str = "NULL",
    when: str = "true",
    prior: str = "",
) -> str:
    """Return a statement that does what `act` does, returns its rows, and writes an entry for each.

    It takes the values of `by_values` besides its own.

    Args:
        act: A query that returns what it has done.
        action: An `Action`, or an expression in SQL over the columns of `act`, as are all the following.
        target: Kind and id of what was changed, such as `'job:' || id`.
        owner: Whom it concerns; NULL: the whole installation.
        before: What `after` replaces, as jsonb.
        after: What it is now, as jsonb; never a secret or a prompt.
        when: Whether anything was changed.
        prior: A query of the row before, which locks it; `act` selects from it (`prior`), so that it is run first.
    """
    first = f"prior AS MATERIALIZED ({prior}), " if prior else ""
    word = f"'{action}'" if action in list(Action) else action
    return f"""
        WITH {first}acted AS ({act}), told AS (
            {_INSERT}
            SELECT {_BY}, {word}, {owner}, {target}, CAST({before} AS jsonb), CAST({after} AS jsonb)
            FROM acted WHERE {when}
        )
        SELECT * FROM acted
    """


def by_values(by: By) -> dict[str, str | None]:
    """Return the parameters of an audited statement that say who runs it."""
    return {"by_actor": by.actor, "by_request_id": by.request_id, "by_address": by.address}


@dataclass(frozen=True)
class AuditStore:
    """The `audit_log` table. Entries can be added and read; only their retention deletes any."""

    database: Database

    async def note(
        self,
        by: By,
        action: Action,
        *,
        owner: str | None = None,
        target: str | None = None,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> None:
        """Add an entry for what was done elsewhere than in the record.

        A second refusal of somebody at an address within the same minute is left out.
        """
        told = {name: value and json.dumps(value) for name, value in (("before", before), ("after", after))}
        await self.database.run(_NOTE, **by_values(by), action=action, owner=owner, target=target, **told)

    async def list(self, where: AuditFilter) -> Entries:
        """Return entries, newest first."""
        query, values = listing(where)
        return await self.database.rows(AuditEntry, query, **values)

    async def pages(self, where: AuditFilter) -> AsyncIterator[Entries]:
        """Yield all entries, newest first, `PAGE` at a time: no number of them fills the memory."""
        before = where.before
        while True:
            found = await self.list(where.model_copy(update={"before": before, "limit": PAGE}))
            yield found
            if len(found) < PAGE:
                return
            before = found[-1].at, found[-1].id

    async def delete_expired(self, keep_days: float) -> int:
        """Delete entries older than `keep_days` (0 keeps them), at most a thousand; return how many."""
        query = "SELECT delete_expired_audit(CAST(:keep_days AS double precision))"
        return int(await self.database.value(query, keep_days=keep_days))


def listing(where: AuditFilter) -> tuple[str, dict[str, Any]]:
    """Return the query of a page of entries, and its parameters."""
    values: dict[str, Any] = where.model_dump(exclude={"before", "limit"}, exclude_none=True)
    conditions = ["true", *(_FILTERS[name] for name in values)]
    if where.before is not None:
        conditions.append(_FILTERS["before"])
        values |= {"before_at": where.before[0], "before_id": where.before[1]}
    query = f"""
        SELECT {column_list(AuditEntry)} FROM audit_log WHERE {" AND ".join(conditions)}
        ORDER BY at DESC, id DESC LIMIT :limit
    """
    return query, {**values, "limit": where.limit}
