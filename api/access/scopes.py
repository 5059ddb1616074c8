"""What a route asks of its caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import Depends, Request
from fastapi.routing import APIRoute

from api.access.door import CALLER
from api.access.identities import UNKNOWN
from api.access.limits import Limits
from api.http.errors import Refused
from promptmill.contracts.access import Caller, Scope
from promptmill.contracts.errors import RecordUnavailable

_WRITING: Final = frozenset({Scope.JOBS_WRITE, Scope.JOBS_RESOLVE})
_COUNTED: Final = frozenset({"POST", "PUT", "PATCH"})
"""Requests that an owner may make so many of a minute. Not DELETE: whoever may ask for no more may still cancel."""


async def caller_of(request: Request) -> Caller:
    """Return who makes a request."""
    found: Caller = request.scope[CALLER]
    return found


class Needs:
    """A dependency that lets only callers pass that have one of these scopes."""

    def __init__(self, *scopes: Scope) -> None:
        self.scopes = scopes

    async def __call__(self, request: Request) -> None:
        """Refuse other callers as `require` does, and count what writes as `Limits.take_request` does."""
        caller = await caller_of(request)
        require(caller, *self.scopes)
        if request.method in _COUNTED and not _WRITING.isdisjoint(self.scopes):
            limits: Limits = request.state.limits
            await limits.take_request(caller.owner, request.scope)


def needs(*scopes: Scope) -> Any:
    """Return the dependency, for a router or one of its routes."""
    return Depends(Needs(*scopes))


def require(caller: Caller, *scopes: Scope) -> None:
    """Refuse a caller that has none of these scopes.

    Raises:
        Refused: `scope_missing`, which names them.
        RecordUnavailable: Only the record knows what the caller may do.
    """
    if caller.scopes.isdisjoint(scopes):
        if caller is UNKNOWN:
            raise RecordUnavailable
        has = ", ".join(sorted(caller.scopes)) or "none"
        raise Refused("scope_missing", f"This needs the scope {' or '.join(scopes)}; you have: {has}.")


def owner_asked(caller: Caller, owner: str | None) -> str | None:
    """Return whose figures a caller gets who asks for those of `owner`; None: everybody's, which only admins see.

    Raises:
        Refused: `scope_missing`: another owner's.
    """
    if caller.may(Scope.ADMIN):
        return owner
    if owner not in (None, caller.owner):
        require(caller, Scope.ADMIN)
    return caller.owner


def scopes_needed(route: APIRoute) -> Sequence[Scope]:
    """Return the scopes of which a route asks for one."""
    return [
        scope
        for found in route.dependencies
        if isinstance(found.dependency, Needs)
        for scope in found.dependency.scopes
    ]
