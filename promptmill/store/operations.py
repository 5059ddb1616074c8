"""What operators and readiness ask: switches, counters, the schema's version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.prompts import PromptJobStatus
from promptmill.store.database import Database, column_list
from sql.models import Switch

_COUNTS: Final = """
    SELECT table_name, status, CAST(sum(n) AS bigint) AS n FROM status_counters GROUP BY table_name, status
"""
_OPEN_PREDICTIONS: Final = """
    SELECT CAST(coalesce(sum(n), 0) AS bigint) FROM status_counters WHERE table_name = 'jobs' AND status = 'generating'
"""
_SET_SWITCH: Final = """
    INSERT INTO switches (name, value, reason) VALUES (:name, :value, :reason)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, reason = excluded.reason, changed_at = now()
"""


@dataclass(frozen=True)
class OperationsStore:
    """Switches, counters and versions."""

    database: Database

    async def ping(self) -> None:
        """Ask Postgres for a sign of life."""
        await self.database.run("SELECT 1")

    async def schema_revision(self) -> str | None:
        """Return the schema's revision; None while there is no schema."""
        if await self.database.value("SELECT CAST(to_regclass('alembic_version') AS text)") is None:
            return None
        revision = await self.database.value("SELECT version_num FROM alembic_version")
        return revision if revision is None else str(revision)

    async def switches(self) -> dict[str, Switch]:
        """Return all switches by name."""
        query = f"SELECT {column_list(Switch)} FROM switches"
        return {switch.name: switch for switch in await self.database.rows(Switch, query)}

    async def set_switch(self, name: str, value: str | None, reason: str | None = None) -> None:
        """Set a switch, whatever it was before."""
        await self.database.run(_SET_SWITCH, name=name, value=value, reason=reason)

    async def counts(self) -> dict[str, dict[str, int]]:
        """Return the number of rows by table (`jobs`, `prompt_generation_jobs`) and status, zeros included.

        Read from the counters: it counts no rows.
        """
        counts: dict[str, dict[str, int]] = {
            "jobs": dict.fromkeys(map(str, JobStatus), 0),
            "prompt_generation_jobs": dict.fromkeys(map(str, PromptJobStatus), 0),
        }
        for row in await self.database.mappings(_COUNTS):
            counts[row["table_name"]][row["status"]] = row["n"]
        return counts

    async def open_predictions(self) -> int:
        """Return how many jobs wait for WaveSpeed to finish."""
        return int(await self.database.value(_OPEN_PREDICTIONS))
