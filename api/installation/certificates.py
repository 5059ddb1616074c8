"""When the TLS certificates end that callers are shown, such as those of a proxy; read every ten minutes at most."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

from promptmill.config.settings import Settings

FRESH_SECONDS: Final = 600.0
"""How long what was read is kept, also that there was nothing to read."""

PATIENCE_SECONDS: Final = 3.0
"""Longest wait for one address: shorter than that of whoever asks for all of them."""


@dataclass
class Certificates:
    """Reads the certificates as any client would see them.

    Attributes:
        addresses: Where they are shown, each as `host:port`.
        clock: Monotonic seconds.
    """

    addresses: Sequence[str]
    clock: Callable[[], float] = time.monotonic
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _seen: Mapping[str, float | None] = field(default_factory=dict, init=False)
    _good_until: float = field(default=0.0, init=False)

    @classmethod
    def of(cls, settings: Settings) -> Certificates:
        """Return those of the addresses that the settings name, and of the public URL."""
        return cls(settings.watched_certificates)

    async def look(self) -> Mapping[str, float | None]:
        """Return when each certificate ends, in seconds since 1970; None if it could not be read."""
        async with self._turn:
            if self.clock() >= self._good_until:
                ends = await asyncio.gather(*(_end_of(address) for address in self.addresses))
                self._seen = dict(zip(self.addresses, ends, strict=True))
                self._good_until = self.clock() + FRESH_SECONDS
            return self._seen


async def _end_of(address: str) -> float | None:
    parts = urlsplit(f"//{address}")
    with suppress(OSError, ssl.SSLError, TimeoutError, ValueError):  # away, no TLS, nothing that can be parsed
        async with asyncio.timeout(PATIENCE_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=_reading())
            try:
                shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            finally:
                writer.transport.abort()
        return x509.load_der_x509_certificate(shown).not_valid_after_utc.timestamp()
    return None


def _reading() -> ssl.SSLContext:
    """Return a context that accepts every certificate: also one that has ended must be read, and nothing is sent.

    Without the trusted authorities, which nobody asks here and which take tens of milliseconds to load.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
