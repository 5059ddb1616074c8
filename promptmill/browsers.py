"""Checks of `Host`, `Origin` and `Sec-Fetch-Site` against foreign pages, and a guard for servers without a token.

A program sends neither `Origin` nor `Sec-Fetch-Site`; a page on any website can make a browser on this machine send
requests here, and a name that was pointed at this machine (DNS rebinding) lets it read the answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from promptmill.addresses import is_loopback_host


def host_of(authority: str) -> str | None:
    """Return the host of a `Host` header in lower case, without port, brackets and trailing dot; None if malformed."""
    try:
        parts = urlsplit(f"//{authority}")
        _ = parts.port  # raises if the port is invalid
    except ValueError:
        return None
    if parts.netloc != authority or "@" in authority or parts.hostname is None:
        return None
    return parts.hostname.rstrip(".")


def origin_of(origin: str) -> str | None:
    """Return the host and port of an `Origin` header in lower case; None if it is not a web page's."""
    try:
        page = urlsplit(origin)
    except ValueError:
        return None
    return page.netloc.lower() if page.scheme in {"http", "https"} else None


def from_another_page(headers: Mapping[str, str], authority: str) -> bool:
    """Return whether a browser sent a request from a page of another origin than `authority` (host and port).

    The scheme is not compared: behind a proxy that terminates TLS the page is https and we are not.
    """
    if headers.get("sec-fetch-site", "").lower() == "cross-site":
        return True
    origin = headers.get("origin")
    return origin is not None and origin_of(origin) != authority.lower()


@dataclass(frozen=True)
class PageGuard:
    """ASGI middleware for an application without a token: it refuses pages of another origin, and foreign host names.

    Loopback, literal addresses and names without a dot (`worker:9464`) pass as `Host`: nobody can point those here.

    Attributes:
        hosts: Further names that a `Host` may carry, lower case.
        open_paths: Paths that any `Host` may request: probes.
    """

    app: ASGIApp
    hosts: frozenset[str] = frozenset()
    open_paths: frozenset[str] = frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            authority = headers.get("host", "")
            if scope["path"] not in self.open_paths and not self._known(host_of(authority)):
                await PlainTextResponse("Not Found", 404)(scope, receive, send)
                return
            if from_another_page(headers, authority):
                await PlainTextResponse("Calls from other web pages are refused.", 403)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _known(self, host: str | None) -> bool:
        return host is not None and (host in self.hosts or is_loopback_host(host) or _cannot_be_pointed(host))


def _cannot_be_pointed(host: str) -> bool:
    """Return whether a host is an address, or a name that only a network's own resolver knows."""
    try:
        ip_address(host)
    except ValueError:
        return bool(host) and "." not in host
    return True
