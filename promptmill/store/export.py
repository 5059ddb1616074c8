"""An owner's data, line by line, in constant memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from promptmill.contracts.access import By
from promptmill.contracts.audit import Action
from promptmill.contracts.errors import RecordNotFound
from promptmill.store.audit import AuditStore
from promptmill.store.database import Database, RowMapping

JOBS: Final = 20
"""Jobs in one query. Few, because outputs may be inline, megabytes each."""

ROWS: Final = 500

# In the order of the index, backwards: what is accepted during the export comes last.
_KEYSET: Final = """
    owner = :owner AND (created_at, id) > (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid))
    ORDER BY created_at, id LIMIT :limit
"""
_JOBS: Final = f"""
    SELECT id, created_at, json_build_object('kind', 'job', 'data', row_to_json(jobs))::text AS line
    FROM jobs WHERE {_KEYSET}
"""
_PROMPT_JOBS: Final = f"""
    SELECT id, created_at, json_build_object('kind', 'promptJob', 'data', row_to_json(prompt_generation_jobs))::text
               AS line
    FROM prompt_generation_jobs WHERE job_id IS NULL AND {_KEYSET}
"""
_OF_JOBS: Final = (
    """
    SELECT json_build_object('kind', 'promptJob', 'data', row_to_json(p))::text AS line
    FROM prompt_generation_jobs AS p WHERE p.job_id = ANY (CAST(:ids AS uuid[])) ORDER BY p.job_id
    """,
    # The token is a secret between WaveSpeed and this installation; the fingerprint is of its key.
    """
    SELECT json_build_object(
               'kind', 'submission', 'data', to_jsonb(s) - 'callback_token' - 'key_fingerprint')::text AS line
    FROM submissions AS s WHERE s.job_id = ANY (CAST(:ids AS uuid[])) ORDER BY s.number
    """,
    """
    SELECT json_build_object('kind', 'event', 'data', row_to_json(e))::text AS line
    FROM job_events AS e WHERE e.job_id = ANY (CAST(:ids AS uuid[])) ORDER BY e.job_id, e.sequence
    """,
    """
    SELECT json_build_object('kind', 'webhook', 'data', row_to_json(w))::text AS line
    FROM webhook_deliveries AS w WHERE w.job_id = ANY (CAST(:ids AS uuid[])) ORDER BY w.received_at
    """,
    """
    SELECT json_build_object('kind', 'storedOutput', 'data', row_to_json(o))::text AS line
    FROM stored_outputs AS o WHERE o.job_id = ANY (CAST(:ids AS uuid[])) ORDER BY o.job_id, o.index
    """,
    """
    SELECT json_build_object('kind', 'tag', 'data', row_to_json(t))::text AS line
    FROM job_tags AS t WHERE t.job_id = ANY (CAST(:ids AS uuid[])) ORDER BY t.job_id, t.tag
    """,
    """
    SELECT json_build_object('kind', 'collectionOutput', 'data', row_to_json(o))::text AS line
    FROM collection_outputs AS o WHERE o.job_id = ANY (CAST(:ids AS uuid[])) ORDER BY o.job_id, o.index
    """,
)
_KEPT: Final = tuple(
    f"""
    SELECT id, created_at, json_build_object('kind', '{kind}', 'data', row_to_json({table}))::text AS line
    FROM {table} WHERE {_KEYSET}
    """
    for kind, table in (("template", "templates"), ("collection", "collections"), ("batch", "batches"))
)
# What was approved or cancelled is in rows, or gone.
_PROPOSALS: Final = f"""
    SELECT id, created_at, json_build_object('kind', 'batchProposal', 'data', row_to_json(waiting))::text AS line
    FROM (SELECT b.id, b.owner, b.created_at, p.prompt_job_id, p.request, p.approved
          FROM batch_proposals AS p JOIN batches AS b ON b.id = p.batch_id WHERE p.request IS NOT NULL) AS waiting
    WHERE {_KEYSET}
