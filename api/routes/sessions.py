"""Sessions of browsers: sign in, sign out, and what an admin sees of them."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from uuid_utils.compat import uuid7

from api.access.door import CALLER, HTTPS, Door
from api.access.identities import LOCAL, UNKNOWN, cookie_name
from api.access.scopes import needs
from api.dependencies import ByDep, DoorDep, IdInPath, SettingsDep, StoreDep, by_of
from api.http.callers import SESSION, Refusal
from api.http.errors import WITH_BODY, Refused, problems
from api.http.strict_json import StrictRoute
from api.schemas.access import BrowserSessionAnswer, BrowserSessionList, SessionAnswer, SignIn
from promptmill.config.settings import Settings
from promptmill.contracts.access import SIGNED_ON, Caller, Scope
from promptmill.contracts.errors import RecordNotFound, RecordUnavailable
from promptmill.contracts.names import LOCAL_OWNER
from promptmill.store import Store

router = APIRouter(tags=["access"], route_class=StrictRoute)

USER_AGENT_CHARACTERS: Final = 200
"""Stored of what a browser calls itself."""

_AWAY: Final = problems(HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True)
class Browser:
    """A caller who may have a session, and the cookie that holds its secret.

    Attributes:
        caller: Who it is, if anybody is known to be.
    """

    request: Request
    door: Door
    store: Store
    settings: Settings
    caller: Caller | None

    @property
    def peer(self) -> str | None:
        """The address that the connection comes from."""
        return self.request.client.host if self.request.client else None

    @property
    def _cookie(self) -> dict[str, Any]:
        # The browser knows the scheme also where the proxy in front is not known as one.
        https = self.request.scope[HTTPS] or self.request.headers.get("origin", "").startswith("https://")
        # `__Host-` demands this path and Secure.
        path = "/" if https else self.settings.root_path or "/"
        return {"key": cookie_name(https=https), "path": path, "secure": https, "httponly": True, "samesite": "strict"}

    async def begin_session(self, caller: Caller, text: str, response: Response) -> None:
        """Begin a session for the caller whose key or token this text is."""
        secret = await self.store.access.open_session(
            uuid7(),
            key_id=caller.key_id,
            token_digest=self.door.identities.token_of(text) if caller.key_id is None else None,
            user_agent=self.request.headers.get("user-agent", "")[:USER_AGENT_CHARACTERS] or None,
            by=by_of(self.request, self.door, caller),
        )
        response.set_cookie(value=secret, **self._cookie)

    async def end_session(self) -> None:
        """End the session, if there is one."""
        if self.caller is not None and self.caller.session_id is not None:
            by = by_of(self.request, self.door, self.caller)
            ended = await self.store.access.end_session(UUID(self.caller.session_id), by=by)
            self.door.identities.forget(ended.digest)

    def drop_cookie(self, response: Response) -> None:
        """Tell the browser to forget the secret."""
        response.delete_cookie(**self._cookie)


async def _browser(request: Request, door: DoorDep, store: StoreDep, settings: SettingsDep) -> Browser:
    caller: Caller | None = request.scope[CALLER]
    if caller is UNKNOWN:
        raise RecordUnavailable
    return Browser(request, door, store, settings, caller)


BrowserDep = Annotated[Browser, Depends(_browser)]


@router.get(SESSION, responses={**problems(HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS), **_AWAY})
async def show_session(browser: BrowserDep) -> SessionAnswer:
    """Return who the caller is, and whether callers have to sign in here. Anyone may ask."""
    return _session_answer(browser.caller, browser.settings)


@router.post(
    SESSION,
    status_code=HTTPStatus.CREATED,
    responses=problems(
        HTTPStatus.UNAUTHORIZED, *WITH_BODY, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)
async def sign_in(wanted: SignIn, browser: BrowserDep, response: Response) -> SessionAnswer:
    """Exchange a key for a session in a cookie that no script can read. It ends after 12 hours without use."""
    caller = await browser.door.sign_in(
        wanted.key, browser.request.headers, browser.peer, request_id=browser.request.scope["request_id"]
    )
    if isinstance(caller, Refusal):
        raise Refused(*caller)
    await browser.end_session()
    await browser.begin_session(caller, wanted.key, response)
    return _session_answer(caller, browser.settings)


@router.delete(SESSION, status_code=HTTPStatus.NO_CONTENT, responses=_AWAY)
async def sign_out(browser: BrowserDep, response: Response) -> None:
    """End the session. Without one, nothing happens."""
    await browser.end_session()
    browser.drop_cookie(response)


@router.get("/api/sessions", dependencies=[needs(Scope.ADMIN)], responses=_AWAY)
async def list_sessions(store: StoreDep, door: DoorDep) -> BrowserSessionList:
    """List the browsers that are signed in, of all owners, the last used first."""
    found = await store.access.sessions(door.identities.token_digests)
    return BrowserSessionList(
        items=[BrowserSessionAnswer.built_from(one, owner=one.owner or LOCAL_OWNER) for one in found]
    )


@router.delete(
    "/api/sessions/{session_id}",
    dependencies=[needs(Scope.ADMIN)],
    status_code=HTTPStatus.NO_CONTENT,
    responses={**problems(HTTPStatus.NOT_FOUND), **_AWAY},
)
async def end_session(session_id: IdInPath, by: ByDep, door: DoorDep, store: StoreDep) -> None:
    """End a session: its browser has to sign in again. Idempotent."""
    try:
        ended = await store.access.end_session(session_id, by=by)
    except RecordNotFound:
        raise Refused("not_found", "There is no such session.") from None
    door.identities.forget(ended.digest)


def _session_answer(caller: Caller | None, settings: Settings) -> SessionAnswer:
    if caller is None:
        return SessionAnswer(signed_in=False, sign_in_required=True)
    return SessionAnswer(
        signed_in=True,
        sign_in_required=caller.actor != LOCAL.actor,
        owner=caller.owner,
        scopes=[scope for scope in Scope if scope in caller.scopes],
        actor=caller.actor,
        key_name=caller.key_name,
        sign_out_url=settings.trusted_proxy_sign_out_url if caller.actor.startswith(SIGNED_ON) else None,
    )
