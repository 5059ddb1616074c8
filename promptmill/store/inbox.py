"""The inbox of webhooks: each delivery is stored once, and what it proves is recorded immediately."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from promptmill.contracts.resolution import ResolvedBy
from promptmill.contracts.store import Received, WaitingDelivery
from promptmill.metrics import unclear_resolved
from promptmill.store.database import Database

_RECEIVE: Final = """
    SELECT is_new AS new, token_ok, job_known, workflow_open, prediction_id,
           EXISTS (SELECT FROM submissions -- as they were before
                   WHERE job_id = :job_id AND callback_token = :token AND state = 'unknown') AS was_unclear
    FROM receive_webhook(:event_id, :job_id, :token, CAST(:body AS jsonb))
"""
_UNPROCESSED: Final = """
    SELECT event_id, job_id, nullif(body ->> 'id', '') AS prediction_id FROM webhook_deliveries
    WHERE processed_at IS NULL ORDER BY received_at LIMIT :limit
"""
_PROCESSED: Final = """
    UPDATE webhook_deliveries SET processed_at = clock_timestamp()
    WHERE event_id = ANY (CAST(:event_ids AS text[])) AND processed_at IS NULL
"""


@dataclass(frozen=True)
class InboxStore:
    """The `webhook_deliveries` table."""

    database: Database

    async def receive(self, *, event_id: str, job_id: UUID, token: str, body: Mapping[str, Any]) -> Received:
        """Store a webhook whose signature was verified. Safe to repeat.

        The token identifies the submission that requested it: the body's prediction is that submission's, and the job
        advances in the same transaction. If the token is not the job's, nothing is stored.
        """
        values = {"event_id": event_id, "job_id": job_id, "token": token, "body": json.dumps(dict(body))}
        found = dict(await self.database.mapping(_RECEIVE, **values))
        if found.pop("was_unclear") and found["prediction_id"]:
            unclear_resolved.labels(ResolvedBy.WEBHOOK).inc()
        return Received.model_validate(found)

    async def unprocessed(self, limit: int) -> list[WaitingDelivery]:
        """Return deliveries that have not been processed yet, oldest first."""
        found = await self.database.mappings(_UNPROCESSED, limit=limit)
        return [WaitingDelivery.model_validate(dict(row)) for row in found]

    async def processed(self, event_ids: Sequence[str]) -> None:
        """Record that these deliveries have been processed."""
        await self.database.run(_PROCESSED, event_ids=[*event_ids])