"""
_ROWS_OF_BATCHES: Final = """
    SELECT json_build_object('kind', 'batchRow', 'data', row_to_json(r))::text AS line, r.batch_id, r.key
    FROM batch_rows AS r JOIN batches AS b ON b.id = r.batch_id
    WHERE b.owner = :owner AND (r.batch_id, r.key) > (CAST(:after_id AS uuid), CAST(:after_key AS text))
    ORDER BY r.batch_id, r.key LIMIT :limit
"""
_SPENDING: Final = """
    SELECT json_build_object('kind', 'spending', 'data', row_to_json(s))::text AS line
    FROM spending AS s WHERE owner = :owner ORDER BY day, provider, model, key_id
"""
_STYLES: Final = """
    SELECT json_build_object('kind', 'promptStyle', 'data', row_to_json(s))::text AS line
    FROM prompt_styles AS s WHERE owner = :owner ORDER BY name
"""
_FIRST: Final = datetime.min.replace(tzinfo=UTC), UUID(int=0)


@dataclass(frozen=True)
class ExportStore:
    """Reads everything that the record holds of an owner."""

    database: Database

    async def begin(self, owner: str, *, by: By) -> None:
        """Write the export into the audit log, before the first line is read.

        Raises:
            RecordNotFound: There is no such owner.
        """
        if not await self.database.value("SELECT EXISTS (SELECT FROM owners WHERE name = :owner)", owner=owner):
            raise RecordNotFound(f"There is no owner {owner}.")
        await AuditStore(self.database).note(by, Action.OWNER_EXPORT, owner=owner, target=f"owner:{owner}")

    async def pages(self, owner: str) -> AsyncIterator[str]:
        """Yield JSON lines, `kind` and `data` each: jobs oldest first, each page followed by what belongs to its jobs.

        `data` has the columns of the table; ratings are columns of jobs and prompt jobs. The last line is
        `{"kind": "end", "lines": n}` with the number of lines before it: without it, the export was broken off.
        """
        lines = 0
        async for jobs in self._keyset(_JOBS, owner, JOBS):
            lines += len(jobs)
            yield _text(jobs)
            for query in _OF_JOBS:
                rows = await self.database.mappings(query, ids=[row["id"] for row in jobs])
                lines += len(rows)
                yield _text(rows)
        async for rows in self._keyset(_PROMPT_JOBS, owner, ROWS):
            lines += len(rows)
            yield _text(rows)
        for query in _KEPT:
            async for rows in self._keyset(query, owner, ROWS):
                lines += len(rows)
                yield _text(rows)
        async for rows in self._keyset(_PROPOSALS, owner, 1):  # each has a whole table
            lines += len(rows)
            yield _text(rows)
        async for rows in self._rows_of_batches(owner):
            lines += len(rows)
            yield _text(rows)
        rest = [
            *await self.database.mappings(_STYLES, owner=owner),
            *await self.database.mappings(_SPENDING, owner=owner),
        ]
        yield f'{_text(rest)}{{"kind": "end", "lines": {lines + len(rest)}}}\n'

    async def _keyset(self, query: str, owner: str, size: int) -> AsyncIterator[list[RowMapping]]:
        at, row_id = _FIRST
        while True:
            page = await self.database.mappings(query, owner=owner, after_at=at, after_id=row_id, limit=size)
            if page:
                yield page
            if len(page) < size:
                return
            at, row_id = page[-1]["created_at"], page[-1]["id"]

    async def _rows_of_batches(self, owner: str) -> AsyncIterator[list[RowMapping]]:
        after_id, after_key = _FIRST[1], ""
        while page := await self.database.mappings(
            _ROWS_OF_BATCHES, owner=owner, after_id=after_id, after_key=after_key, limit=ROWS
        ):
            yield page
            after_id, after_key = page[-1]["batch_id"], page[-1]["key"]


def _text(rows: Sequence[RowMapping]) -> str:
    return "".join(f"{row['line']}\n" for row in rows)
