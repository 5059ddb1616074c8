"""Listens on one channel of Postgres over one direct connection, which is re-established when it is lost.

Behind a transaction pooler LISTEN succeeds but no notification ever arrives. So the listener verifies it: it sends
itself a notification through the record and waits for it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import structlog
from uuid_utils import uuid7

from promptmill.contracts.errors import RecordError
from promptmill.store.connection import Connect, connector
from promptmill.store.failures import translated

ROLE: Final = "-listen"
"""Suffix of the connection's name in `pg_stat_activity`."""

CHECK_SECONDS: Final = 20.0
"""How often an idle connection is verified: a firewall may have dropped it silently, or Postgres may have moved."""

ANSWER_SECONDS: Final = 3.0
"""Timeout of one statement, and of the echo."""

FIRST_PAUSE: Final = 0.1
MAX_PAUSE: Final = 5.0
"""Minimum and maximum delay between connection attempts; doubling in between."""

NOT_NOTIFIED_PAUSE: Final = 30.0
"""Delay before reconnecting if notifications do not arrive: usually a setting must be changed."""

_log = structlog.get_logger(__name__)


@dataclass(eq=False)
class Listener:
    """Listens on one channel, whose messages are JSON objects.

    Attributes:
        database_url: A direct connection to Postgres, not a transaction pooler.
        channel: The channel's name.
        notify: Sends a notification through the record: `OperationsStore.notify_listeners`.
        on_message: Called for each message, in commit order. It may raise ValueError, KeyError or TypeError for one
            that it cannot read.
        on_listening: Called once notifications are known to arrive; every message from then on is received.
        on_lost: Called when the connection is lost.
        on_deaf: Called when a connection does not receive its own notification.
        not_notified: Whether the latest connection did not receive its own notification.
    """

    database_url: str
    channel: str
    notify: Callable[[str, str], Awaitable[None]]
    on_message: Callable[[Mapping[str, Any]], None]
    on_listening: Callable[[], None]
    on_lost: Callable[[], None]
    on_deaf: Callable[[], None]
    not_notified: bool = field(default=False, init=False)
    _connect: Connect = field(init=False)
    _echo: str = field(default="", init=False)
    _echoed: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        """Check the address.

        Raises:
            ConfigurationError: It is not a Postgres URL.
        """
        self._connect = connector(self.database_url, command_seconds=ANSWER_SECONDS, role=ROLE)

    async def run(self) -> NoReturn:
        """Listen until cancelled, reconnecting as often as needed."""
        pause = FIRST_PAUSE
        while True:
            try:
                connection = await self._connect()
            except RecordError as error:
                _log.warning("listening_failed", error=str(error), again_in_seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, MAX_PAUSE)
                continue
            pause = FIRST_PAUSE
            await self._listen(connection)
            await asyncio.sleep(NOT_NOTIFIED_PAUSE if self.not_notified else pause)

    async def _listen(self, connection: Any) -> None:
        """Listen until the connection is lost or turns out to receive no notifications."""
        closed = asyncio.Event()
        connection.add_termination_listener(lambda _: closed.set())
        try:
            with translated():
                await connection.add_listener(self.channel, self._receive)
                self.not_notified = not await self._receives_echo()
                if self.not_notified:
                    self.on_deaf()
                    return
                self.on_listening()
                await self._until_lost(closed)
        except RecordError as error:
            _log.warning("listening_lost", error=str(error))
        finally:
            self.on_lost()
            connection.terminate()

    async def _receives_echo(self) -> bool:
        """Send a notification through the record; return whether it arrives."""
        self._echo = uuid7().hex
        self._echoed.clear()
        await self.notify(self.channel, json.dumps({"echo": self._echo}))
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._echoed.wait()
        return self._echoed.is_set()

    async def _until_lost(self, closed: asyncio.Event) -> None:
        while not closed.is_set():
            try:
                async with asyncio.timeout(CHECK_SECONDS):
                    await closed.wait()
            except TimeoutError:
                if not await self._receives_echo():
                    break
        _log.warning(
            "listening_lost",
            error="Postgres closed the connection" if closed.is_set() else "notifications stopped arriving",
        )

    def _receive(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        with suppress(ValueError, KeyError, TypeError):  # anyone with psql may notify
            message = json.loads(payload)
            if "echo" in message:
                if message["echo"] == self._echo:
                    self._echoed.set()
                return
            self.on_message(message)
