"""The door for agents: their protocol over HTTP, and each tool as calls of this API by whoever holds the key.

Each request stands alone, with its key: any process answers any of them, and no session outlives a key. The tools call
the API from outside, through its guard, within this process; so there is no second way to what a key may do.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.door import CALLER
from api.batches.bodies import refuse_values
from api.http.bodies import TABLE_BYTES
from api.http.errors import Refused

GUARD: Final = "promptmill.guard"
"""Key in a request's scope: the whole API, which the tools call."""


class Agents(Protocol):
    """What answers the protocol: the package for it is imported only where it is turned on."""

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None: ...  # noqa: D102


@dataclass(frozen=True)
class AgentDoor:
    """Passes a request on to the server, as one that waits and so holds one of its owner's live streams."""

    guard: ASGIApp
    on: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if not self.on:
            raise Refused("not_found", "The tools for agents are turned off here: PROMPTMILL_MCP=true turns them on.")
        state = scope["state"]
        body = await Request(scope, receive).body()
        refuse_values(body)
        owner = scope[CALLER].owner
        with state["feed"].slots.hold(owner, (await state["limits"].of(owner)).streams):
            await state["agents"].handle_request({**scope, GUARD: self.guard}, _again(body, receive), send)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what receives a body that was read, and then whatever else comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def given() -> Message:
        return messages.pop() if messages else await receive()

    return given


@asynccontextmanager
async def open_agents(*, on: bool) -> AsyncIterator[Agents | None]:
    """Open the server for as long as the API runs; None where it is turned off."""
    if not on:
        yield None
        return
    from mcp.server.mcpserver import Context  # noqa: PLC0415
    from mcp.server.transport_security import TransportSecuritySettings  # noqa: PLC0415

    from promptmill.agents.calls import Calls, within  # noqa: PLC0415
    from promptmill.agents.server import make_server  # noqa: PLC0415

    def reach(ctx: Context[Any, Any]) -> AbstractAsyncContextManager[Calls]:
        request = ctx.request_context.request
        assert request is not None, "over HTTP there is one"
        scope = request.scope
        return within(scope[GUARD], scope)

    server = make_server(reach)
    # Hosts and origins are the guard's.
    server.streamable_http_app(
        stateless_http=True,
        max_request_body_size=TABLE_BYTES,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    async with server.session_manager.run():
        yield server.session_manager
