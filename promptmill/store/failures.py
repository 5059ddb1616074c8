"""Maps the driver's and SQLAlchemy's exceptions to the errors of the contracts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from promptmill.contracts.errors import (
    IdempotencyMismatch,
    RecordConflict,
    RecordError,
    RecordNotFound,
    RecordReadOnly,
    RecordUnavailable,
    cut,
)

_OF_ASYNCPG: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

NOT_FOUND: Final = "PM404"
CONFLICT: Final = "PM409"
"""Its hint is the conflict's code; without one, an Idempotency-Key was used for a different request."""

LOCK_NOT_AVAILABLE: Final = "55P03"
DEADLOCK_DETECTED: Final = "40P01"

READ_ONLY: Final = "25006"
"""A standby, or a primary that refuses writes: during a failover, or with a full disk."""

FINAL: Final = (
    "23",  # a violated constraint
    "22001",  # a string that is too long
    "22003",  # a number out of range
    "22007",  # an invalid timestamp
    "22008",  # a timestamp out of range
    "22021",  # characters that Postgres cannot store, such as NUL
    "22P02",  # a value that cannot be parsed
    "22P05",  # characters that the database's encoding lacks
    "P0001",  # raised by our own functions and migrations
    "PM",  # the same
)
"""SQLSTATEs, or prefixes of them, that are not retryable. Any other failure may be temporary: a starting server, a
schema that is not migrated yet, a privilege that is granted later, a pooler's own code. It is reported and
retried; it never ends a job."""


def driver_error(error: BaseException) -> BaseException:
    """Return the exception of asyncpg or the network that SQLAlchemy has wrapped."""
    original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return original.__cause__ if isinstance(original.__cause__, _OF_ASYNCPG) else original


def sqlstate(error: BaseException) -> str | None:
    """Return the SQLSTATE of an exception of SQLAlchemy or asyncpg; None if it has none."""
    state = getattr(driver_error(error), "sqlstate", None)
    return state if isinstance(state, str) else None


@contextmanager
def translated() -> Iterator[None]:
    """Convert exceptions inside the block to errors of the contracts.

    Raises:
        RecordNotFound: A function raised PM404.
        RecordConflict, IdempotencyMismatch: A function raised PM409, with or without a hint.
        RecordError: Postgres refused, and would refuse again (`FINAL`).
        RecordReadOnly: Postgres is read-only.
        RecordUnavailable: Anything else.
    """
    try:
        yield
    except (SQLAlchemyError, OSError, *_OF_ASYNCPG) as error:
        raise record_error(error) from error


def record_error(error: Exception) -> RecordError:
    """Return the error of the contracts for an exception of the driver, SQLAlchemy or the network."""
    state = sqlstate(error)
    if state == NOT_FOUND:
        return RecordNotFound()
    if state == CONFLICT:
        return _conflict(error)
    driver = driver_error(error)
    reason = cut(str(driver)) or type(driver).__name__
    if _unencodable(driver) or (state or "").startswith(FINAL):
        return RecordError(f"Postgres refused: {reason}")
    if state == READ_ONLY:
        return RecordReadOnly(f"Postgres is read-only: {reason}")
    return RecordUnavailable(f"Postgres is unavailable: {reason}" + (f" (SQLSTATE {state})" if state else ""))


def _unencodable(driver: BaseException) -> bool:
    """Return whether asyncpg could not encode a value, such as a number that is too large, and so sent nothing.

    Depending on its release, it says so with the exception of SQLSTATE 22000; an answer of Postgres has a severity.
    """
    if type(driver) is asyncpg.DataError:
        return getattr(driver, "severity", None) is None
    return isinstance(driver, asyncpg.InterfaceError) and isinstance(driver, ValueError)


def _conflict(error: Exception) -> RecordError:
    """Return the error for a PM409; the driver's exception has the hint."""
    refusal = driver_error(error)
    hint = getattr(refusal, "hint", None)
    return RecordConflict(hint, str(refusal.args[0])) if hint else IdempotencyMismatch()
