"""Sends callbacks to callers' URLs: the address is resolved here, checked, and connected to exactly as checked.

Not a provider, but similar, and this is the package that uses httpx. The difference is trust. A provider's
address comes from the operator, a callback's from whoever may create jobs, and it must not lead into our own network:
not by its text, not by what its name resolves to, now or a moment later, not by a redirect, not by a proxy.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import httpx

from promptmill import tracing
from promptmill.addresses import address_error, url_error
from promptmill.calls import callback_delivery
from promptmill.contracts.errors import ReceiverRefused, ReceiverUnavailable, cut
from promptmill.providers.http.answers import IDENTITY, retry_after
from promptmill.providers.http.connections import trusted_authorities
from promptmill.providers.http.redaction import redact

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Resolves a host name and port to IP addresses; raises OSError if there are none."""

MAX_WAIT: Final = timedelta(hours=1)
"""Maximum `Retry-After` of a receiver that is honoured."""

_ADDRESSES: Final = 4
"""Maximum number of addresses of one name to try."""

_SHARE: Final = 1 / 4
"""Share of the total timeout for name resolution, each connection and each TLS handshake."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Resolve a name with this machine's resolver, in its order.

    Raises:
        OSError: The name has no address.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True)
class ReceiverAnswer:
    """A receiver's response: its HTTP status, and the delay it requests, at most `MAX_WAIT`."""

    status: int
    retry_after: timedelta | None

    @property
    def ok(self) -> bool:
        """Whether the callback was accepted. A redirect is not followed, so it was not."""
        return httpx.codes.is_success(self.status)


@dataclass(frozen=True)
class CallbackSender:
    """Sends callbacks, one connection each.

    Attributes:
        http: From `open_callback_sender`.
        resolver: Resolves names to addresses.
        timeout_seconds: Total timeout of a delivery, including name resolution.
        allow_private: Whether private networks are allowed (also over plain http).
    """

    http: httpx.AsyncClient
    resolver: Resolver
    timeout_seconds: float
    allow_private: bool

    async def send(self, url: str, *, content: bytes, headers: Mapping[str, str]) -> ReceiverAnswer:
        """Send one POST and return the receiver's response. Never retries.

        Raises:
            ReceiverRefused: The URL is not allowed.
            ReceiverUnavailable: The name does not resolve, or there was no response.
        """
        with callback_delivery() as delivery:
            answer = await self._send(url, content, {**headers, **tracing.outgoing()})
            delivery.status = answer.status
            return answer

    async def _send(self, url: str, content: bytes, headers: Mapping[str, str]) -> ReceiverAnswer:
        target = self._judged(url)
        try:
            async with asyncio.timeout(self.timeout_seconds) as limit:
                addresses = await self._addresses(target)
                return await self._post_to_first(addresses, target, content, headers, limit)
        except TimeoutError:
            raise ReceiverUnavailable(f"no response within {self.timeout_seconds:g} s") from None
        except httpx.ConnectTimeout:
            raise ReceiverUnavailable("the connection timed out") from None
        except httpx.HTTPError as error:
            raise ReceiverUnavailable(_words(error)) from None

    def _judged(self, url: str) -> httpx.URL:
        error = url_error(url, allow_private=self.allow_private)
        if error is not None:
            raise ReceiverRefused(f"the URL {error}")
        try:
            return httpx.URL(url)
        except httpx.InvalidURL:
            raise ReceiverRefused("the URL is invalid") from None

    async def _addresses(self, target: httpx.URL) -> Sequence[str]:
        """Resolve a name once. A single forbidden address refuses it."""
        host, port = target.raw_host.decode("ascii"), target.port or (443 if target.scheme == "https" else 80)
        try:
            async with asyncio.timeout(self.timeout_seconds * _SHARE):
                found = await self.resolver(host, port)
        except TimeoutError:
            raise ReceiverUnavailable("resolving its name timed out") from None
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise ReceiverUnavailable("its name does not resolve")
        for address in found:
            error = address_error(address, allow_private=self.allow_private)
            if error is not None:
                raise ReceiverRefused(f"its name {error}")
        return found[:_ADDRESSES]

    async def _post_to_first(
        self,
        addresses: Sequence[str],
        target: httpx.URL,
        content: bytes,
        headers: Mapping[str, str],
        limit: asyncio.Timeout,
    ) -> ReceiverAnswer:
        """Send to the first address that accepts a connection."""
        *others, last = addresses
        for address in others:
            # Nothing was sent yet, so the next address may be tried.
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._post(address, target, content, headers, limit)
        return await self._post(last, target, content, headers, limit)

    async def _post(
        self, address: str, target: httpx.URL, content: bytes, headers: Mapping[str, str], limit: asyncio.Timeout
    ) -> ReceiverAnswer:
        """Send to exactly that address; `Host` carries the name, and TLS requests and verifies it."""
        pinned = target.copy_with(host=address)
        named = {"Host": target.netloc.decode("ascii"), "Connection": "close", "Content-Type": "application/json"}
        async with self.http.stream(
            "POST",
            pinned,
            content=content,
            headers={**headers, **named},
            extensions={"sni_hostname": target.raw_host.decode("ascii").rstrip(".")},
        ) as response:
            # The receiver has responded; an error on closing the connection does not change that.
            limit.reschedule(None)
            # Only its head matters, and only that is read: the rest is untrusted.
            return ReceiverAnswer(response.status_code, retry_after(response.headers, MAX_WAIT))


@asynccontextmanager
async def open_callback_sender(
    *,
    timeout_seconds: float,
    allow_private: bool,
    resolver: Resolver = resolve,
    trusted: ssl.SSLContext | None = None,
) -> AsyncIterator[CallbackSender]:
    """Open a sender and close it afterwards.

    Args:
        timeout_seconds: Total timeout of a delivery.
        allow_private: Whether private networks are allowed.
        resolver: Resolves names to addresses.
        trusted: Trusted CAs; by default those of every other client (`trusted_authorities`).
    """
    async with httpx.AsyncClient(
        http1=True,
        http2=False,
        follow_redirects=False,
        # No proxy from the environment: it would resolve the name again itself.
        trust_env=False,
        verify=trusted or trusted_authorities(),
        timeout=httpx.Timeout(timeout_seconds, connect=timeout_seconds * _SHARE),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        headers={"User-Agent": "Promptmill", "Accept": "*/*", "Accept-Encoding": IDENTITY},
    ) as http:
        yield CallbackSender(http, resolver, timeout_seconds, allow_private)


def _words(error: httpx.HTTPError) -> str:
    """Describe the failure: httpx's message if there is one, otherwise the kind of error."""
    return cut(redact(str(error))).rstrip(".") or type(error).__name__
