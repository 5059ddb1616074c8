"""Wakes the workflows of batches whose jobs have ended, as Postgres tells it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from temporalio.service import RPCError

from promptmill.store.listening import Listener
from promptmill.store.operations import OperationsStore
from promptmill.temporal import WorkflowSignaller

CHANNEL: Final = "promptmill_batches"
"""What `move_job` notifies when a job of a batch has ended."""

GATHER_SECONDS: Final = 0.5
"""For how long news of a batch is gathered into one signal."""

RPC: Final = timedelta(seconds=5)
"""Limit of one signal."""

_log = structlog.get_logger(__name__)


@dataclass(eq=False)
class BatchWaker:
    """Signals each batch of which jobs have ended, at most twice a second. Runs beside a Temporal worker.

    A hint only: a workflow that is not told looks by itself after a while.

    Attributes:
        database_url: A direct connection to Postgres, for LISTEN.
    """

    operations: OperationsStore
    signaller: WorkflowSignaller
    database_url: str
    _news: set[UUID] = field(default_factory=set, init=False)
    _woken: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _stopping: bool = field(default=False, init=False)

    async def run(self) -> None:
        """Wake batches until `shutdown`. Postgres and Temporal may be away at any time."""
        listener = Listener(
            self.database_url,
            CHANNEL,
            self.operations.notify_listeners,
            on_message=self._note,
            on_listening=lambda: None,
            on_lost=lambda: None,
            # Not worth an alarm: then each batch looks by itself.
            on_deaf=lambda: _log.debug("batches_not_notified"),
        )
        listening = asyncio.create_task(listener.run())
        try:
            while not self._stopping:
                await self._woken.wait()
                await asyncio.sleep(GATHER_SECONDS)
                self._woken.clear()
                news, self._news = self._news, set()
                await asyncio.gather(*(self._wake(batch_id) for batch_id in news))
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def shutdown(self) -> None:
        """Wake nobody more."""
        self._stopping = True
        self._woken.set()

    def _note(self, message: Mapping[str, Any]) -> None:
        self._news.add(UUID(message["batchId"]))
        self._woken.set()

    async def _wake(self, batch_id: UUID) -> None:
        try:
            await self.signaller.wake_batch(batch_id, patience=RPC)
        except RPCError as error:
            _log.warning("batch_not_woken", batch_id=str(batch_id), error=str(error))
