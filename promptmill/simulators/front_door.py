"""A request's path through a simulator: its key, the recording, injected faults, then the provider's handler."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from promptmill.simulators.accounts import Account, Accounts
from promptmill.simulators.faults import Fault
from promptmill.simulators.wire import CutAnswer, CutConnection

UNREADABLE = object()
"""Stands for a request body that is not JSON."""

GATEWAY_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>gateway</body></html>"


@dataclass
class Call:
    """One authenticated request: its account, its JSON body (None if empty, or `UNREADABLE`), and its outcome."""

    request: Request
    account: Account
    where: str
    text: bytes
    body: Any
    base: str
    charged: dict[str, Any] = field(default_factory=dict)

    def content_fault(self) -> Fault | None:
        """Return the content fault that hits this request, if any."""
        return self.account.faults.take(self.where, self.text, content=True)


Handler = Callable[[Call], Awaitable[Response]]


class Manners(Protocol):
    """How a provider refuses requests."""

    def refuse_key(self, key: str | None, where: str) -> Response | None:
        """Return the response to a missing or wrong key, or None if the key is valid."""

    def refuse(self, fault: Fault) -> Response:
        """Return the provider's error response for a `status` fault."""


@dataclass(frozen=True)
class FrontDoor:
    """Receives the requests to one provider's simulator."""

    accounts: Accounts
    manners: Manners

    def route(self, path: str, handler: Handler, where: str, *, method: str = "GET") -> Route:
        """Return a route whose requests pass through here to the handler."""

        async def endpoint(request: Request) -> Response:
            return await self._take(request, handler, where)

        return Route(path, endpoint, methods=[method])

    async def _take(self, request: Request, handler: Handler, where: str) -> Response:
        raw = await request.body()
        key = _bearer(request)
        if key is None:
            return self.manners.refuse_key(None, where) or Response(status_code=401)
        account = self.accounts.of(key)
        text = request.url.path.encode() + b"\n" + raw
        call = Call(request, account, where, text, _parsed(raw), str(request.base_url).rstrip("/"))
        record = account.requests.add(where, request.method, request.url.path, request.url.query, _shown(call.body))
        try:
            response = await self._answer(call, handler, key)
        except asyncio.CancelledError:
            # uvicorn is stopping and cancels open requests. Its own response, a 500, would mean something else.
            response = CutConnection()
        record.status = 0 if isinstance(response, CutConnection) else response.status_code
        return response

    async def _answer(self, call: Call, handler: Handler, key: str) -> Response:
        fault = call.account.faults.take(call.where, call.text, content=False)
        if fault is not None and not fault.after:
            instead = await self._strike(fault, call)
            if instead is not None:
                return instead
        response = self.manners.refuse_key(key, call.where) or await handler(call)
        if fault is None:
            return response
        if fault.kind == "cut_body":
            return CutAnswer(response)
        return (await self._strike(fault, call) if fault.after else None) or response

    async def _strike(self, fault: Fault, call: Call) -> Response | None:
        """Apply a transport fault; return the response to send instead, or None to continue."""
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault.kind == "hold" and await call.account.holds.wait() == "cut":
            return CutConnection()
        if fault.kind == "status":
            return self.manners.refuse(fault)
        return _unreadable_answer(fault)


def _unreadable_answer(fault: Fault) -> Response | None:
    match fault.kind:
        case "cut" | "reset":
            return CutConnection(reset=fault.kind == "reset")
        case "html":
            return HTMLResponse(GATEWAY_PAGE.format(f"{fault.status} error"), fault.status, fault.headers)
        case "empty":
            return Response(status_code=fault.status, headers=fault.headers)
        case "not_json":
            return PlainTextResponse('{"code": 200, "da', fault.status, fault.headers)
        case _:
            return None


def _bearer(request: Request) -> str | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def _parsed(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return UNREADABLE


def _shown(body: Any) -> Any:
    return "(not JSON)" if body is UNREADABLE else body
