"""How Postgres's URL is read: nothing that people put into it reaches a server that would refuse it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from promptmill.contracts.errors import ConfigurationError
from promptmill.store import open_store
from promptmill.store.address import Keepalive, left_out_problem, parse_address

BASE = "postgresql://me:secret@db.example:5433/mill"
# What asyncpg 0.32 handles itself; any other parameter of a URL it sends to the server.
ASYNCPG_TAKES = {
    *("host", "port", "user", "password", "passfile", "dbname", "database", "service", "target_session_attrs"),
    *("sslmode", "sslnegotiation", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname", "gsslib"),
}
# libpq 18, Prisma, JDBC, Neon, Supabase, Heroku
PARAMETERS = {
    "channel_binding": "require",
    "client_encoding": "UTF8",
    "connect_timeout": "10",
    "connection_limit": "1",
    "fallback_application_name": "mill",
    "gssdelegation": "0",
    "gssencmode": "prefer",
    "hostaddr": "127.0.0.1",
    "keepalives": "1",
    "keepalives_count": "3",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "load_balance_hosts": "random",
    "max_protocol_version": "3.2",
    "pgbouncer": "true",
    "pool_timeout": "20",
    "prepareThreshold": "0",
    "replication": "false",
    "require_auth": "scram-sha-256",
    "requirepeer": "postgres",
    "schema": "public",
    "ssl": "true",
    "sslcertmode": "allow",
    "sslcompression": "0",
    "sslsni": "1",
    "statement_cache_size": "0",
    "tcp_user_timeout": "5000",
    "a_name_of_tomorrow": "1",
}


@pytest.mark.parametrize(
    "address",
    [
        f"{BASE}?sslmode=require",
        "postgres://postgres@/mill?host=%2Ftmp%2Fsockets",
        "postgresql://me@one:5432,two:5433/mill?target_session_attrs=read-write",
        "postgresql://me@[::1]:5432/mill",
    ],
)
def test_an_address_is_taken_as_libpq_writes_it(address: str) -> None:
    assert parse_address(address).dsn == address


def test_blanks_around_the_address_are_dropped() -> None:
    assert parse_address(f"  {BASE}\n").dsn == BASE


@pytest.mark.parametrize(("name", "value"), PARAMETERS.items())
def test_no_parameter_reaches_the_server_by_accident(name: str, value: str) -> None:
    address = parse_address(f"{BASE}?{name}={value}")

    assert {key for key, _ in parse_qsl(urlsplit(address.dsn).query)} <= ASYNCPG_TAKES
    assert address.server_settings == {}


def test_what_has_no_effect_is_named_and_its_value_is_not() -> None:
    address = f"{BASE}?pgbouncer=true&require_auth=scram-sha-256&sslmode=require&keepalives_idle=5"

    problem = left_out_problem({"DATABASE_URL": address})

    assert problem is not None
    assert "pgbouncer, require_auth." in problem
    assert "scram" not in problem
    assert "secret" not in problem
    assert left_out_problem({"DATABASE_URL": BASE}) is None
    direct = left_out_problem({"DATABASE_URL": BASE, "PROMPTMILL_DATABASE_DIRECT_URL": f"{BASE}?pgbouncer=true"})
    assert direct is not None
    assert direct.startswith("PROMPTMILL_DATABASE_DIRECT_URL has parameters that are ignored: pgbouncer.")


@pytest.mark.parametrize(
    ("given", "mode"),
    [
        ("ssl=true", "require"),
        ("ssl=false", "disable"),
        ("ssl=verify-full", "verify-full"),
        ("ssl=1&sslmode=allow", "allow"),
    ],
)
def test_ssl_is_translated(given: str, mode: str) -> None:
    assert dict(parse_qsl(urlsplit(parse_address(f"{BASE}?{given}").dsn).query)) == {"sslmode": mode}


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        ("schema=mill", {"search_path": "mill"}),
        ("search_path=mill", {"search_path": "mill"}),
        ("options=-c%20search_path%3Dmill", {"options": "-c search_path=mill"}),
        ("plpgsql.extra_warnings=all", {"plpgsql.extra_warnings": "all"}),
    ],
)
def test_settings_of_the_server_are_sent_to_it(given: str, settings: dict[str, str]) -> None:
    address = parse_address(f"{BASE}?{given}")

    assert address.server_settings == settings
    assert address.left_out == ()


def test_names_and_times_are_used() -> None:
    address = parse_address(f"{BASE}?application_name=shop&fallback_application_name=other&connect_timeout=9")

    assert (address.application_name, address.connect_seconds) == ("shop", 9)
    assert parse_address(f"{BASE}?fallback_application_name=other").application_name == "other"
    assert parse_address(f"{BASE}?connect_timeout=0").connect_seconds == parse_address(BASE).connect_seconds
    assert parse_address(f"{BASE}?connect_timeout=99999").connect_seconds == 60


def test_keepalives_are_on_unless_they_are_switched_off() -> None:
    assert parse_address(BASE).keepalive == Keepalive()
    assert parse_address(f"{BASE}?keepalives=0").keepalive is None
    assert parse_address(f"{BASE}?keepalives_idle=7&keepalives_count=0").keepalive == Keepalive(idle_seconds=7)


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("postgresql+asyncpg://db.example/mill", "postgresql://"),
        ("mysql://db.example/mill", "postgresql://"),
        ("mill", "postgresql://"),
        ("postgresql://me:pa#ss@db.example/mill", "percent-encoded"),
        ("postgresql://me:pa@ss@db.example/mill", "percent-encoded"),
        ("postgresql://me:pa/ss@db.example/mill", "percent-encoded"),
        ("postgresql://me@db.example:fivefour/mill", "port"),
        ("postgresql://me@db.example:99999/mill", "port"),
        ("postgresql://me@[::1/mill", "IPv6"),
        (f"{BASE}?sslmode=yes", "sslmode must be one of"),
        (f"{BASE}?target_session_attrs=master", "target_session_attrs must be one of"),
    ],
)
async def test_what_is_no_address_is_refused_without_telling_it(address: str, hint: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL") as refusal:
        async with open_store(address):
            pass
    assert hint in str(refusal.value)
    assert address not in str(refusal.value)
