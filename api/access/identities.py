"""Finds out who calls: by an API key or a token of the settings, by the proxy that signs people in, by a session."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, TypeVar

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from api.access.single_sign_on import Person, SingleSignOn
from api.http.callers import Refusal
from promptmill.addresses import is_loopback_host
from promptmill.api_keys import digest_of, key_id_of, same_secret
from promptmill.config.settings import Settings
from promptmill.contracts.access import Caller, Scope, scopes_of
from promptmill.contracts.errors import RecordUnavailable
from promptmill.contracts.names import LOCAL_OWNER
from promptmill.store.access import AccessStore, Credential

COOKIE: Final = "promptmill_session"
SECURE_COOKIE: Final = f"__Host-{COOKIE}"
"""The same over TLS: browsers accept it from this host alone, so no neighbour can sign anybody in as somebody else."""

FRESH_SECONDS: Final = 0.9
"""How long the record's word on a key counts, so that a revoked one is refused within a second by every process."""

USE_SECONDS: Final = 60
"""How precisely the last use of a key or session is stored."""

MOST_REMEMBERED: Final = 10_000
"""Keys and sessions; beyond it, the one is forgotten that was looked up first."""

LOCAL: Final = Caller(LOCAL_OWNER, frozenset(Scope), "local")
"""Everybody, while nobody has to sign in."""

UNKNOWN: Final = Caller(LOCAL_OWNER, frozenset({Scope.METRICS_READ}), "unknown")
"""Everybody on loopback while the record cannot say whether anybody has to sign in: may see what is wrong, no more."""

Value = TypeVar("Value")


class Identity(NamedTuple):
    """Who calls; or None, and whether a wrong credential was sent instead of none.

    Attributes:
        refusal: Why a person is refused whom the proxy has signed in.
        actor: How the audit log names that person, if it can be told.
    """

    caller: Caller | None
    guessed: bool = False
    refusal: Refusal | None = None
    actor: str | None = None


@dataclass
class Fresh(Generic[Value]):
    """Remembers for a while what the record said. Whoever asks meanwhile waits for the same answer.

    Attributes:
        seconds: How long it counts.
        clock: Monotonic seconds.
    """

    seconds: float
    clock: Callable[[], float] = time.monotonic
    _known: dict[object, tuple[float, Value]] = field(default_factory=dict, init=False)
    _asked: dict[object, tuple[float, asyncio.Future[Value]]] = field(default_factory=dict, init=False)

    async def get(self, name: object, ask: Callable[[], Awaitable[Value]]) -> Value:
        """Return what is remembered, or ask."""
        now = self.clock()
        known = self._known.get(name)
        if known is not None and now - known[0] < self.seconds:
            return known[1]
        asked = self._asked.get(name)
        if asked is None or now - asked[0] >= self.seconds:
            asked = self._asked[name] = (now, asyncio.ensure_future(ask()))
            asked[1].add_done_callback(lambda answer: self._keep(name, now, answer))
        # One caller that leaves does not take the answer from the others.
        return await asyncio.shield(asked[1])

    def _keep(self, name: object, asked_at: float, answer: asyncio.Future[Value]) -> None:
        failed = answer.cancelled() or answer.exception() is not None
        asked = self._asked.get(name)
        if asked is None or asked[1] is not answer:
            return  # forgotten, or asked again, meanwhile
        del self._asked[name]
        if failed:
            return
        self._known.pop(name, None)
        if len(self._known) >= MOST_REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[name] = (asked_at, answer.result())

    def forget(self, name: object) -> None:
        """Ask again next time: what the record said has changed."""
        self._known.pop(name, None)
        self._asked.pop(name, None)

    def last(self, name: object) -> Value | None:
        """Return what the record said last, however long ago."""
        known = self._known.get(name)
        return None if known is None else known[1]


