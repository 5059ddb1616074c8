"""Owners, API keys, and the sessions of browsers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from promptmill.api_keys import new_key, new_session_secret
from promptmill.contracts.access import BY_ITSELF, FIRST_KEY, NO_ADMIN, By, Scope
from promptmill.contracts.audit import Action
from promptmill.contracts.errors import RecordConflict, RecordUnavailable
from promptmill.contracts.names import LOCAL_OWNER
from promptmill.store.audit import audited, by_values
from promptmill.store.database import Database, column_list
from sql.models import ApiKey, BrowserSession, Owner

SESSION_HOURS: Final = 12
"""An unused session ends after this."""

_USABLE: Final = "k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())"
_CALLER: Final = "k.id AS key_id, k.name AS key_name, k.owner, k.scopes, k.digest"

_KEY_CALLER: Final = f"SELECT {_CALLER} FROM api_keys AS k WHERE k.id = :key_id AND {_USABLE}"
_SESSION_CALLER: Final = f"""
    SELECT {_CALLER}, s.id AS session_id, s.token_digest
    FROM sessions AS s LEFT JOIN api_keys AS k ON k.id = s.key_id
    WHERE s.digest = :digest AND s.ended_at IS NULL AND s.last_used_at > now() - interval '{SESSION_HOURS} hours'
      AND (s.key_id IS NULL OR {_USABLE})
"""
_ANY_KEY: Final = "SELECT EXISTS (SELECT FROM api_keys)"
_ANY_ADMIN: Final = f"SELECT EXISTS (SELECT FROM api_keys AS k WHERE {_USABLE} AND '{Scope.ADMIN}' = ANY (k.scopes))"

# To the minute: a busy key is one row that many requests would otherwise wait for.
_KEY_USED: Final = """
    UPDATE api_keys SET last_used_at = date_trunc('minute', now())
    WHERE id = :key_id AND last_used_at IS DISTINCT FROM date_trunc('minute', now())
"""
_SESSION_USED: Final = """
    UPDATE sessions SET last_used_at = now()
    WHERE id = :session_id AND ended_at IS NULL AND last_used_at < now() - interval '1 minute'
"""

_ADD_OWNER: Final = audited(
    f"INSERT INTO owners (name) VALUES (:name) ON CONFLICT DO NOTHING RETURNING {column_list(Owner)}",
    action=Action.OWNER_ADD,
    owner="name",
    target="'owner:' || name",
)
_OWNERS: Final = f"SELECT {column_list(Owner)} FROM owners ORDER BY name"
_IS_OWNER: Final = "SELECT EXISTS (SELECT FROM owners WHERE name = :name)"
_ADD_KEY: Final = audited(
    f"""
    INSERT INTO api_keys (id, owner, name, digest, scopes, created_by, expires_at)
    SELECT :key_id, o.name, :name, :digest, CAST(:scopes AS text[]), :created_by, :expires_at
    FROM owners AS o WHERE o.name = :owner
    RETURNING {column_list(ApiKey)}
    """,
    action=Action.KEY_CREATE,
    owner="owner",
    target="'key:' || id",
    after="jsonb_build_object('name', name, 'scopes', scopes, 'expiresAt', expires_at)",
)
_KEYS: Final = f"""
    SELECT {column_list(ApiKey)} FROM api_keys
    WHERE CAST(:owner AS text) IS NULL OR owner = :owner ORDER BY owner, created_at, id
