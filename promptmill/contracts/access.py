"""Who calls, and what that caller may do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """What a key allows."""

    JOBS_READ = "jobs:read"
    """See the owner's jobs, prompts, statistics and live streams; models and prices."""
    JOBS_WRITE = "jobs:write"
    """Create, cancel, retry and rate jobs; upload images."""
    JOBS_RESOLVE = "jobs:resolve"
    """Decide what became of an unclear submission, and force a retry that may be charged twice."""
    OPERATE = "operate"
    """Set up the installation, and start what waits."""
    ADMIN = "admin"
    """Owners, keys and sessions, and acting for any owner."""
    METRICS_READ = "metrics:read"
    """Read the metrics."""


ROLES: Final[Mapping[str, frozenset[Scope]]] = {
    "viewer": frozenset({Scope.JOBS_READ}),
    "member": frozenset({Scope.JOBS_READ, Scope.JOBS_WRITE}),
    "operator": frozenset({Scope.JOBS_READ, Scope.JOBS_WRITE, Scope.JOBS_RESOLVE, Scope.OPERATE, Scope.METRICS_READ}),
    "admin": frozenset(Scope),
    "metrics": frozenset({Scope.METRICS_READ}),
}
"""Presets of scopes for a new key."""

SIGNED_ON: Final = "sso:"
"""How the actor begins that a proxy has signed in; the person's name follows."""

NAME_CHARACTERS: Final = 100
"""Maximum length of a key's name."""

_OWNER_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

FIRST_KEY: Final = (
    "This is the first key: from now on every call needs a key or a token, from this machine too. Revoking it does not "
    "change that."
)
NO_ADMIN: Final = (
    "No usable key has the scope admin, and PROMPTMILL_API_TOKEN is not set, so nobody can make or revoke keys through "
    "the API. On the server, `promptmill keys create --role admin --name …` makes such a key."
)


@dataclass(frozen=True)
class Caller:
    """Whoever makes a request.

    Attributes:
        owner: Whose rows the caller sees and creates.
        scopes: What it may do.
        actor: How logs name it: `local` (nobody has to sign in here), `token` (a token of the settings), `key:` and
            the key's id, after `session:` and a session's id if the browser is signed in with it; `sso:` and the name
            of a person whom the proxy in front has signed in.
        key_id: Its key; None for a token of the settings, and where nobody has to sign in.
        key_name: What people call that key.
        session_id: Its session in a browser.
    """

    owner: str
    scopes: frozenset[Scope]
    actor: str
    key_id: str | None = None
    key_name: str | None = None
    session_id: str | None = None

    def may(self, *scopes: Scope) -> bool:
        """Return whether it has all of these scopes."""
        return self.scopes.issuperset(scopes)


@dataclass(frozen=True)
class By:
    """Who does something, and from where, as the audit log tells it.

    Attributes:
        actor: As `Caller.actor`; or `cli:` and the system's user at the command line, `unknown` for whoever could not
            sign in, `promptmill` for what the service does by itself.
        request_id: Of the request with which it was done.
        address: Where that request came from.
    """

    actor: str
    request_id: str | None = None
    address: str | None = None


BY_ITSELF: Final = By("promptmill")
"""What nobody asked for: a hold by the restore guard."""


def by_whom(actor: str | None) -> str:
    """Return `by cli:anna`; nothing if it is unknown, or the service itself, whose reason says so."""
    return f"by {actor}" if actor and actor != BY_ITSELF.actor else ""


def with_actor(reason: str | None, actor: str | None) -> str | None:
    """Return a reason that names who gave it: `maintenance (by cli:anna)`. None if neither is known."""
    words, by = (reason or "").strip(), by_whom(actor)
    if words and by:
        return f"{words.removesuffix('.')} ({by})"
    return words or by or None


def scopes_of(texts: list[str]) -> frozenset[Scope]:
    """Return the scopes that this release knows among those of a row, which a newer release may have written."""
    return frozenset(scope for scope in Scope if scope in texts)


def scope_named(text: str) -> Scope:
    """Return a scope.

    Raises:
        ValueError: There is none with this name; the message names the nearest.
    """
    return Scope(_named("scope", text, list(Scope)))


def role_named(text: str) -> str:
    """Return the name of a role.

    Raises:
        ValueError: There is none with this name; the message names the nearest.
    """
    return _named("role", text, list(ROLES))


def scopes_for(role: str | None, scopes: Iterable[Scope]) -> frozenset[Scope]:
    """Return what a key of this role, or with these scopes, allows.

    Raises:
        ValueError: Both are given, or neither.
    """
    wanted = frozenset(scopes)
    if role is not None and wanted:
        raise ValueError("Give a role or scopes, not both.")
    if role is None and not wanted:
        raise ValueError(f"Give a role ({', '.join(ROLES)}) or scopes ({', '.join(Scope)}).")
    return wanted if role is None else ROLES[role]


def owner_name(text: str) -> str:
    """Return an owner's name.

    Raises:
        ValueError: It cannot be one.
    """
    if not _OWNER_NAME.fullmatch(text):
        raise ValueError(
            "An owner's name is 1 to 63 lowercase letters (a-z), digits and hyphens, and begins with a letter or digit."
        )
    return text


def key_name(text: str) -> str:
    """Return a key's name without the blanks around it.

    Raises:
        ValueError: It cannot be one.
    """
    name = text.strip()
    if not name or len(name) > NAME_CHARACTERS or not name.isprintable():
        raise ValueError(f"A key's name is 1 to {NAME_CHARACTERS} printable characters that say what uses the key.")
    return name


def _named(kind: str, text: str, known: list[str]) -> str:
    if text in known:
        return text
    near = get_close_matches(text[:NAME_CHARACTERS].lower(), known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
    raise ValueError(f"Unknown {kind}. {hint}")
