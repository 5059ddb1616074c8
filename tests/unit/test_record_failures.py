"""What Postgres's errors mean, and how its URL is read; no server needed."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from promptmill.contracts.errors import (
    IdempotencyMismatch,
    RecordError,
    RecordNotFound,
    RecordReadOnly,
    RecordUnavailable,
)
from promptmill.store.database import Database
from promptmill.store.failures import record_error
from promptmill.store.store import open_store

# Codes, and one class, for which a retry gets the same error.
FINAL_CLASSES = ("22001", "22003", "22007", "22008", "22021", "22P02", "22P05", "23", "P0001")


class InterfaceFailure(asyncpg.InterfaceError, ValueError):  # type: ignore[misc]  # asyncpg ships no types
    """As the DataError of asyncpg's older releases is, which they do not show."""


def known_sqlstates() -> list[str]:
    """Every code that asyncpg knows, and some that a pooler or a newer Postgres may make up."""
    found = {getattr(each, "sqlstate", None) for each in vars(asyncpg.exceptions).values()}
    return sorted({state for state in found if isinstance(state, str)} | {"XX999", "ZZ000", "99999", "25006"})


def postgres_error(sqlstate: str) -> DBAPIError:
    original = asyncpg.PostgresError.new({"S": "ERROR", "C": sqlstate, "M": "words of Postgres"})
    return DBAPIError("SELECT 1", {}, original)


FINAL = ("22003", "22021", "22P02", "23503", "23505", "P0001", "PM422")


@pytest.mark.parametrize("sqlstate", [state for state in known_sqlstates() if not state.startswith(FINAL_CLASSES)])
def test_every_other_sqlstate_is_waited_for(sqlstate: str) -> None:
    error = record_error(postgres_error(sqlstate))

    assert isinstance(error, RecordUnavailable)
    assert error.retryable


@pytest.mark.parametrize("sqlstate", FINAL)
def test_what_would_be_refused_again_is_final(sqlstate: str) -> None:
    assert type(record_error(postgres_error(sqlstate))) is RecordError


@pytest.mark.parametrize("raised", [InterfaceFailure, asyncpg.DataError])
def test_a_value_that_postgres_cannot_hold_is_final(raised: type[Exception]) -> None:
    """Asyncpg's own error: nothing was sent."""
    error = raised("invalid input for query argument $1: 3000000000 (value out of int32 range)")

    assert type(record_error(error)) is RecordError


def test_read_only_is_told_apart() -> None:
    assert type(record_error(postgres_error("25006"))) is RecordReadOnly


def test_network_and_pool_failures_mean_away() -> None:
    for failure in (
        ConnectionRefusedError("refused"),
        TimeoutError(),
        PoolTimeoutError("pool"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.TargetServerAttributeNotMatched("no host fits"),
        asyncpg.ProtocolError("out of step"),
        asyncpg.OutdatedSchemaCacheError("types changed"),
        asyncpg.CannotConnectNowError("starting up"),
        DBAPIError("SELECT 1", {}, Exception("gone"), connection_invalidated=True),
    ):
        assert isinstance(record_error(failure), RecordUnavailable), failure


@pytest.mark.parametrize(
    ("sqlstate", "expected"), [("PM404", RecordNotFound), ("PM409", IdempotencyMismatch), ("23505", RecordError)]
)
def test_refusals_are_not_away(sqlstate: str, expected: type[RecordError]) -> None:
    assert type(record_error(postgres_error(sqlstate))) is expected


async def test_opening_the_store_does_not_connect() -> None:
    async with open_store("postgresql://nobody@127.0.0.1:1/none") as store:
        assert isinstance(store.jobs.database, Database)
        with pytest.raises(RecordUnavailable):
            await store.operations.ping()
