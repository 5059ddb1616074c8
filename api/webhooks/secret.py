"""The signing secret of WaveSpeed's webhooks: configured, or fetched when the first webhook arrives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog
from pydantic import SecretStr

from promptmill.contracts.errors import ProviderError

REFRESH_SECONDS: Final = 60.0
"""How long a fetched secret is kept despite failed checks: forged webhooks must not trigger endless fetches."""

FETCH_RETRY_SECONDS: Final = 5.0
"""Pause after WaveSpeed failed to return the secret."""

_log = structlog.get_logger(__name__)


@dataclass
class WebhookSecret:
    """Verifies signatures with the current secret.

    Attributes:
        configured: The secret from the settings; if set, nothing is ever fetched.
        fetch: Fetches it from WaveSpeed.
        clock: Monotonic seconds.
    """

    configured: SecretStr | None
    fetch: Callable[[], Awaitable[SecretStr]]
    clock: Callable[[], float] = time.monotonic
    _known: SecretStr | None = field(default=None, init=False)
    _asked_at: float | None = field(default=None, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def verify(self, check: Callable[[str], bool]) -> bool | None:
        """Return whether `check` accepts the secret, refetching it if necessary; None while no secret is known."""
        secret = self.configured or self._known or await self._newer_than(None)
        if secret is None:
            return None
        if check(secret.get_secret_value()):
            return True
        newer = secret if self.configured else await self._newer_than(secret)
        return newer is not None and newer != secret and check(newer.get_secret_value())

    async def _newer_than(self, refused: SecretStr | None) -> SecretStr | None:
        """Return WaveSpeed's current secret, or the known one if WaveSpeed cannot or must not be asked."""
        async with self._lock:
            if self._known == refused and self._may_ask():
                self._asked_at = self.clock()
                try:
                    self._known = await self.fetch()
                except ProviderError as error:
                    _log.warning("webhook_secret_unknown", error=str(error))
            return self._known

    def _may_ask(self) -> bool:
        pause = FETCH_RETRY_SECONDS if self._known is None else REFRESH_SECONDS
        return self._asked_at is None or self.clock() - self._asked_at >= pause
