"""Opens files at addresses that others gave us: from public hosts alone, with redirects that stay at their host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

import httpx

from promptmill.contracts.errors import OutputRefused, OutputUnavailable
from promptmill.providers.http.checked_hosts import AddressRefused, AddressUnknown, CheckedHosts, pinned, words

_REDIRECTS: Final = 3
"""Redirects that are followed, within one host."""


@asynccontextmanager
async def opened(
    http: httpx.AsyncClient, hosts: CheckedHosts, url: str, *, seconds: float, headers: Mapping[str, str] | None = None
) -> AsyncIterator[httpx.Response]:
    """Ask for a file; its response is still to be read, and may be an error.

    Args:
        http: From `open_unpooled`.
        hosts: Where files may be.
        url: The address of the file.
        seconds: Total timeout, with what is read of the response.
        headers: What is sent besides.

    Raises:
        OutputRefused: It must not be fetched from there.
        OutputUnavailable: It did not come, or not whole.
    """
    try:
        async with asyncio.timeout(seconds):
            response = await _answer(http, hosts, url, headers or {})
            try:
                yield response
            finally:
                await response.aclose()
    except AddressRefused as error:
        raise OutputRefused(str(error)) from None
    except AddressUnknown as error:
        raise OutputUnavailable(str(error)) from None
    except TimeoutError:
        raise OutputUnavailable(f"it was not there within {seconds:g} s") from None
    except httpx.TimeoutException:
        raise OutputUnavailable("the server said nothing for too long") from None
    except httpx.HTTPError as error:
        raise OutputUnavailable(words(error)) from None


async def _answer(http: httpx.AsyncClient, hosts: CheckedHosts, url: str, headers: Mapping[str, str]) -> httpx.Response:
    """Return the first response that is no redirect, or none that is followed."""
    target = hosts.judged(url)
    for _ in range(_REDIRECTS + 1):
        response = await _asked(http, hosts, target, headers)
        if not response.has_redirect_location:
            return response
        await response.aclose()
        following = _within(target, response.headers["Location"])
        if following is None:
            break
        target = hosts.judged(str(following))
    raise OutputUnavailable("the server answered with a redirect that is not followed")


async def _asked(
    http: httpx.AsyncClient, hosts: CheckedHosts, target: httpx.URL, headers: Mapping[str, str]
) -> httpx.Response:
    *others, last = await hosts.addresses(target)
    for address in others:
        with suppress(httpx.ConnectError, httpx.ConnectTimeout):
            return await _get(http, target, address, headers)
    return await _get(http, target, last, headers)


async def _get(http: httpx.AsyncClient, target: httpx.URL, address: str, headers: Mapping[str, str]) -> httpx.Response:
    pins = pinned(target, address)
    request = http.build_request("GET", pins["url"], headers=pins["headers"] | headers, extensions=pins["extensions"])
    return await http.send(request, stream=True)


def _within(target: httpx.URL, location: str) -> httpx.URL | None:
    """Return where a redirect leads if that is the same host; None if it leads elsewhere."""
    try:
        following = target.join(location)
    except httpx.InvalidURL:
        return None
    return following if (following.scheme, following.netloc) == (target.scheme, target.netloc) else None
