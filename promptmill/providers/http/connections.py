"""Connections to providers: HTTP/1.1, no redirects, no retries, no surprises from the environment."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from promptmill.addresses import is_loopback_url
from promptmill.contracts.errors import ConfigurationError
from promptmill.providers.http.answers import IDENTITY

CONNECT_SECONDS: Final = 10.0
"""Timeout of the TCP handshake, and of the TLS handshake after it."""

_CONNECT_SHARE: Final = 1 / 3
"""Share of the whole call that each handshake may take at most: both must end before the caller's own timeout, because
httpcore closes a connection whose handshake timed out, but not one whose handshake was cancelled."""


@asynccontextmanager
async def open_connection(
    base: str, *, timeout_seconds: float, variable: str, keep_alive: bool = True
) -> AsyncIterator[httpx.AsyncClient]:
    """Open an HTTP client for one provider and close it afterwards.

    Args:
        base: Base URL of the provider's API.
        timeout_seconds: Timeout of a call; callers enforce it for the call as a whole.
        variable: The setting that `base` comes from, for the error message.
        keep_alive: Whether connections are reused. Never for paid calls: a pooled connection that the other side has
            just closed looks like a request that may have arrived.

    Raises:
        ConfigurationError: `base` is not an http or https URL.
    """
    _check_base(base, variable)
    async with httpx.AsyncClient(
        http1=True,
        http2=False,
        follow_redirects=False,
        timeout=httpx.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds * _CONNECT_SHARE)),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None if keep_alive else 0),
        headers={"Accept-Encoding": IDENTITY},
        # A company's proxy is honoured, but simulators on this machine bypass it.
        trust_env=not is_loopback_url(base),
        verify=trusted_authorities(),
    ) as http:
        yield http


@cache
def trusted_authorities() -> ssl.SSLContext:
    """Return the trusted CAs: httpx's defaults, or those in `SSL_CERT_FILE`.

    Cached per process: loading them takes 20 ms of CPU time, and every client would load them itself.
    """
    return httpx.create_ssl_context()


def _check_base(base: str, variable: str) -> None:
    try:
        parts = urlsplit(base)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise ConfigurationError(f"{variable} is not a URL such as https://host or http://127.0.0.1:3901.")


def plain_key(api_key: SecretStr | None) -> str:
    """Return the key as text, stripped of surrounding whitespace; empty if there is none."""
    return api_key.get_secret_value().strip() if api_key else ""


def fingerprint(api_key: SecretStr | None) -> str:
    """Return the first 12 hexadecimal digits of the key's SHA-256: the record's name for it. Empty without a key."""
    key = plain_key(api_key)
    return sha256(key.encode()).hexdigest()[:12] if key else ""


def key_problem(key: str, variable: str) -> str | None:
    """Return why the key cannot be sent at all, naming the setting, or None.

    A key that is not valid in a header would fail only while the request is written, with the key in the error message.
    """
    if not key:
        return f"{variable} is not set."
    if not (key.isascii() and key.isprintable()) or " " in key:
        return f"{variable} contains characters that are not valid in a key."
    return None


def authorization(key: str) -> dict[str, str]:
    """Return the authorization header."""
    return {"Authorization": f"Bearer {key}", "Accept": "application/json"}
