"""`promptmill owners`, `keys` and `sessions`: who may call, from the server's own command line."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from promptmill.api_keys import ID_CHARACTERS, PREFIX, digest_of
from promptmill.commands.operator import operator
from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.contracts.access import Scope, with_actor
from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.limits import limit_texts
from promptmill.contracts.names import LOCAL_OWNER
from promptmill.store.access import NewKey, OpenSession
from promptmill.store.limits import LimitStore, own_limits
from sql.models import ApiKey, Owner

_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DURATION: Final = re.compile(r"([1-9][0-9]{0,4})([hdw])")


def duration_of(text: str) -> timedelta:
    """Return how long a key shall be valid.

    Raises:
        ValueError: The text is no duration.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("give a number of hours, days or weeks: 12h, 90d, 52w")
    return int(found[1]) * _UNITS[found[2]]


async def list_owners(settings: Settings) -> list[Owner]:
    """Return all owners.

    Raises:
        RecordUnavailable: Postgres is unreachable.
    """
    async with open_record(settings) as store:
        return await store.access.owners()


async def add_owner(settings: Settings, name: str) -> Owner:
    """Create an owner.

    Raises:
        RecordConflict: It exists already.
        RecordUnavailable: Postgres is unreachable.
    """
    async with open_record(settings) as store:
        return await store.access.add_owner(name, by=operator())


async def pause_owner(settings: Settings, name: str, reason: str) -> Owner:
    """Pause an owner.

    Raises:
        RecordNotFound: There is no such owner.
        RecordUnavailable: Postgres is unreachable.
    """
    async with _limits(settings, name) as limits:
        return await limits.pause(name, reason, by=operator())


async def resume_owner(settings: Settings, name: str) -> Owner:
    """Resume an owner. Raises as `pause_owner`."""
    async with _limits(settings, name) as limits:
        return await limits.resume(name, by=operator())


async def set_limits(settings: Settings, name: str, changes: Mapping[str, Any]) -> Owner:
    """Change the limits of an owner that are named, if any; return the owner. Raises as `pause_owner`."""
    async with _limits(settings, name) as limits:
        return await limits.set(name, changes, by=operator()) if changes else await limits.owner(name)


async def list_keys(settings: Settings, owner: str | None) -> list[ApiKey]:
    """Return an owner's keys, or all.

    Raises:
        RecordUnavailable: Postgres is unreachable.
    """
    async with open_record(settings) as store:
        return await store.access.keys(owner)


async def create_key(
    settings: Settings, *, owner: str, name: str, scopes: frozenset[Scope], valid_for: timedelta | None
) -> tuple[NewKey, list[str]]:
    """Make a key; return it, and what that changed for everybody.

    Raises:
        RecordNotFound: There is no such owner.
        RecordUnavailable: Postgres is unreachable.
    """
    expires_at = None if valid_for is None else _now() + valid_for
    async with open_record(settings) as store:
        try:
            made = await store.access.create_key(
                owner=owner, name=name, scopes=scopes, expires_at=expires_at, by=operator()
            )
        except RecordNotFound:
            raise RecordNotFound(f"There is no owner {owner}: `promptmill owners add {owner}` creates it.") from None
        return made, await store.access.warnings(token_set=bool(settings.api_tokens), first=made.first)


async def revoke_key(settings: Settings, key: str) -> tuple[ApiKey, list[str]]:
    """Revoke a key; return it, and what that changed for everybody.

    Args:
        settings: The installation's.
        key: Its id, with or without `pm_`, or the key itself.

    Raises:
        RecordNotFound: There is no such key.
        RecordUnavailable: Postgres is unreachable.
    """
    key_id = key.removeprefix(PREFIX)[:ID_CHARACTERS]
    async with open_record(settings) as store:
        try:
            revoked = await store.access.revoke(key_id, by=operator())
        except RecordNotFound:
            raise RecordNotFound(f"There is no key {key_id}: `promptmill keys list` shows all.") from None
        return revoked, await store.access.warnings(token_set=bool(settings.api_tokens))


async def list_sessions(settings: Settings) -> list[OpenSession]:
    """Return the sessions of browsers that may be used now.

    Raises:
        RecordUnavailable: Postgres is unreachable.
    """
    digests = [digest_of(token.get_secret_value()) for token in settings.api_tokens.values()]
    async with open_record(settings) as store:
        return await store.access.sessions(digests)


async def end_session(settings: Settings, session_id: UUID) -> None:
    """End a session.

    Raises:
        RecordNotFound: There is no such session.
        RecordUnavailable: Postgres is unreachable.
    """
    async with open_record(settings) as store:
        try:
            await store.access.end_session(session_id, by=operator())
        except RecordNotFound:
            raise RecordNotFound(
                f"There is no session {session_id}: `promptmill sessions list` shows those in use."
            ) from None


def owner_line(owner: Owner) -> str:
    """Describe an owner on one line."""
    paused = f"paused since {_minute(owner.paused_at)}" if owner.paused_at else None
    why = paused and with_actor(owner.paused_reason, owner.paused_by)
    state = [f"{paused}: {why}" if why else paused] if paused else []
    if owner.queue_paused_at is not None:
        state.append(f"its queue paused since {_minute(owner.queue_paused_at)}: by {owner.queue_paused_by}")
    return "  ".join([owner.name, *state, *limit_texts(own_limits(owner))])


def limit_lines(owner: Owner, settings: Settings) -> Iterator[str]:
    """Describe what holds for an owner, and which of it is its own."""
    own = own_limits(owner)
    its = set(limit_texts(own))
    for text in limit_texts(own.within(settings.owner_limits)):
        yield f"{text}{'' if text in its else ' (the installation)'}"


def key_line(key: ApiKey) -> str:
    """Describe a key on one line."""
    scopes = " ".join(key.scopes)
    used = f"last used {_minute(key.last_used_at)}" if key.last_used_at else "never used"
    return f"{PREFIX}{key.id}…  {key.owner}  {key.name}  [{scopes}]  {_state(key)}, {used}"


def session_line(session: OpenSession) -> str:
    """Describe a session on one line."""
    key = "a token of the settings" if session.key_id is None else f"{PREFIX}{session.key_id}…"
    began = f"began {_minute(session.created_at)}, last used {_minute(session.last_used_at)}"
    browser = f"{session.address or 'unknown address'}, {session.user_agent or 'unknown browser'}"
    return f"{session.id}  {session.owner or LOCAL_OWNER}  {key}  {began}  {browser}"


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {_minute(key.revoked_at)}"
    if key.expires_at is None:
        return "valid until it is revoked"
    return f"{'expired' if key.expires_at <= _now() else 'valid until'} {_minute(key.expires_at)}"


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  # no workflow runs here


def _minute(at: datetime) -> str:
    return f"{at:%F %H:%M} UTC"


@asynccontextmanager
async def _limits(settings: Settings, owner: str) -> AsyncIterator[LimitStore]:
    async with open_record(settings) as store:
        try:
            yield store.limits
        except RecordNotFound:
            raise RecordNotFound(f"There is no owner {owner}: `promptmill owners list` shows all.") from None
