"""`promptmill erase` and `promptmill export`: an owner's words, addresses and outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from promptmill.commands.operator import operator
from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.contracts.erasure import OwnerErasureState
from promptmill.contracts.errors import RecordConflict, RecordNotFound


async def erase_jobs(settings: Settings, ids: Sequence[UUID], say: Callable[[str], None]) -> int:
    """Erase ended jobs of any owner, and say of each what came of it; return how many were not erased.

    Raises:
        RecordUnavailable: Postgres is unreachable.
        ConfigurationError: DATABASE_URL is not set.
    """
    refused = 0
    async with open_record(settings) as store:
        for job_id in ids:
            try:
                job = await store.erasures.erase_job(job_id, by=operator())
            except RecordNotFound:
                told = "there is no such job."
                refused += 1
            except RecordConflict as error:
                told = f"not erased. {error}"
                refused += 1
            else:
                told = (
                    "erased." if job.erased_at else "erased here; Temporal and WaveSpeed follow with the next passes."
                )
            say(f"{job_id}: {told}")
    return refused


async def erase_owner(settings: Settings, owner: str, accepted_until: datetime | None) -> OwnerErasureState:
    """Request the erasure of everything of an owner. Raises as `erase_jobs`, and RecordNotFound."""
    async with open_record(settings) as store:
        try:
            return await store.erasures.erase_owner(owner, accepted_until=accepted_until, by=operator())
        except RecordNotFound:
            raise RecordNotFound(f"There is no owner {owner}: `promptmill owners list` shows all.") from None


async def export_owner(settings: Settings, owner: str, write: Callable[[str], object]) -> None:
    """Write an owner's data as JSON lines. Raises as `erase_owner`."""
    async with open_record(settings) as store:
        await store.export.begin(owner, by=operator())
        async for page in store.export.pages(owner):
            write(page)