"""
_REVOKE: Final = audited(
    f"""
    UPDATE api_keys AS k SET revoked_at = coalesce(k.revoked_at, now()) FROM prior WHERE k.id = prior.id
    RETURNING {column_list(ApiKey, "k")}, prior.revoked_at IS NULL AS changed
    """,
    prior="SELECT id, revoked_at FROM api_keys WHERE id = :key_id FOR UPDATE",
    action=Action.KEY_REVOKE,
    owner="owner",
    target="'key:' || id",
    before="jsonb_build_object('name', name, 'revokedAt', NULL)",
    after="jsonb_build_object('name', name, 'revokedAt', revoked_at)",
    when="changed",
)
_OWNER_OF_SESSION: Final = f"coalesce((SELECT k.owner FROM api_keys AS k WHERE k.id = acted.key_id), '{LOCAL_OWNER}')"
_OPEN_SESSION: Final = audited(
    """
    INSERT INTO sessions (id, digest, key_id, token_digest, address, user_agent)
    VALUES (:session_id, :digest, :key_id, :token_digest, :address, :user_agent)
    RETURNING id, key_id, user_agent
    """,
    action=Action.SESSION_BEGIN,
    owner=_OWNER_OF_SESSION,
    target="'session:' || id",
    after="jsonb_build_object('keyId', key_id, 'userAgent', user_agent)",
)
_SESSIONS: Final = f"""
    SELECT s.id, s.key_id, k.owner, s.created_at, s.last_used_at, s.address, s.user_agent
    FROM sessions AS s LEFT JOIN api_keys AS k ON k.id = s.key_id
    WHERE s.ended_at IS NULL AND s.last_used_at > now() - interval '{SESSION_HOURS} hours'
      AND CASE WHEN s.key_id IS NULL THEN s.token_digest = ANY (CAST(:token_digests AS bytea[])) ELSE {_USABLE} END
    ORDER BY s.last_used_at DESC, s.id
    LIMIT 1000
