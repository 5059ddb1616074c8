"""`promptmill web-ui`: a proxy that protects Temporal's Web UI from other web pages in the same browser."""

from __future__ import annotations

import asyncio
import signal

from api.http.callers import CallerRules
from promptmill.config.settings import Settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.local.ports import Address
from promptmill.local.web_ui import serve_front


def run_web_ui(settings: Settings, *, listen: str, upstream: str) -> None:
    """Serve the proxy until SIGINT or SIGTERM.

    Args:
        listen: `host:port` for browsers; PROMPTMILL_ALLOWED_HOSTS names hosts beside loopback.
        upstream: `host:port` of the Web UI itself.

    Raises:
        ConfigurationError: An address is wrong, or is in use.
    """
    try:
        asyncio.run(_serve(Address.parse(listen), Address.parse(upstream), CallerRules.of(settings)))
    except ValueError as error:
        raise ConfigurationError(f"{error}.") from None
    except OSError as error:
        raise ConfigurationError(f"Cannot listen on {listen}: {error.strerror or error}.") from None


async def _serve(listen: Address, upstream: Address, rules: CallerRules) -> None:
    serving = asyncio.create_task(serve_front(listen, upstream, rules))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, serving.cancel)
    try:
        await serving
    except asyncio.CancelledError:
        if not serving.cancelled():
            raise
