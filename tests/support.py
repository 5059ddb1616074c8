"""What tests of every kind share: waiting for a condition, and starting processes."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

import httpx

Result = TypeVar("Result")


@overload
async def eventually(
    condition: Callable[[], Awaitable[Result | None]], within: float = 60, *, what: str | None = None
) -> Result: ...


@overload
async def eventually(
    condition: Callable[[], Result | None], within: float = 60, *, what: str | None = None
) -> Result: ...


async def eventually(condition: Callable[[], Any], within: float = 60, *, what: str | None = None) -> Any:
    """Wait until a condition holds, and return what it returned.

    Args:
        condition: Polled; holds when it returns something true. An AssertionError counts as 'not yet'.
        within: Seconds after which the test fails.
        what: What the failure says was awaited; by default the condition's source.
    """
    give_up = time.monotonic() + within
    pause = 0.01
    while True:
        seen: object
        try:
            found = condition()
            value = await found if inspect.isawaitable(found) else found
            if value:
                return value
            seen = value
        except AssertionError as error:
            seen = error
        if time.monotonic() > give_up:
            raise AssertionError(f"Not within {within} s: {what or _source(condition)}; last seen: {seen!r}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.2)


def eventually_sync(condition: Callable[[], Result | None], within: float = 60, *, what: str | None = None) -> Result:
    """Wait as `eventually` does, in a test without a loop."""
    give_up = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > give_up:
            raise AssertionError(f"Not within {within} s: {what or _source(condition)}; last seen: {value!r}")
        time.sleep(0.02)


def _source(condition: Callable[..., object]) -> str:
    try:
        return " ".join(inspect.getsource(condition).split())
    except OSError:
        return repr(condition)


SHORT_KEPT = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=2)
"""httpx's own, but for the expiry. Its 5 s are uvicorn's too, so a request may meet a connection that is being closed:
`Server disconnected without sending a response`."""


def open_http(base_url: str = "", *, timeout: float = 60, **options: Any) -> httpx.AsyncClient:
    """Make a client of a server of ours on this machine.

    Those speak plain http. A client that could check certificates reads all authorities first: 20 ms of CPU time, for
    thousands of clients.
    """
    return httpx.AsyncClient(
        base_url=base_url, timeout=timeout, trust_env=False, verify=False, limits=SHORT_KEPT, **options
    )
