"""`promptmill retention`: how many rows are past their time, before the reconciler deletes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from promptmill.config.settings import Settings
from promptmill.contracts.reconciliation import DeletedRows
from promptmill.store import open_store

_NAMES: Final = {
    "jobs": "ended jobs",
    "prompt_jobs": "ended stand-alone prompt jobs",
    "webhooks": "webhooks",
    "idempotency_keys": "Idempotency-Keys",
    "queue_minutes": "minutes of statistics",
    "audit_entries": "entries of the audit log",
}


async def count_expired(settings: Settings) -> DeletedRows:
    """Count what is past its time, by the settings.

    Raises:
        RecordUnavailable: Postgres is unavailable.
    """
    async with open_store(settings.require_direct_database_url(), pool_size=1, command_seconds=None) as store:
        return await store.upkeep.expired(
            settings.keep_days,
            settings.audit_days,
            webhook_days=settings.webhook_days,
            key_days=settings.idempotency_days,
        )


def retention_lines(expired: DeletedRows) -> Iterator[str]:
    """Yield a line for each kind of row."""
    for name, rows in expired.model_dump().items():
        yield f"{rows:>12,}  {_NAMES[name]}"
