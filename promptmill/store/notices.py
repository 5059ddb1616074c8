"""Listens for the record's changes, which `append_job_event`, `tell_job_changed` and `tell_batch_changed` announce."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, NoReturn
from uuid import UUID

import structlog

from promptmill.store.listening import Listener

CHANNEL: Final = "promptmill_events"
"""The channel on which changes are announced."""

NOT_NOTIFIED: Final = (
    "Live streams are unavailable: LISTEN does not work through a transaction pooler. "
    "Set PROMPTMILL_DATABASE_DIRECT_URL to a direct connection to Postgres."
)

_log = structlog.get_logger(__name__)


class Notice(NamedTuple):
    """One change of one job: the event with this sequence was committed; 0 for a change without an event."""

    job_id: UUID
    owner: str
    sequence: int


@dataclass(eq=False)
class NoticeListener:
    """Listens for the record's changes on one connection: see `Listener`.

    Attributes:
        on_notice: Called for each change, in commit order.
        on_batch: Called with the owner and the id of a batch that is to be read again.
    """

    database_url: str
    notify: Callable[[str, str], Awaitable[None]]
    on_notice: Callable[[Notice], None]
    on_batch: Callable[[str, UUID], None]
    on_listening: Callable[[], None]
    on_lost: Callable[[], None]
    _listener: Listener = field(init=False)

    def __post_init__(self) -> None:
        """Check the address.

        Raises:
            ConfigurationError: It is not a Postgres URL.
        """
        self._listener = Listener(
            self.database_url,
            CHANNEL,
            self.notify,
            on_message=self._read,
            on_listening=self.on_listening,
            on_lost=self.on_lost,
            on_deaf=lambda: _log.error("listening_deaf", action=NOT_NOTIFIED),
        )

    @property
    def not_notified(self) -> bool:
        """Whether the latest connection did not receive its own notification."""
        return self._listener.not_notified

    async def run(self) -> NoReturn:
        """Listen until cancelled, reconnecting as often as needed."""
        await self._listener.run()

    def _read(self, message: Mapping[str, Any]) -> None:
        if "batchId" in message:
            self.on_batch(str(message["owner"]), UUID(message["batchId"]))
            return
        self.on_notice(Notice(UUID(message["jobId"]), str(message["owner"]), int(message["sequence"])))