"""
_END_SESSION: Final = audited(
    f"""
    UPDATE sessions AS s SET ended_at = coalesce(s.ended_at, now()) FROM prior WHERE s.id = prior.id
    RETURNING {column_list(BrowserSession, "s")}, prior.ended_at IS NULL AS changed
    """,
    prior="SELECT id, ended_at FROM sessions WHERE id = :session_id FOR UPDATE",
    action=Action.SESSION_END,
    owner=_OWNER_OF_SESSION,
    target="'session:' || id",
    before="jsonb_build_object('keyId', key_id, 'endedAt', NULL)",
    after="jsonb_build_object('keyId', key_id, 'endedAt', ended_at)",
    when="changed",
)


@dataclass(frozen=True)
class Credential:
    """What the record says of a key or a session that may be used now.

    Attributes:
        key_id: The key; None for a session that began with a token of the settings.
        key_name: What people call it.
        owner: The key's.
        digest: The key's.
        session_id: The session, if it is one.
        token_digest: Of the token of the settings that the session began with.
    """

    key_id: str | None
    key_name: str | None
    owner: str | None
    scopes: Sequence[str]
    digest: bytes | None
    session_id: UUID | None = None
    token_digest: bytes | None = None


@dataclass(frozen=True)
class OpenSession:
    """A browser's session that may be used now.

    Attributes:
        key_id: The key that it began with; None for a token of the settings.
        owner: The key's.
        address: Where it began.
        user_agent: What the browser called itself.
    """

    id: UUID
    key_id: str | None
    owner: str | None
    created_at: datetime
    last_used_at: datetime
    address: str | None
    user_agent: str | None


@dataclass(frozen=True)
class NewKey:
    """A key that was just made.

    Attributes:
        row: What is stored.
        text: The key itself, which nobody can find out again.
        first: Whether there was none before.
    """

    row: ApiKey
    text: str
    first: bool


@dataclass(frozen=True)
class AccessStore:
    """Who may call."""

    database: Database

    async def any_key(self) -> bool:
        """Return whether there has ever been a key."""
        return bool(await self.database.value(_ANY_KEY))

    async def key(self, key_id: str) -> Credential | None:
        """Return a key that is neither revoked nor expired."""
        return await self._credential(_KEY_CALLER, key_id=key_id)

    async def session(self, digest: bytes) -> Credential | None:
        """Return a session that has not ended, and whose key may still be used."""
        return await self._credential(_SESSION_CALLER, digest=digest)

    async def note_use(self, used: Credential) -> None:
        """Note that a key, and possibly a session, was used now."""
        if used.key_id is not None:
            await self.database.run(_KEY_USED, key_id=used.key_id)
        if used.session_id is not None:
            await self.database.run(_SESSION_USED, session_id=used.session_id)

    async def add_owner(self, name: str, *, by: By = BY_ITSELF) -> Owner:
        """Create an owner.

        Raises:
            RecordConflict: `owner_exists`.
        """
        for row in await self.database.rows(Owner, _ADD_OWNER, name=name, **by_values(by)):
            return row
        raise RecordConflict("owner_exists", f"There is an owner {name} already.")

    async def owners(self) -> list[Owner]:
        """Return all owners by name."""
        return await self.database.rows(Owner, _OWNERS)

    async def is_owner(self, name: str) -> bool:
        """Return whether there is such an owner."""
        return bool(await self.database.value(_IS_OWNER, name=name))

    async def create_key(
        self,
        *,
        owner: str,
        name: str,
        scopes: frozenset[Scope],
        expires_at: datetime | None,
        by: By = BY_ITSELF,
    ) -> NewKey:
        """Make a key and store its digest.

        Raises:
            RecordNotFound: There is no such owner.
        """
        key = new_key()
        first = not await self.any_key()
        row = await self.database.row(
            ApiKey,
            _ADD_KEY,
            key_id=key.id,
            digest=key.digest,
            owner=owner,
            name=name,
            scopes=sorted(scopes),
            created_by=by.actor,
            expires_at=expires_at,
            **by_values(by),
        )
        return NewKey(row, key.text, first)

    async def warnings(self, *, token_set: bool, first: bool = False) -> list[str]:
        """Return what somebody who has changed keys must know now.

        Args:
            token_set: Whether the settings have a token, which is an admin whatever happens to keys.
            first: Whether the first key was made.
        """
        if token_set:
            return []
        try:
            lost = not await self.database.value(_ANY_ADMIN)
        except RecordUnavailable:
            lost = False  # what was changed stays changed, and a new key that is not told now is never known
        return [*([FIRST_KEY] if first else []), *([NO_ADMIN] if lost else [])]

    async def keys(self, owner: str | None = None) -> list[ApiKey]:
        """Return an owner's keys, or everybody's, also those that cannot be used any more."""
        return await self.database.rows(ApiKey, _KEYS, owner=owner)

    async def revoke(self, key_id: str, *, by: By = BY_ITSELF) -> ApiKey:
        """Revoke a key. Idempotent.

        Raises:
            RecordNotFound: There is no such key.
        """
        return await self.database.row(ApiKey, _REVOKE, key_id=key_id, **by_values(by))

    async def open_session(
        self,
        session_id: UUID,
        *,
        key_id: str | None,
        token_digest: bytes | None,
        user_agent: str | None,
        by: By = BY_ITSELF,
    ) -> str:
        """Begin a session with a key or a token of the settings; return its secret, of which the digest is stored."""
        secret, digest = new_session_secret()
        await self.database.run(
            _OPEN_SESSION,
            session_id=session_id,
            digest=digest,
            key_id=key_id,
            token_digest=token_digest,
            address=by.address,
            user_agent=user_agent,
            **by_values(by),
        )
        return secret

    async def sessions(self, token_digests: Sequence[bytes]) -> list[OpenSession]:
        """Return the sessions that may be used now, the last used first.

        Args:
            token_digests: Of the tokens of the settings.
        """
        return [OpenSession(**row) for row in await self.database.mappings(_SESSIONS, token_digests=[*token_digests])]

    async def end_session(self, session_id: UUID, *, by: By = BY_ITSELF) -> BrowserSession:
        """End a session. Idempotent.

        Raises:
            RecordNotFound: There is no such session.
        """
        return await self.database.row(BrowserSession, _END_SESSION, session_id=session_id, **by_values(by))

    async def _credential(self, query: str, **values: str | bytes) -> Credential | None:
        for row in await self.database.mappings(query, **values):
            return Credential(
                key_id=row["key_id"],
                key_name=row["key_name"],
                owner=row["owner"],
                scopes=row["scopes"] or (),
                digest=row["digest"],
                session_id=row.get("session_id"),
                token_digest=row.get("token_digest"),
            )
        return None