class Identities:
    """Finds out who calls.

    Args:
        settings: The API's.
        store: Where keys and sessions are.
    """

    def __init__(self, settings: Settings, store: AccessStore) -> None:
        self._store = store
        self._tokens: Mapping[str, bytes] = {
            name: digest_of(token.get_secret_value()) for name, token in settings.api_tokens.items()
        }
        self._sign_on = SingleSignOn.of(settings)
        # Callers of a proxy on this machine come from here, too.
        self._nobody_else = is_loopback_host(settings.host) and self._sign_on is None
        self._credentials: Fresh[Credential | None] = Fresh(FRESH_SECONDS)
        self._any_key: Fresh[bool] = Fresh(FRESH_SECONDS)
        self._owners: Fresh[bool] = Fresh(FRESH_SECONDS)
        self._used: Fresh[None] = Fresh(USE_SECONDS)

    async def identify(
        self,
        headers: Headers,
        *,
        https: bool,
        peer: str | None = None,
        key_only: bool = False,
        note_use: bool = True,
    ) -> Identity:
        """Return who makes a request with these headers: a key goes before a person, and that before a session.

        Args:
            headers: The request's.
            https: Whether the caller came over TLS.
            peer: The address that the connection comes from.
            key_only: Whether nothing but a key or token counts.
            note_use: Whether this counts as a use of the key or session.

        Raises:
            RecordUnavailable: Only the record could tell, and it is unavailable: nobody is let in by mistake.
        """
        bearer = _bearer(headers)
        if bearer is not None:
            caller = await self.by_secret(bearer, note_use=note_use)
            return Identity(caller, guessed=caller is None)
        if key_only:
            return Identity(None)
        if self._sign_on is not None and (person := self._sign_on.person(headers, peer)) is not None:
            if isinstance(person, Refusal):
                return Identity(None, refusal=person)
            return await self._signed_on(self._sign_on, person)
        token = session_token(headers, https=https)
        caller = None if token is None else await self._by_session(token, note_use=note_use)
        if caller is not None or self._tokens or not self._nobody_else:
            return Identity(caller)
        return Identity(await self._without_credentials())

    async def _signed_on(self, sign_on: SingleSignOn, person: Person) -> Identity:
        """Return whom the proxy has signed in: a group of theirs counts here, and its owner has to exist."""
        caller = sign_on.caller(person)
        if caller is None:
            detail = f"You are signed in as {person.name}, but in no group that may use this."
            return Identity(None, refusal=Refusal("sign_on_unknown_group", detail), actor=person.actor)
        if caller.owner != LOCAL_OWNER and not await self.is_owner(caller.owner):
            detail = f"Your group belongs to the owner {caller.owner}: create it first (`promptmill owners add`)."
            return Identity(None, refusal=Refusal("sign_on_unknown_owner", detail), actor=person.actor)
        return Identity(caller)

    async def _without_credentials(self) -> Caller | None:
        """Return who calls without any, on loopback, where no token is set."""
        try:
            return None if await self._any_key.get(None, self._store.any_key) else LOCAL
        except RecordUnavailable:
            # That there was no key when it last answered proves nothing: one may have been made since, and the record
            # may be back by the caller's next statement. That there was one stays true.
            return None if self._any_key.last(None) else UNKNOWN

    async def is_owner(self, name: str) -> bool:
        """Return whether there is such an owner.

        Raises:
            RecordUnavailable: The record could not tell.
        """
        return await self._owners.get(name, lambda: self._store.is_owner(name))

    def token_of(self, text: str) -> bytes | None:
        """Return the digest of a text that is a token of the settings."""
        # All are compared, whichever it is: how long it takes tells nothing.
        right = [digest for digest in self._tokens.values() if same_secret(text, digest)]
        return right[0] if right else None

    def forget(self, name: str | bytes) -> None:
        """Ask the record again about a key (its id) or a session (its digest): it was just revoked or ended."""
        self._credentials.forget(name)

    def expect_key(self) -> None:
        """Ask the record again whether there is a key: one was just made."""
        self._any_key.forget(None)

    @property
    def token_digests(self) -> list[bytes]:
        """The digests of the tokens of the settings."""
        return list(self._tokens.values())

    async def by_secret(self, text: str, *, note_use: bool = True) -> Caller | None:
        """Return the caller with this key or token.

        Raises:
            RecordUnavailable: See `identify`.
        """
        if self.token_of(text) is not None:
            return Caller(LOCAL_OWNER, frozenset(Scope), "token")
        key_id = key_id_of(text)
        if key_id is None:
            return None
        found = await self._credentials.get(key_id, lambda: self._store.key(key_id))
        if found is None or found.digest is None or not same_secret(text, found.digest):
            return None
        return await self._caller(found, note_use=note_use)

    async def _by_session(self, token: str, *, note_use: bool) -> Caller | None:
        digest = digest_of(token)
        found = await self._credentials.get(digest, lambda: self._store.session(digest))
        if found is None or (found.token_digest is not None and found.token_digest not in self._tokens.values()):
            return None
        return await self._caller(found, note_use=note_use)

    async def _caller(self, found: Credential, *, note_use: bool) -> Caller:
        if note_use:
            with suppress(RecordUnavailable):  # it is noted for people; nothing depends on it
                await self._used.get((found.key_id, found.session_id), lambda: self._store.note_use(found))
        actor = "token" if found.key_id is None else f"key:{found.key_id}"
        return Caller(
            owner=found.owner or LOCAL_OWNER,
            scopes=frozenset(Scope) if found.key_id is None else scopes_of(list(found.scopes)),
            actor=actor if found.session_id is None else f"session:{found.session_id} {actor}",
            key_id=found.key_id,
            key_name=found.key_name,
            session_id=None if found.session_id is None else str(found.session_id),
        )


def cookie_name(*, https: bool) -> str:
    """Return the name of the cookie of a session that begins."""
    return SECURE_COOKIE if https else COOKIE


def session_token(headers: Headers, *, https: bool) -> str | None:
    """Return the secret of the browser's session, if it has one. Over TLS the other cookie may be a neighbour's."""
    # Of several with one name the parser takes the last, and browsers send the one of the longest path first: under a
    # prefix, a cookie of whatever is at the root of this host comes behind ours.
    backwards = ";".join(reversed(headers.get("cookie", "").split(";")))
    # Not the standard library's parser: it gives up at the first odd cookie, and other services set such on this host.
    cookies = cookie_parser(backwards)
    return cookies.get(SECURE_COOKIE) or (None if https else cookies.get(COOKIE)) or None


def _bearer(headers: Headers) -> str | None:
    """Return the key or token that was sent. Another scheme is not for us, but for a proxy that passed it on."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    # Headers arrive as Latin-1; a token of the settings may have other letters.
    return given.strip().encode("latin-1").decode(errors="replace")
