"""What failures of Postgres mean, and how its address is read: no server needed."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from promptmill.contracts.errors import (
    ConfigurationError,
    IdempotencyMismatch,
    RecordError,
    RecordNotFound,
    RecordUnavailable,
)
from promptmill.store.connection import driver_address
from promptmill.store.database import Database
from promptmill.store.failures import record_error
from promptmill.store.store import open_store


def postgres_error(sqlstate: str) -> DBAPIError:
    original = asyncpg.PostgresError.new({"C": sqlstate, "M": "words of Postgres"})
    return DBAPIError("SELECT 1", {}, original)


@pytest.mark.parametrize(
    "sqlstate",
    [
        "08006",
        "28P01",
        "3D000",
        "40P01",
        "53300",
        "55P03",
        "57P01",
        "57P03",
        "57014",
        "58030",
        "25006",
        "42P01",
        "42703",
    ],
)
def test_away_is_worth_asking_again(sqlstate: str) -> None:
    error = record_error(postgres_error(sqlstate))

    assert isinstance(error, RecordUnavailable)
    assert error.retryable


def test_network_and_pool_failures_mean_away() -> None:
    for failure in (
        ConnectionRefusedError("refused"),
        TimeoutError(),
        PoolTimeoutError("pool"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.CannotConnectNowError("starting up"),
        DBAPIError("SELECT 1", {}, Exception("gone"), connection_invalidated=True),
    ):
        assert isinstance(record_error(failure), RecordUnavailable), failure


@pytest.mark.parametrize(
    ("sqlstate", "expected"), [("PM404", RecordNotFound), ("PM409", IdempotencyMismatch), ("23505", RecordError)]
)
def test_refusals_are_not_away(sqlstate: str, expected: type[RecordError]) -> None:
    assert type(record_error(postgres_error(sqlstate))) is expected


def test_address_is_taken_as_libpq_writes_it() -> None:
    for address in (
        "postgresql://me:secret@db.example:5433/mill?sslmode=require",
        "postgres://postgres@/mill?host=%2Ftmp%2Fsockets",
    ):
        assert driver_address(address) == address


def test_parameters_that_only_libpq_knows_are_left_out() -> None:
    address = "postgresql://me@db.example/mill?sslmode=require&channel_binding=require&connect_timeout=10"

    assert driver_address(address) == "postgresql://me@db.example/mill?sslmode=require"


@pytest.mark.parametrize("address", ["postgresql+asyncpg://db.example/mill", "mysql://db.example/mill", "mill"])
async def test_other_addresses_are_refused_without_telling_them(address: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL") as refusal:
        async with open_store(address):
            pass
    assert address not in str(refusal.value)


async def test_opening_the_store_does_not_connect() -> None:
    async with open_store("postgresql://nobody@127.0.0.1:1/none") as store:
        assert isinstance(store.jobs.database, Database)
        with pytest.raises(RecordUnavailable):
            await store.operations.ping()
