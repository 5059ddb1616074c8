"""The address of Postgres: what libpq, its drivers and hosting companies write into it, as asyncpg takes it.

asyncpg sends every parameter that it does not know to the server as a setting, and the server refuses the connection.
So each is used, translated or left out here; `Address.left_out` names the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from promptmill.contracts.errors import ConfigurationError

CONNECT_SECONDS: Final = 5.0
"""How long making a connection may take, where the address has no `connect_timeout`."""

LONGEST_CONNECT_SECONDS: Final = 60.0

_PASSED_ON: Final = frozenset(
    {
        *("host", "port", "user", "password", "passfile", "dbname", "database", "service", "target_session_attrs"),
        *("sslmode", "sslnegotiation", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname", "gsslib"),
    }
)
"""Parameters of libpq that asyncpg knows too."""

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
"""Parameters that are settings of the server, with their names there."""

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
    """When a connection over TCP counts as lost although nobody said so. Linux and others drop silently.

    Attributes:
        idle_seconds: Silence after which the other side is asked for a sign of life.
        interval_seconds: The wait between two such questions.
        count: Questions without an answer after which the connection is lost.
        unanswered_ms: How long sent data may go without the other side's receipt.
    """

    idle_seconds: int = 20
    interval_seconds: int = 5
    count: int = 3
    unanswered_ms: int = 10_000


@dataclass(frozen=True)
class Address:
    """Where Postgres is, and how it is reached.

    Attributes:
        dsn: What asyncpg takes. It may hold a password.
        server_settings: What the server is told at the start of each connection.
        keepalive: None where the address switches it off.
        left_out: Names of parameters that have no effect here.
    """

    dsn: str = field(repr=False)
    server_settings: Mapping[str, str]
    application_name: str
    connect_seconds: float
    keepalive: Keepalive | None
    left_out: tuple[str, ...]


def parse_address(database_url: str) -> Address:
    """Read a libpq address.

    Raises:
        ConfigurationError: It is not a Postgres address. The message does not repeat it: it may hold a password.
    """
    url = database_url.strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ConfigurationError(_malformed("the part in brackets is no IPv6 address")) from None
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
        connect_seconds=min(_number(given, "connect_timeout", 0) or CONNECT_SECONDS, LONGEST_CONNECT_SECONDS),
        keepalive=_keepalive(given),
        left_out=tuple(sorted(name for name in given if name not in known and not _is_server_setting(name))),
    )


def left_out_problem(database_url: str) -> str | None:
    """Return the sentence that names the parameters of an address that have no effect here; None without any.

    Raises:
        ConfigurationError: It is not a Postgres address.
    """
    names = parse_address(database_url).left_out
    if not names:
        return None
    return (
        f"DATABASE_URL has parameters that have no effect here: {', '.join(names)}. "
        "A setting of the server can be given as options=-c%20name%3Dvalue."
    )


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
    return f"DATABASE_URL is not an address of Postgres (postgresql://user:password@host:5432/name): {why}."


def _check_choices(given: Mapping[str, str]) -> None:
    for name, choices in _CHOICES.items():
        if name in given and given[name] not in choices:
            raise ConfigurationError(f"DATABASE_URL: {name} must be one of {', '.join(choices)}.")


def _sslmode(flag: str) -> str | None:
    return flag if flag in _CHOICES["sslmode"] else _SSL_FLAGS.get(flag.lower())


def _server_settings(given: Mapping[str, str]) -> dict[str, str]:
    settings = {_SERVER_SETTINGS.get(name, name): value for name, value in given.items() if _is_server_setting(name)}
    if settings.get("search_path") == "public":
        # Tools add it by themselves. It is the default, and poolers refuse settings that they do not know.
        del settings["search_path"]
    return settings


def _is_server_setting(name: str) -> bool:
    return name in _SERVER_SETTINGS or "." in name  # an extension's settings have a dot


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
    """Return a whole number above zero; zero and less mean libpq's default, and so ours."""
    text = given.get(name, "")
    return int(text) if text.isdecimal() and int(text) > 0 else usual
