"""Connects to addresses that others gave us, and never into our own network.

A provider's address comes from the operator; a callback's from whoever may create jobs, an output's from a response.
The name is resolved here, each address that it has is checked, and a connection goes to exactly the address that was
checked: what the name resolves to a moment later changes nothing, and neither does a redirect or a proxy.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

from promptmill.addresses import address_error, url_error
from promptmill.contracts.errors import PromptmillError, cut
from promptmill.providers.http.answers import IDENTITY
from promptmill.providers.http.connections import trusted_authorities
from promptmill.providers.http.redaction import redact

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Resolves a host name and port to IP addresses; raises OSError if there are none."""

_ADDRESSES: Final = 4
"""Maximum number of addresses of one name to try."""

SHARE: Final = 1 / 4
"""Share of the total timeout for name resolution, each connection and each TLS handshake."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Resolve a name with this machine's resolver, in its order.

    Raises:
        OSError: The name has no address.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class AddressRefused(PromptmillError):
    """This address is not allowed."""

    code = "address_refused"


class AddressUnknown(PromptmillError):
    """A name does not resolve."""

    code = "address_unknown"


@dataclass(frozen=True)
class CheckedHosts:
    """Judges URLs, and resolves their hosts.

    Attributes:
        resolver: Resolves names to addresses.
        timeout_seconds: Of the call as a whole: resolving takes a share of it.
        allow_private: Whether private networks are allowed (also over plain http).
    """

    resolver: Resolver
    timeout_seconds: float
    allow_private: bool

    def judged(self, url: str) -> httpx.URL:
        """Return a URL whose text is allowed.

        Raises:
            AddressRefused: It is not.
        """
        error = url_error(url, allow_private=self.allow_private)
        if error is not None:
            raise AddressRefused(f"the URL {error}")
        try:
            return httpx.URL(url)
        except httpx.InvalidURL:
            raise AddressRefused("the URL is invalid") from None

    async def addresses(self, target: httpx.URL) -> Sequence[str]:
        """Resolve a URL's name once. A single forbidden address refuses it.

        Raises:
            AddressRefused: The name leads where nobody may send us.
            AddressUnknown: It leads nowhere, or resolving it takes too long.
        """
        host, port = target.raw_host.decode("ascii"), target.port or (443 if target.scheme == "https" else 80)
        try:
            async with asyncio.timeout(self.timeout_seconds * SHARE):
                found = await self.resolver(host, port)
        except TimeoutError:
            raise AddressUnknown("resolving its name timed out") from None
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise AddressUnknown("its name does not resolve")
        for address in found:
            error = address_error(address, allow_private=self.allow_private)
            if error is not None:
                raise AddressRefused(f"its name {error}")
        return found[:_ADDRESSES]


def pinned(target: httpx.URL, address: str) -> dict[str, Any]:
    """Return what makes httpx connect to exactly that address; `Host` carries the name, which TLS verifies."""
    return {
        "url": target.copy_with(host=address),
        "headers": {"Host": target.netloc.decode("ascii"), "Connection": "close"},
        "extensions": {"sni_hostname": target.raw_host.decode("ascii").rstrip(".")},
    }


@asynccontextmanager
async def open_unpooled(
    *, timeout_seconds: float, trusted: ssl.SSLContext | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """Open a client that makes a connection for each request, and close it afterwards.

    Args:
        timeout_seconds: Of a request, and of each silence within it.
        trusted: Trusted CAs; by default those of every other client (`trusted_authorities`).
    """
    async with httpx.AsyncClient(
        http1=True,
        http2=False,
        follow_redirects=False,
        # No proxy from the environment: it would resolve the name again itself.
        trust_env=False,
        verify=trusted or trusted_authorities(),
        timeout=httpx.Timeout(timeout_seconds, connect=timeout_seconds * SHARE),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        headers={"User-Agent": "Promptmill", "Accept": "*/*", "Accept-Encoding": IDENTITY},
    ) as http:
        yield http


def words(error: httpx.HTTPError) -> str:
    """Describe the failure: httpx's message if there is one, otherwise the kind of error."""
    return cut(redact(str(error))).rstrip(".") or type(error).__name__
