"""`promptmill purge`: removes what the simulated providers made, before an installation goes live."""

from __future__ import annotations

from promptmill.addresses import is_loopback_url
from promptmill.commands.operator import operator
from promptmill.config.settings import Settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.contracts.purge import Purged
from promptmill.formats import money
from promptmill.store import open_store


async def purge_simulated(settings: Settings, *, with_prompts: bool, apply: bool) -> Purged:
    """Remove what the simulated WaveSpeed made, or say what that would be.

    Raises:
        ConfigurationError: Something was submitted to another WaveSpeed than a simulator.
        RecordError: Jobs are open, or were accepted for the real WaveSpeed and submitted; or Postgres is unavailable.
    """
    async with open_store(settings.require_direct_database_url(), pool_size=1, command_seconds=None) as store:
        # A job says what it was accepted for, a submission where it went: both must be simulators.
        if not all(map(is_loopback_url, await store.purge.bases())):
            raise ConfigurationError(
                "Jobs of this record were submitted to the real WaveSpeed: nothing was removed. PROMPTMILL_KEEP_DAYS "
                "removes old jobs, whatever they were."
            )
        if not apply:
            return await store.purge.look(with_prompts=with_prompts)
        return await store.purge.purge(with_prompts=with_prompts, by=operator())


def purge_line(purged: Purged) -> str:
    """Describe it."""
    return (
        f"{purged.jobs:,} jobs, {purged.prompt_jobs:,} prompt jobs, {purged.submissions:,} submissions, "
        f"{purged.webhooks:,} webhooks, and {money(purged.spent_usd)} of what was spent"
    )
