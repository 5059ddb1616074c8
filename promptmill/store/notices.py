"""Listens for changes in Postgres on one direct connection, which is re-established when it is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, NoReturn
from uuid import UUID

import structlog

from promptmill.contracts.errors import RecordError
from promptmill.store.connection import connector, driver_address
from promptmill.store.failures import translated

CHANNEL: Final = "promptmill_events"
"""The channel on which `append_job_event` and `tell_job_changed` notify of each change."""

APPLICATION: Final = "promptmill-listen"
"""The connection's name in `pg_stat_activity`."""

CHECK_SECONDS: Final = 20.0
"""How often an idle connection is probed: a firewall may have dropped it silently."""

ANSWER_SECONDS: Final = 5.0
FIRST_PAUSE: Final = 0.1
MAX_PAUSE: Final = 5.0
"""Minimum and maximum delay between connection attempts; doubling in between."""

_log = structlog.get_logger(__name__)


class Notice(NamedTuple):
    """One change of one job: the event with this sequence was committed; 0 for a change that is no event."""

    job_id: UUID
    owner: str
    sequence: int


@dataclass(frozen=True)
class NoticeListener:
    """Listens to the record's changes through one connection.

    Attributes:
        database_url: Postgres itself, not a transaction pooler.
        heard: Called for each change, in the order of their commits.
        begun: Called once changes are heard: all from then on.
        lost: Called when the connection is lost.
    """

    database_url: str
    heard: Callable[[Notice], None]
    begun: Callable[[], None]
    lost: Callable[[], None]

    def __post_init__(self) -> None:
        """Check the address.

        Raises:
            ConfigurationError: It is not a Postgres URL.
        """
        driver_address(self.database_url)

    async def run(self) -> NoReturn:
        """Listen indefinitely, reconnecting as often as needed."""
        connect = connector(self.database_url, command_seconds=ANSWER_SECONDS, application=APPLICATION)
        pause = FIRST_PAUSE
        while True:
            try:
                with translated():
                    connection = await connect()
            except RecordError as error:
                _log.warning("listening_failed", error=str(error), again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, MAX_PAUSE)
                continue
            pause = FIRST_PAUSE
            await self._listen(connection)
            await asyncio.sleep(pause)

    async def _listen(self, connection: Any) -> None:
        """Listen until the connection is lost."""
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            with translated():
                await connection.add_listener(CHANNEL, self._take)
                self.begun()
                await _until_lost(connection, lost)
        except RecordError as error:
            _log.warning("listening_lost", error=str(error))
        finally:
            self.lost()
            connection.terminate()

    def _take(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        with suppress(ValueError, KeyError, TypeError):  # anyone with psql may notify
            told = json.loads(payload)
            self.heard(Notice(UUID(told["jobId"]), str(told["owner"]), int(told["sequence"])))


async def _until_lost(connection: Any, lost: asyncio.Event) -> None:
    while not lost.is_set():
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await lost.wait()
        except TimeoutError:
            await connection.execute("SELECT 1")
    _log.warning("listening_lost", error="Postgres closed the connection")
