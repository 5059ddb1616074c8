"""Lets callers in, or says why not."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from starlette.datastructures import Headers

from api.access.identities import Fresh, Identities
from api.http.callers import SESSION, WEBHOOKS, CallerRules, Refusal, is_open
from api.http.wrong_tokens import MOST_WRONG, WINDOW_SECONDS, WrongTokens, caller_name
from promptmill.contracts.access import By, Caller, Scope
from promptmill.contracts.audit import Action
from promptmill.contracts.errors import RecordError, RecordUnavailable
from promptmill.store.audit import AuditStore

CALLER: Final = "promptmill.caller"
"""Key in a request's scope: who makes it; nobody on paths that are open to everybody."""

HTTPS: Final = "promptmill.https"
"""Key in a request's scope: whether its caller came over TLS."""

ACTING_FOR: Final = "Promptmill-Owner"
"""The header by which an admin names the owner to act for."""

TELLING_SECONDS: Final = 1.0
"""How long a refusal waits for its entry in the audit log."""


@dataclass(frozen=True)
class Door:
    """The door of one installation.

    Attributes:
        rules: From where one may call.
        identities: Finds out who calls.
        audit: Where refused keys are told.
        wrong_tokens: Who came with a wrong key or token.
    """

    rules: CallerRules
    identities: Identities
    audit: AuditStore
    wrong_tokens: WrongTokens = field(default_factory=WrongTokens)
    _told: Fresh[None] = field(default_factory=lambda: Fresh(WINDOW_SECONDS), init=False)

    async def admit(
        self,
        path: str,
        headers: Headers,
        peer: str | None,
        *,
        https: bool = False,
        key_only: bool = False,
        request_id: str | None = None,
    ) -> Caller | Refusal | None:
        """Return who calls, or why the call is refused; None where nobody has to say who they are.

        Args:
            path: What is asked for.
            headers: The request's.
            peer: The address that the connection comes from.
            https: Whether the caller came over TLS.
            key_only: Whether nothing but a key counts: another page's script calls.
            request_id: The request's, for the audit log.

        Raises:
            RecordUnavailable: Only the record could tell, and it is unavailable.
        """
        if path.startswith(WEBHOOKS) or is_open(path):
            return None
        identity = await self.identities.identify(headers, https=https, peer=peer, key_only=key_only)
        if identity.refusal is not None:
            address = caller_name(self.rules.address(headers, peer))
            await self._tell(By(identity.actor or "unknown", request_id, address))
            return identity.refusal
        if identity.caller is not None:
            return await self._acting_for(identity.caller, headers.get(ACTING_FOR))
        if identity.guessed:
            return await self._wrong(headers, peer, request_id)
        if key_only:
            return Refusal("unauthorized", "Pages of other origins call with a key in `Authorization` alone.")
        # Whoever sends none guesses nothing.
        return None if path == SESSION else Refusal("unauthorized")

    async def sign_in(
        self, text: str, headers: Headers, peer: str | None, *, request_id: str | None = None
    ) -> Caller | Refusal:
        """Return whose key or token a text is, or why it is refused.

        Raises:
            RecordUnavailable: Only the record could tell, and it is unavailable.
        """
        return await self.identities.by_secret(text) or await self._wrong(headers, peer, request_id)

    async def still_admits(self, headers: Headers, peer: str | None, *, https: bool, scope: Scope) -> bool | None:
        """Return whether whoever began a long answer with these headers would still get it; None: it is unknown now."""
        try:
            identity = await self.identities.identify(headers, https=https, peer=peer, note_use=False)
        except RecordUnavailable:
            return None
        return identity.caller is not None and identity.caller.may(scope)

    async def _wrong(self, headers: Headers, peer: str | None, request_id: str | None) -> Refusal:
        address = self.rules.address(headers, peer)
        wrong = self.wrong_tokens.note(address)
        await self._tell(By("unknown", request_id, caller_name(address)))
        if wrong > MOST_WRONG:
            return Refusal("too_many_wrong_tokens")
        await self.wrong_tokens.slow(wrong)
        return Refusal("unauthorized")

    async def _tell(self, by: By) -> None:
        """Tell the audit log whom the door refused, once a minute."""
        with suppress(RecordError, TimeoutError):  # they are refused all the same
            async with asyncio.timeout(TELLING_SECONDS):
                await self._told.get((by.actor, by.address), lambda: self.audit.note(by, Action.SESSION_REFUSE))

    async def _acting_for(self, caller: Caller, owner: str | None) -> Caller | Refusal:
        if owner is None or owner == caller.owner:
            return caller
        if not caller.may(Scope.ADMIN):
            return Refusal("scope_missing", f"Acting for another owner ({ACTING_FOR}) needs the scope {Scope.ADMIN}.")
        if not await self.identities.is_owner(owner):
            return Refusal("unknown_owner")
        return replace(caller, owner=owner)
