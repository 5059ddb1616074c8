"""How many connections the API serves at once, and what those beyond the limit get."""

from __future__ import annotations

from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from promptmill.bounded_connections import BoundedProtocol
from promptmill.config.settings import Settings

REFUSED_AT_ONCE: Final = 100
"""Connections beyond the limit that get an error response; any further ones are closed without one."""

OTHER_FILES: Final = 64
"""Files that the process has open besides connections of callers and to Postgres."""

CROWDED: Final = "promptmill.crowded"
"""Key in the scope of requests on a connection beyond the limit."""


class ApiProtocol(BoundedProtocol):
    """The API's protocol: requests on connections beyond the limit are marked."""

    def refuse(self) -> None:
        """Mark this connection's requests."""
        self.app = _crowded(self.app)


def bounded_protocol(most: int) -> type[ApiProtocol]:
    """Return the protocol of a server that serves at most this many connections at once."""
    return type("LimitedProtocol", (ApiProtocol,), {"most": most, "refused_at_once": REFUSED_AT_ONCE})


def open_files(settings: Settings) -> int:
    """Return how many files this process may have open at once, connections among them."""
    return settings.max_connections + REFUSED_AT_ONCE + settings.database_pool_size + OTHER_FILES


def _crowded(app: Any) -> ASGIApp:
    async def marked(scope: Scope, receive: Receive, send: Send) -> None:
        scope[CROWDED] = True
        await app(scope, receive, send)

    return marked
