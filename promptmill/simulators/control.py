"""A simulator's control interface, under `/_simulator`: tests inject faults, set timing and read the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from promptmill.browsers import PageGuard
from promptmill.simulators.accounts import Account, Accounts, Timing
from promptmill.simulators.faults import Fault
from promptmill.simulators.holds import Release

FAULTS = TypeAdapter(list[Fault])


class _Release(BaseModel):
    model_config = ConfigDict(extra="forbid")

    then: Release = "answer"


class _Credit(BaseModel):
    model_config = ConfigDict(extra="forbid")

    usd: Decimal = Field(ge=0)


class Control:
    """The control routes of one simulator.

    Args:
        name: The provider, for the health answer.
        accounts: The simulator's accounts.
        places: Where this simulator can fail.
        details: Further provider-specific state of an account to show.
        extra: Additional routes, relative to `/_simulator`.
    """

    def __init__(
        self,
        name: str,
        accounts: Accounts,
        places: frozenset[str],
        *,
        details: Callable[[Account], Mapping[str, Any]],
        extra: tuple[Route, ...] = (),
    ) -> None:
        self._name = name
        self._accounts = accounts
        self._places = places
        self._details = details
        self._extra = extra

    def mount(self) -> Mount:
        """Return the routes."""
        account = "/accounts/{key}"
        routes = [
            Route("/health", self._health),
            *self._extra,
            Route(account, self._show),
            Route(f"{account}/timing", self._set_timing, methods=["PUT"]),
            Route(f"{account}/credit", self._set_credit, methods=["PUT"]),
            Route(f"{account}/faults", self._order_faults, methods=["POST"]),
            Route(f"{account}/faults", self._clear_faults, methods=["DELETE"]),
            Route(f"{account}/release", self._release, methods=["POST"]),
        ]
        return Mount("/_simulator", routes=routes, middleware=[Middleware(PageGuard)])

    def _account(self, request: Request) -> Account:
        return self._accounts.of(request.path_params["key"])

    async def _health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok", "simulator": self._name})

    async def _show(self, request: Request) -> Response:
        account = self._account(request)
        return JSONResponse({**account.as_json(), **self._details(account)})

    async def _set_timing(self, request: Request) -> Response:
        account = self._account(request)
        try:
            account.timing = Timing.model_validate({**account.timing.model_dump(), **await request.json()})
        except ValidationError as error:
            return _refused(error)
        return JSONResponse(account.timing.model_dump())

    async def _set_credit(self, request: Request) -> Response:
        try:
            credit = _Credit.model_validate_json(await request.body())
        except ValidationError as error:
            return _refused(error)
        self._account(request).ledger.credit = credit.usd
        return Response(status_code=204)

    async def _order_faults(self, request: Request) -> Response:
        try:
            faults = FAULTS.validate_json(await request.body())
        except ValidationError as error:
            return _refused(error)
        strange = [fault.where for fault in faults if fault.where not in self._places]
        if strange:
            return JSONResponse({"detail": f"{self._name} has no place {strange[0]!r}"}, 422)
        book = self._account(request).faults
        for fault in faults:
            book.order(fault)
        return JSONResponse(book.as_json(), 201)

    async def _clear_faults(self, request: Request) -> Response:
        self._account(request).faults.clear()
        return Response(status_code=204)

    async def _release(self, request: Request) -> Response:
        try:
            release = _Release.model_validate_json(await request.body() or b"{}")
        except ValidationError as error:
            return _refused(error)
        return JSONResponse({"released": self._account(request).holds.release(release.then)})


def _refused(error: ValidationError) -> JSONResponse:
    return JSONResponse({"detail": error.errors(include_context=False, include_url=False)}, 422)
