"""Tends the storage of outputs: starts what waits, tells of what may be lost, deletes what is not wanted any more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from temporalio import activity

from promptmill.contracts.errors import StorageUnavailable
from promptmill.contracts.outputs import StorageReport
from promptmill.outputs.naming import all_paths
from promptmill.outputs.storage import OutputStorage
from promptmill.store import Store
from promptmill.temporal import WorkflowStarter

_log = structlog.get_logger(__name__)

_RPC: Final = timedelta(seconds=5)
_STARTS_PER_PASS: Final = 200
_DELETED_PER_PASS: Final = 500
_DELETE_SECONDS: Final = 20.0
"""Time limit of deleting in one pass; the rest follows in the next one."""


@dataclass(frozen=True)
class StorageActivities:
    """What the reconciler does for stored outputs.

    Attributes:
        storage: None if outputs are not stored.
    """

    store: Store
    storage: OutputStorage | None
    starter: WorkflowStarter

    @activity.defn
    async def tend_storage(self) -> StorageReport:
        """Do what is due, and return how much. Safe to repeat: a duplicate start is refused, and so is nothing else."""
        if self.storage is None:
            return StorageReport()
        waiting = await self.store.outputs.claim(_STARTS_PER_PASS)
        for job_id in waiting:
            await self.starter.start_storing(job_id, patience=_RPC)
        await self._warn()
        return StorageReport(storing_started=len(waiting), files_deleted=await self._delete(self.storage))

    async def _warn(self) -> None:
        for output in await self.store.outputs.warn():
            _log.warning(
                "output_at_risk",
                job_id=str(output.job_id),
                index=output.index,
                problem=output.problem or "Nobody has tried to store it yet.",
                expires_at=output.expires_at.isoformat(),
                action="Download it before WaveSpeed deletes it; why it waits: docs/operations.md, 'Stored outputs'.",
            )

    async def _delete(self, storage: OutputStorage) -> int:
        """Delete files that are not wanted any more, each with what lies beside it; return how many."""
        deleted: list[str] = []
        try:
            async with asyncio.timeout(_DELETE_SECONDS):
                for path in await self.store.outputs.take_removals(_DELETED_PER_PASS):
                    try:
                        await storage.delete(all_paths(path))
                    except StorageUnavailable as error:
                        _log.warning("stored_file_not_deleted", problem=str(error))
                        await self.store.outputs.end_removals([path], str(error))
                        break  # the others would meet the same
                    deleted.append(path)
        except TimeoutError:
            _log.warning("deleting_cut_short", done=len(deleted))
        await self.store.outputs.end_removals(deleted)
        return len(deleted)
