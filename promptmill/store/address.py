"""The connection URL of Postgres, with the parameters of libpq, other drivers and hosting providers, for asyncpg.

asyncpg sends parameters that it does not know to the server as settings, and the server rejects the connection. So
each one is used, translated or ignored here; `Address.left_out` names the ignored ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from promptmill.contracts.errors import ConfigurationError

CONNECT_SECONDS: Final = 5.0
"""Timeout for opening a connection without `connect_timeout` in the URL, and for waiting for a free one."""

MAX_CONNECT_SECONDS: Final = 60.0

_PASSED_ON: Final = frozenset(
    {
        *("host", "port", "user", "password", "passfile", "dbname", "database", "service", "target_session_attrs"),
        *("sslmode", "sslnegotiation", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname", "gsslib"),
    }
)
"""Parameters of libpq that asyncpg supports."""

_SERVER_SETTINGS: Final = {
    **{
        name: name
        for name in (
            *("options", "search_path", "role", "statement_timeout", "lock_timeout", "transaction_timeout"),
            *("idle_in_transaction_session_timeout", "idle_session_timeout", "work_mem", "jit", "synchronous_commit"),
        )
    },
    "schema": "search_path",
    "currentSchema": "search_path",
}
"""Parameters that are server settings, with their names there."""

_SSL_FLAGS: Final = {"true": "require", "1": "require", "on": "require", "false": "disable", "0": "disable"}
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
}
_TRANSLATED: Final = frozenset(
    {
        *("ssl", "connect_timeout", "application_name", "fallback_application_name"),
        *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"),
    }
)
_LARGEST_PORT: Final = 65535


@dataclass(frozen=True)
class Keepalive:
    """How TCP detects a connection that was lost silently.

    Attributes:
        idle_seconds: Idle time before the first probe.
        interval_seconds: Time between probes.
        count: Unanswered probes after which the connection is lost.
        unanswered_ms: How long sent data may remain unacknowledged (TCP_USER_TIMEOUT).
    """

    idle_seconds: int = 20
    interval_seconds: int = 5
    count: int = 3
    unanswered_ms: int = 10_000


@dataclass(frozen=True)
class Address:
    """A parsed connection URL.

    Attributes:
        dsn: The URL for asyncpg; it may contain a password.
        server_settings: Settings sent to the server when connecting.
        application_name: The connection's name in `pg_stat_activity`.
        keepalive: None if the URL disables it.
        left_out: Names of ignored parameters.
    """

    dsn: str = field(repr=False)
    server_settings: Mapping[str, str]
    application_name: str
    connect_seconds: float
    keepalive: Keepalive | None
    left_out: tuple[str, ...]


def parse_address(database_url: str) -> Address:
    """Parse a libpq connection URL.

    Raises:
        ConfigurationError: It is not a Postgres URL. The message does not repeat it: it may contain a password.
    """
    url = database_url.strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ConfigurationError(_malformed("the part in brackets is not an IPv6 address")) from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise ConfigurationError("DATABASE_URL must begin with postgresql://, as libpq writes it.")
    _check_hosts(parts.netloc, fragment=parts.fragment)
    given = {name: value for name, value in parse_qsl(parts.query) if value}
    _check_choices(given)
    passed_on = {name: value for name, value in given.items() if name in _PASSED_ON}
    if sslmode := _sslmode(given.get("ssl", "")):
        passed_on.setdefault("sslmode", sslmode)
    known = _PASSED_ON | _TRANSLATED | _SERVER_SETTINGS.keys()
    return Address(
        dsn=urlunsplit(parts._replace(query=urlencode(passed_on))),
        server_settings=_server_settings(given),
        application_name=given.get("application_name") or given.get("fallback_application_name") or "promptmill",
        connect_seconds=min(_number(given, "connect_timeout", 0) or CONNECT_SECONDS, MAX_CONNECT_SECONDS),
        keepalive=_keepalive(given),
        left_out=tuple(sorted(name for name in given if name not in known and not _is_server_setting(name))),
    )


def left_out_problem(database_urls: Mapping[str, str]) -> str | None:
    """Return a sentence that names the ignored parameters of URLs; None if there are none.

    Args:
        database_urls: The URLs by the names of their variables.

    Raises:
        ConfigurationError: It is not a Postgres URL.
    """
    ignored = {variable: parse_address(url).left_out for variable, url in database_urls.items()}
    told = [
        f"{variable} has parameters that are ignored: {', '.join(names)}."
        for variable, names in ignored.items()
        if names
    ]
    return " ".join([*told, "Pass a server setting as options=-c%20name%3Dvalue."]) if told else None


def _check_hosts(netloc: str, *, fragment: str) -> None:
    _, _, hosts = netloc.partition("@") if "@" in netloc else ("", "", netloc)
    if "@" in hosts or fragment:
        raise ConfigurationError(_malformed("special characters in the password must be percent-encoded (@ is %40)"))
    for host in hosts.split(","):
        port = host.rpartition("]")[2].rpartition(":")[2] if ":" in host.rpartition("]")[2] else ""
        if port and not (port.isdecimal() and 0 < int(port) <= _LARGEST_PORT):
            raise ConfigurationError(
                _malformed("a port must be a number; special characters in the password must be percent-encoded")
            )


def _malformed(why: str) -> str:
    return f"DATABASE_URL is not a valid URL (postgresql://user:password@host:5432/name): {why}."


def _check_choices(given: Mapping[str, str]) -> None:
    for name, choices in _CHOICES.items():
        if name in given and given[name] not in choices:
            raise ConfigurationError(f"DATABASE_URL: {name} must be one of {', '.join(choices)}.")


def _sslmode(flag: str) -> str | None:
    return flag if flag in _CHOICES["sslmode"] else _SSL_FLAGS.get(flag.lower())


def _server_settings(given: Mapping[str, str]) -> dict[str, str]:
    settings = {_SERVER_SETTINGS.get(name, name): value for name, value in given.items() if _is_server_setting(name)}
    if settings.get("search_path") == "public":
        # The default, which some tools add themselves; poolers reject settings that they do not know.
        del settings["search_path"]
    return settings


def _is_server_setting(name: str) -> bool:
    return name in _SERVER_SETTINGS or "." in name  # settings of extensions contain a dot


def _keepalive(given: Mapping[str, str]) -> Keepalive | None:
    if given.get("keepalives") == "0":
        return None
    usual = Keepalive()
    return Keepalive(
        idle_seconds=_number(given, "keepalives_idle", usual.idle_seconds),
        interval_seconds=_number(given, "keepalives_interval", usual.interval_seconds),
        count=_number(given, "keepalives_count", usual.count),
        unanswered_ms=_number(given, "tcp_user_timeout", usual.unanswered_ms),
    )


def _number(given: Mapping[str, str], name: str, usual: int) -> int:
    """Return a positive integer; zero or less means libpq's default, so ours."""
    text = given.get(name, "")
    return int(text) if text.isdecimal() and int(text) > 0 else usual
