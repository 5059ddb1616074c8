"""Sends callbacks to callers' URLs: the address is resolved here, checked, and connected to exactly as checked."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import httpx

from promptmill import tracing
from promptmill.calls import callback_delivery
from promptmill.contracts.errors import ReceiverRefused, ReceiverUnavailable
from promptmill.providers.http.answers import retry_after
from promptmill.providers.http.checked_hosts import (
    AddressRefused,
    AddressUnknown,
    CheckedHosts,
    Resolver,
    open_unpooled,
    pinned,
    resolve,
    words,
)

MAX_WAIT: Final = timedelta(hours=1)
"""Maximum `Retry-After` of a receiver that is honoured."""


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
        hosts: Where callbacks may go.
        timeout_seconds: Total timeout of a delivery, including name resolution.
    """

    http: httpx.AsyncClient
    hosts: CheckedHosts
    timeout_seconds: float

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
        try:
            target = self.hosts.judged(url)
            async with asyncio.timeout(self.timeout_seconds) as limit:
                addresses = await self.hosts.addresses(target)
                return await self._post_to_first(addresses, target, content, headers, limit)
        except AddressRefused as error:
            raise ReceiverRefused(str(error)) from None
        except AddressUnknown as error:
            raise ReceiverUnavailable(str(error)) from None
        except TimeoutError:
            raise ReceiverUnavailable(f"no response within {self.timeout_seconds:g} s") from None
        except httpx.ConnectTimeout:
            raise ReceiverUnavailable("the connection timed out") from None
        except httpx.HTTPError as error:
            raise ReceiverUnavailable(words(error)) from None

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
        to = pinned(target, address)
        own = {**headers, **to.pop("headers"), "Content-Type": "application/json"}
        async with self.http.stream("POST", content=content, headers=own, **to) as response:
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
    async with open_unpooled(timeout_seconds=timeout_seconds, trusted=trusted) as http:
        yield CallbackSender(http, CheckedHosts(resolver, timeout_seconds, allow_private), timeout_seconds)
