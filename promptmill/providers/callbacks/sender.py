"""Tells an address that a caller gave: resolved here, judged, and connected to as it was judged.

No provider, but the same craft, and this room is the one that knows httpx. The difference is trust. A provider's
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

from promptmill.addresses import address_trouble, url_trouble
from promptmill.contracts.errors import ReceiverRefused, ReceiverUnavailable, cut
from promptmill.providers.http.answers import read_answer, retry_after
from promptmill.providers.http.connections import trusted_authorities
from promptmill.providers.http.redaction import redact

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the IP addresses of a host name and port; an OSError says that it has none."""

LONGEST_WAIT: Final = timedelta(hours=1)
"""A receiver's `Retry-After` is obeyed this far."""

_ANSWER_BYTES: Final = 64 * 1024
_PARTING_SECONDS: Final = 1
"""What of an answer is taken in after its status, to part politely. None of it is kept."""

_ADDRESSES: Final = 4
"""Addresses of one name that are tried."""

_SHARE: Final = 1 / 4
"""Share of the whole time that resolving, each connecting and each TLS handshake may take."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses that this machine's own resolver gives, in its order.

    Raises:
        OSError: The name has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True)
class ReceiverAnswer:
    """What a receiver said: its HTTP status, and how long it asks us to wait, at most `LONGEST_WAIT`."""

    status: int
    retry_after: timedelta | None

    @property
    def ok(self) -> bool:
        """Whether the callback was taken. A redirect is not followed, so it is none."""
        return httpx.codes.is_success(self.status)


@dataclass(frozen=True)
class CallbackSender:
    """Sends callbacks, one connection each.

    Attributes:
        http: From `open_callback_sender`.
        resolver: How names become addresses.
        timeout_seconds: Longest time of a whole delivery, resolving included.
        allow_private: Whether private networks may be told (and by plain http).
    """

    http: httpx.AsyncClient
    resolver: Resolver
    timeout_seconds: float
    allow_private: bool

    async def send(self, url: str, *, content: bytes, headers: Mapping[str, str]) -> ReceiverAnswer:
        """Send one POST and return what the receiver said. Not repeated here.

        Raises:
            ReceiverRefused: The address may not be opened.
            ReceiverUnavailable: The name has no address, or no answer came.
        """
        target = self._judged(url)
        try:
            async with asyncio.timeout(self.timeout_seconds) as limit:
                addresses = await self._addresses(target)
                return await self._post_to_first(addresses, target, content, headers, limit)
        except TimeoutError:
            raise ReceiverUnavailable(f"it did not answer within {self.timeout_seconds:g} s") from None
        except httpx.ConnectTimeout:
            raise ReceiverUnavailable("it was not connected to in time") from None
        except httpx.HTTPError as error:
            raise ReceiverUnavailable(_words(error)) from None

    def _judged(self, url: str) -> httpx.URL:
        trouble = url_trouble(url, allow_private=self.allow_private)
        if trouble is not None:
            raise ReceiverRefused(f"the address {trouble}")
        try:
            return httpx.URL(url)
        except httpx.InvalidURL:
            raise ReceiverRefused("the address is not one") from None

    async def _addresses(self, target: httpx.URL) -> Sequence[str]:
        """Resolve a name, once. One forbidden address among several is enough to refuse it."""
        host, port = target.raw_host.decode("ascii"), target.port or (443 if target.scheme == "https" else 80)
        try:
            async with asyncio.timeout(self.timeout_seconds * _SHARE):
                found = await self.resolver(host, port)
        except TimeoutError:
            raise ReceiverUnavailable("its name was not resolved in time") from None
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise ReceiverUnavailable("its name has no address")
        for address in found:
            trouble = address_trouble(address, allow_private=self.allow_private)
            if trouble is not None:
                raise ReceiverRefused(f"the address's name {trouble}")
        return found[:_ADDRESSES]

    async def _post_to_first(
        self,
        addresses: Sequence[str],
        target: httpx.URL,
        content: bytes,
        headers: Mapping[str, str],
        limit: asyncio.Timeout,
    ) -> ReceiverAnswer:
        """Send to the first address that can be connected to."""
        *others, last = addresses
        for address in others:
            # Nothing was sent yet, so the next address may be asked.
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._post(address, target, content, headers, limit)
        return await self._post(last, target, content, headers, limit)

    async def _post(
        self, address: str, target: httpx.URL, content: bytes, headers: Mapping[str, str], limit: asyncio.Timeout
    ) -> ReceiverAnswer:
        """Send to that very address; the name travels in `Host`, and TLS asks for it and verifies it."""
        pinned = target.copy_with(host=address)
        named = {"Host": target.netloc.decode("ascii"), "Connection": "close", "Content-Type": "application/json"}
        async with self.http.stream(
            "POST",
            pinned,
            content=content,
            headers={**headers, **named},
            extensions={"sni_hostname": target.raw_host.decode("ascii").rstrip(".")},
        ) as response:
            answer = ReceiverAnswer(response.status_code, retry_after(response.headers, LONGEST_WAIT))
            # The receiver has spoken; how it goes on cannot make that undone.
            limit.reschedule(None)
            with suppress(httpx.HTTPError, TimeoutError):
                async with asyncio.timeout(_PARTING_SECONDS):
                    await read_answer(response, _ANSWER_BYTES)
            return answer


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
        timeout_seconds: Longest time of a whole delivery.
        allow_private: Whether private networks may be told.
        resolver: How names become addresses.
        trusted: Whose certificates are believed; by default those of every other client (`trusted_authorities`).
    """
    async with httpx.AsyncClient(
        http1=True,
        http2=False,
        follow_redirects=False,
        # No proxy from the environment: it would resolve the name once more, and elsewhere.
        trust_env=False,
        verify=trusted or trusted_authorities(),
        timeout=httpx.Timeout(timeout_seconds, connect=timeout_seconds * _SHARE),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        headers={"User-Agent": "Promptmill", "Accept": "*/*", "Accept-Encoding": "identity"},
    ) as http:
        yield CallbackSender(http, resolver, timeout_seconds, allow_private)


def _words(error: httpx.HTTPError) -> str:
    """Say what broke: httpx's words where it has some, else the kind of error."""
    return cut(redact(str(error))).rstrip(".") or type(error).__name__
