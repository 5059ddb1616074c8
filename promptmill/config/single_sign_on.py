"""Settings of single sign-on: a proxy in front signs people in, and names them in headers."""

from __future__ import annotations

import re
from typing import Annotated, Final, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from promptmill.config.values import Networks
from promptmill.contracts.access import owner_name, role_named

MIN_SECRET_CHARACTERS: Final = 32
"""Minimum length of the secret that the proxy sends."""

_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_TAKEN: Final = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "origin",
        "promptmill-owner",
        "promptmill-proxy-secret",
    }
)
"""Headers that have another meaning here."""


class Grant(NamedTuple):
    """What the people of a group are here: the owner whose jobs they see and create, and their role."""

    group: str
    owner: str
    role: str


def _grants(value: object) -> object:
    """Parse `group=owner:role` entries, separated by commas or lines; leave everything else to pydantic."""
    if not isinstance(value, str):
        return value
    grants = [_grant(entry.strip()) for entry in re.split(r"[,\n]", value) if entry.strip()]
    twice = {grant.group for grant in grants if [other.group for other in grants].count(grant.group) > 1}
    if twice:
        raise ValueError(f"names the group {min(twice)!r} twice: a group has one owner and one role")
    return tuple(grants)


def _grant(entry: str) -> Grant:
    # From the right: names of groups may contain both characters, owners and roles neither.
    group, equals, grant = entry.rpartition("=")
    owner, colon, role = grant.strip().partition(":")
    if not group.strip() or not equals or not colon:
        raise ValueError(f"the entry {entry!r} must be group=owner:role, such as designers=team-a:member")
    try:
        return Grant(group.strip(), owner_name(owner.strip()), role_named(role.strip()))
    except ValueError as error:
        raise ValueError(f"the entry {entry!r}: {error}") from None


def _header(name: str) -> str:
    if not _HEADER.fullmatch(name) or name.lower() in _TAKEN:
        raise ValueError("must be the name of a header of its own, such as X-Forwarded-User (letters, digits, '-')")
    return name


def _sign_out(address: str) -> str:
    if not re.fullmatch(r"(https?:/)?/[^/\\\s][^\\\s]*", address) or not address.isprintable():
        raise ValueError("must be a path at this host, such as /oauth2/sign_out, or an http(s) URL")
    return address


Grants = Annotated[tuple[Grant, ...], NoDecode, BeforeValidator(_grants)]
HeaderName = Annotated[str, AfterValidator(_header)]


class SingleSignOnSettings(BaseModel):
    """Whom to believe who calls, and what their groups may do."""

    trusted_proxy: Networks = Field(
        (),
        description="Addresses or networks, comma-separated, of the proxy that signs people in: it alone is believed who calls. Not the same as PROMPTMILL_TRUSTED_PROXIES.",
    )
    trusted_proxy_secret: SecretStr | None = Field(
        None,
        description="Secret of 32 characters or more that this proxy sends as Promptmill-Proxy-Secret; with PROMPTMILL_TRUSTED_PROXY, both must be right.",
    )
    trusted_proxy_user_header: HeaderName = Field(
        "X-Forwarded-User", description="Header by which this proxy names the person who is signed in."
    )
    trusted_proxy_groups_header: HeaderName = Field(
        "X-Forwarded-Groups", description="Header by which it tells the person's groups, comma-separated."
    )
    trusted_proxy_groups: Grants = Field(
        (),
        description="What each group is here, comma-separated entries group=owner:role; the first one that the person is in counts.",
    )
    trusted_proxy_sign_out_url: Annotated[str, AfterValidator(_sign_out)] | None = Field(
        None, description='Where the page\'s "Sign out" leads for such people, such as /oauth2/sign_out.'
    )

    @field_validator("trusted_proxy")
    @classmethod
    def _not_everybody(cls, networks: Networks) -> Networks:
        for network in networks:
            if network.prefixlen == 0:
                raise ValueError(f"{network} is everybody, and everybody could then claim to be anyone")
        return networks

    @model_validator(mode="after")
    def _signs_in_whole(self) -> Self:
        secret = self.trusted_proxy_secret
        if secret is not None:
            text = secret.get_secret_value()
            if len(text) < MIN_SECRET_CHARACTERS or not text.isascii() or not text.isprintable() or " " in text:
                raise ValueError(
                    f"PROMPTMILL_TRUSTED_PROXY_SECRET needs {MIN_SECRET_CHARACTERS} characters or more, ASCII and without "
                    "blanks, such as from `openssl rand -hex 24`"
                )
        if self.trusted_proxy_user_header.lower() == self.trusted_proxy_groups_header.lower():
            raise ValueError(
                "PROMPTMILL_TRUSTED_PROXY_USER_HEADER and PROMPTMILL_TRUSTED_PROXY_GROUPS_HEADER name the same header"
            )
        if self.single_sign_on and not self.trusted_proxy_groups:
            raise ValueError(
                "a proxy signs people in (PROMPTMILL_TRUSTED_PROXY, PROMPTMILL_TRUSTED_PROXY_SECRET), but no group may do "
                "anything: set PROMPTMILL_TRUSTED_PROXY_GROUPS, such as designers=team-a:member"
            )
        if self.trusted_proxy_groups and not self.single_sign_on:
            raise ValueError(
                "PROMPTMILL_TRUSTED_PROXY_GROUPS is set, but no proxy is trusted: set PROMPTMILL_TRUSTED_PROXY or "
                "PROMPTMILL_TRUSTED_PROXY_SECRET"
            )
        return self

    @property
    def single_sign_on(self) -> bool:
        """Whether a proxy signs people in."""
        return bool(self.trusted_proxy) or self.trusted_proxy_secret is not None
