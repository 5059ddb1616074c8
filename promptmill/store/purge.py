"""Removing what the simulated providers made, before an installation goes live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from promptmill.contracts.access import By
from promptmill.contracts.audit import Action
from promptmill.contracts.purge import Purged
from promptmill.store.audit import audited, by_values
from promptmill.store.database import Database

_LOOK: Final = "SELECT * FROM purge_simulated(CAST(:with_prompts AS boolean), false)"
_PURGE: Final = audited(
    "SELECT * FROM purge_simulated(CAST(:with_prompts AS boolean), true)",
    action=Action.RECORD_PURGE,
    target="'record'",
    after="to_jsonb(acted)",
)
_BASES: Final = "SELECT DISTINCT provider_base FROM submissions"


@dataclass(frozen=True)
class PurgeStore:
    """What `promptmill purge` does."""

    database: Database

    async def bases(self) -> list[str]:
        """Return where submissions were sent to."""
        return [row["provider_base"] for row in await self.database.mappings(_BASES)]

    async def look(self, *, with_prompts: bool) -> Purged:
        """Return what a purge would remove.

        Raises:
            RecordError: Jobs are open, or were submitted to the real WaveSpeed.
        """
        return Purged.model_validate(dict(await self.database.mapping(_LOOK, with_prompts=with_prompts)))

    async def purge(self, *, with_prompts: bool, by: By) -> Purged:
        """Remove it, and return what was removed.

        Raises:
            RecordError: As above.
        """
        values = {"with_prompts": with_prompts, **by_values(by)}
        return Purged.model_validate(dict(await self.database.mapping(_PURGE, **values)))
