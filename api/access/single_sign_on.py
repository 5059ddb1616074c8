"""Whom a proxy in front has signed in: it alone is believed, by its address, a secret, or both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from starlette.datastructures import Headers

from api.http.callers import Refusal, address_of
from promptmill.api_keys import digest_of, same_secret
from promptmill.config.settings import Settings
from promptmill.config.single_sign_on import Grant
from promptmill.config.values import Network
from promptmill.contracts.access import ROLES, SIGNED_ON, Caller

PROOF: Final = "Promptmill-Proxy-Secret"
"""The header by which the proxy proves to be the one of the settings."""

PERSON_CHARACTERS: Final = 200
"""Maximum length of a person's name."""


class Person(NamedTuple):
    """Whom the proxy has signed in, and their groups."""

    name: str
    groups: frozenset[str]

    @property
    def actor(self) -> str:
        """How logs name the person."""
        return f"{SIGNED_ON}{self.name}"


@dataclass(frozen=True)
class SingleSignOn:
    """The proxy that signs people in, and what their groups may do.

    Attributes:
        networks: Where its connections come from; empty if the secret alone decides.
        secret: The digest of what it sends; None if its address alone decides.
        user_header: Names the person.
        groups_header: Tells the person's groups, comma-separated.
        grants: What the groups may do. The first whose group the person is in counts.
    """

    networks: tuple[Network, ...]
    secret: bytes | None
    user_header: str
    groups_header: str
    grants: tuple[Grant, ...]

    @classmethod
    def of(cls, settings: Settings) -> SingleSignOn | None:
        """Return what the settings define; None if no proxy signs people in."""
        if not settings.single_sign_on:
            return None
        secret = settings.trusted_proxy_secret
        return cls(
            settings.trusted_proxy,
            None if secret is None else digest_of(secret.get_secret_value()),
            settings.trusted_proxy_user_header,
            settings.trusted_proxy_groups_header,
            settings.trusted_proxy_groups,
        )

    def person(self, headers: Headers, peer: str | None) -> Person | Refusal | None:
        """Return whom the proxy names, or why that cannot be told.

        Args:
            headers: The request's. From anybody but the proxy they tell nothing.
            peer: The address that the connection comes from.

        Returns:
            None if the request does not come from the proxy, or the proxy names nobody.
        """
        if not self._is_proxy(headers, peer):
            return None
        for header in (self.user_header, self.groups_header):
            if len(headers.getlist(header)) > 1:
                # The second one may be the client's own: which of them counts would be a guess.
                detail = f"{header} came more than once: the proxy must replace a client's own."
                return Refusal("sign_on_invalid", detail)
        name, groups = (_text(headers.get(header, "")) for header in (self.user_header, self.groups_header))
        if name == "":
            return None
        if name is None or len(name) > PERSON_CHARACTERS or not name.isprintable():
            rule = f"1 to {PERSON_CHARACTERS} printable characters in UTF-8"
            return Refusal("sign_on_invalid", f"{self.user_header} must be a name of {rule}.")
        if groups is None:
            return Refusal("sign_on_invalid", f"{self.groups_header} must be in UTF-8.")
        return Person(name, frozenset(group.strip() for group in groups.split(",")))

    def caller(self, person: Person) -> Caller | None:
        """Return a person as a caller; None if no group of theirs may do anything."""
        grant = next((grant for grant in self.grants if grant.group in person.groups), None)
        return None if grant is None else Caller(grant.owner, ROLES[grant.role], person.actor)

    def _is_proxy(self, headers: Headers, peer: str | None) -> bool:
        address = address_of(peer)
        near = not self.networks or (address is not None and any(address in network for network in self.networks))
        if self.secret is None:
            return near
        given = headers.getlist(PROOF)
        return near and len(given) == 1 and same_secret(given[0], self.secret)


def _text(value: str) -> str | None:
    """Return a header's value, which arrives as Latin-1, as the UTF-8 that it is meant to be; None if it is not."""
    try:
        return value.encode("latin-1").decode().strip()
    except UnicodeError:
        return None
