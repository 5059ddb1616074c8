"""The REST API as the tools call it: over the wire, or within the process that serves it.

Both are the same requests: within the process they pass the same guard, with the caller's own key.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
from mcp.server.mcpserver.exceptions import ToolError

TIMEOUT_SECONDS: Final = 60
MOST_BYTES: Final = 16 * 2**20
"""Of a file that is returned to an agent whole."""

NOT_PASSED_ON: Final = frozenset(
    {
        b"accept", b"accept-encoding", b"connection", b"content-length", b"content-type", b"if-none-match",
        b"keep-alive", b"last-event-id", b"mcp-protocol-version", b"mcp-session-id", b"te", b"trailer",
        b"transfer-encoding", b"upgrade", b"x-request-id",
    }
)  # fmt: skip
"""Headers of a call of the server that say something about that call alone. The others say who makes it."""


@dataclass(frozen=True)
class Calls:
    """Calls of one installation by one caller. Every method raises `ToolError` with what an agent can act on."""

    http: httpx.AsyncClient

    async def get(self, path: str, **asked: Any) -> Any:
        """Return what is at a path; parameters that are None are left out."""
        return await self._json("GET", path, params={name: value for name, value in asked.items() if value is not None})

    async def post(self, path: str, body: Mapping[str, Any], *, key: str | None = None) -> Any:
        """Post a body without its nulls, with an idempotency key."""
        headers = {} if key is None else {"Idempotency-Key": key}
        given = {name: value for name, value in body.items() if value is not None}
        return await self._json("POST", path, json=given, headers=headers)

    async def delete(self, path: str) -> Any:
        """Delete what is at a path."""
        return await self._json("DELETE", path)

    async def file(self, path: str) -> tuple[bytes, str]:
        """Return the bytes of a file that is not too large for an agent, and their media type."""
        try:
            async with self.http.stream("GET", path) as answer:
                if answer.is_error:
                    await answer.aread()
                    raise _refusal(answer)
                data = bytearray()
                async for piece in answer.aiter_bytes():
                    data += piece
                    if len(data) > MOST_BYTES:
                        raise ToolError(f"The file has more than {MOST_BYTES // 2**20} MiB: open its URL instead.")
                return bytes(data), answer.headers.get("content-type", "application/octet-stream")
        except httpx.HTTPError as error:
            raise _away(self.http, error) from None

    async def _json(self, method: str, path: str, **given: Any) -> Any:
        try:
            answer = await self.http.request(method, path, **given)
        except httpx.HTTPError as error:
            raise _away(self.http, error) from None
        if answer.is_error:
            raise _refusal(answer)
        try:
            return answer.json()
        except ValueError:
            raise ToolError(f"There is no Promptmill at {self.http.base_url}: it does not answer with JSON.") from None


def _away(http: httpx.AsyncClient, error: Exception) -> ToolError:
    return ToolError(
        f"Promptmill at {http.base_url} does not answer ({type(error).__name__}). Whether a request arrived is "
        "unknown: send the same one again with the same idempotencyKey, which is never paid twice."
    )


def _refusal(answer: httpx.Response) -> ToolError:
    """Return a problem document in words: what is wrong, where, and when to come again."""
    try:
        problem = answer.json()
        told = f"{problem['code']}: {problem['detail']}"
        told += "".join(f"\n{error['pointer']}: {error['message']}" for error in problem.get("errors") or [])
    except (ValueError, KeyError, TypeError):
        return ToolError(f"There is no Promptmill at {answer.request.url}: it answers {answer.status_code}.")
    later = answer.headers.get("retry-after")
    return ToolError(f"{told}\nTry again in {later} s." if later else told)


@asynccontextmanager
async def over_the_wire(url: str, key: str | None) -> AsyncIterator[Calls]:
    """Call an installation at its address, with an API key."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    # A trailing slash, so that paths are joined to a prefix.
    async with httpx.AsyncClient(base_url=f"{url.rstrip('/')}/", headers=headers, timeout=TIMEOUT_SECONDS) as http:
        yield Calls(http)


@asynccontextmanager
async def within(app: Any, scope: Mapping[str, Any]) -> AsyncIterator[Calls]:
    """Call the API of this process as whoever made a request did.

    Args:
        app: The whole API with its guard.
        scope: The request's, whose headers say who calls.
    """

    async def asked(inner: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await app({**inner, "state": dict(scope["state"])}, receive, send)

    passed = [(name, value) for name, value in scope["headers"] if name not in NOT_PASSED_ON]
    host = next((value.decode("latin-1") for name, value in passed if name == b"host"), "127.0.0.1")
    transport = httpx.ASGITransport(asked, client=tuple(scope.get("client") or ("127.0.0.1", 0)))
    base = f"{scope['scheme']}://{host}/"
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=passed, timeout=TIMEOUT_SECONDS) as http:
        yield Calls(http)
