"""The delivery state of callbacks; attempts are recorded in the job's timeline."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from promptmill.store.database import Database
from promptmill.store.own_secrets import own_secret

SIGNING_KEY: Final = "callback-secret"
"""The switch that holds the installation's generated secret."""

_NOTE: Final = "SELECT FROM note_callback(:job_id, CAST(:detail AS jsonb), :ended)"


@dataclass(frozen=True)
class CallbackStore:
    """The callbacks of jobs. Reports are idempotent."""

    database: Database

    async def note_attempt(self, job_id: UUID, attempt: int, status_code: int | None, error: str | None = None) -> None:
        """Record one delivery attempt: the receiver's HTTP status, or why there is none.

        Raises:
            RecordNotFound: There is no such job.
        """
        detail = {"callback": "attempt", "attempt": attempt, "statusCode": status_code, "error": error}
        await self._note(job_id, detail, ended=False)

    async def end(
        self,
        job_id: UUID,
        *,
        delivered: bool,
        attempts: int,
        status_code: int | None = None,
        error: str | None = None,
    ) -> None:
        """Record that the callback was delivered or abandoned.

        Raises:
            RecordNotFound: There is no such job.
        """
        word = "delivered" if delivered else "given_up"
        detail = {"callback": word, "attempts": attempts, "statusCode": status_code, "error": error}
        await self._note(job_id, detail, ended=True)

    async def secret(self, new: str) -> str:
        """Return the signing secret used if none is configured; `new` is stored if there was none."""
        return await own_secret(self.database, SIGNING_KEY, new)

    async def _note(self, job_id: UUID, detail: dict[str, Any], *, ended: bool) -> None:
        told = {name: value for name, value in detail.items() if value is not None}
        await self.database.run(_NOTE, job_id=job_id, detail=json.dumps(told), ended=ended)
