"""Who may call: decided by Host, Origin, Sec-Fetch-Site and the bearer token, before anything else is read."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from promptmill.addresses import is_loopback_host
from promptmill.config.settings import Settings

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
WEBHOOKS: Final = "/api/webhooks/"
"""Called by WaveSpeed from outside; authenticated by signature and token instead."""
OPEN_PATHS: Final = ("/", "/healthz", "/readyz", "/docs", "/openapi.json")
"""Paths without a token: the page that asks for it, the documentation, and probes, which cannot send one."""
OPEN_FOLDERS: Final = ("/web/", "/docs/")


@dataclass(frozen=True)
class CallerRules:
    """The rules of one installation.

    Attributes:
    hosts: Allowed `Host` names besides loopback, in lower case.
    token: The token that every call must carry; None requires none.
    """

    hosts: frozenset[str]
    token: bytes | None

    @classmethod
    def of(cls, settings: Settings) -> CallerRules:
        """Return the rules that the settings define."""
        token = settings.api_token.get_secret_value().encode() if settings.api_token else None
        return cls(frozenset(host.lower().rstrip(".") for host in settings.allowed_hosts), token)

    def refusal(self, method: str, path: str, headers: Headers) -> str | None:
        """Return the error code that refuses a call, or None."""
        if path.startswith(WEBHOOKS):
            return None
        if not self.host_allowed(headers.get("host", "")):
            # As if nothing were here: a name that was pointed at this machine must learn nothing.
            return "not_found"
        if method not in SAFE_METHODS and from_another_page(headers):
            return "origin_not_allowed"
        if self.token is not None and not is_open(path) and not self._has_token(headers):
            return "unauthorized"
        return None

    def host_allowed(self, authority: str) -> bool:
        """Return whether a `Host` header names this machine or one of the allowed hosts."""
        host = host_of(authority)
        return host is not None and (host in self.hosts or is_loopback_host(host))

    def _has_token(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        assert self.token is not None
        return scheme.lower() == "bearer" and compare_digest(given.strip().encode("latin-1"), self.token)


def is_open(path: str) -> bool:
    """Return whether a path is readable without a token."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)


def host_of(authority: str) -> str | None:
    """Return the host of a `Host` header in lower case, without port, brackets and final dot; None when malformed."""
    try:
        parts = urlsplit(f"//{authority}")
        _ = parts.port  # raises for a port that is none
    except ValueError:
        return None
    if parts.netloc != authority or "@" in authority or parts.hostname is None:
        return None
    return parts.hostname.rstrip(".")


def from_another_page(headers: Headers) -> bool:
    """Return whether a browser sent this from a page that is not ours.

    The scheme is not compared: behind a proxy that ends TLS the page is https and we are not.
    """
    if headers.get("sec-fetch-site", "").lower() == "cross-site":
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        page = urlsplit(origin)
    except ValueError:
        return True
    return page.scheme not in {"http", "https"} or page.netloc.lower() != headers.get("host", "").lower()
