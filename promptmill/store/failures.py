"""Maps the driver's and SQLAlchemy's exceptions to the errors of the contracts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from promptmill.contracts.errors import (
    IdempotencyMismatch,
    RecordConflict,
    RecordError,
    RecordNotFound,
    RecordUnavailable,
    cut,
)

NOT_FOUND: Final = "PM404"
CONFLICT: Final = "PM409"
"""With the word for the conflict as its hint; without one, an Idempotency-Key was used with another request."""

LOCK_NOT_AVAILABLE: Final = "55P03"

AWAY: Final = (
    "08",  # connection broken
    "28",  # refused: a password that is being changed; readiness reports it, jobs wait
    "3D",  # no such database (yet)
    "40",  # deadlock, serialization: a retry helps
    "53",  # out of connections, memory, disk
    "57",  # starting, stopping, cancelled by a timeout or an operator
    "58",  # its machine failed
    "25006",  # read-only: a standby, in the middle of a failover
    "42P01",  # no such table: not migrated yet
    "42883",  # no such function: the same
    "42703",  # no such column: the same
    LOCK_NOT_AVAILABLE,
)
"""SQLSTATEs, or prefixes of them, that are retryable."""


def sqlstate(error: BaseException) -> str | None:
    """Return the SQLSTATE of an exception of SQLAlchemy or asyncpg; None if it has none."""
    original = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(original, "sqlstate", None)
    return state if isinstance(state, str) else None


@contextmanager
def translated() -> Iterator[None]:
    """Convert exceptions inside the block to errors of the contracts.

    Raises:
        RecordUnavailable: Postgres is unreachable, starting, stopping, full, not migrated, or too slow.
        RecordNotFound: A function raised PM404.
        RecordConflict, IdempotencyMismatch: A function raised PM409, with or without a hint.
        RecordError: Postgres refused for another reason.
    """
    try:
        yield
    except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise record_error(error) from error


def record_error(error: Exception) -> RecordError:
    """Return the error of the contracts for an exception of the driver, SQLAlchemy or the network."""
    state = sqlstate(error)
    if state == NOT_FOUND:
        return RecordNotFound()
    if state == CONFLICT:
        return _conflict(error)
    reason = cut(str(getattr(error, "orig", None) or error) or type(error).__name__)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    network = isinstance(error, OSError | TimeoutError | PoolTimeoutError | asyncpg.InterfaceError)
    if network or lost or (state is not None and state.startswith(AWAY)) or _interface(error):
        return RecordUnavailable(f"Postgres is unavailable: {reason}")
    return RecordError(f"Postgres refused: {reason}")


def _conflict(error: Exception) -> RecordError:
    """Return the error for a PM409. SQLAlchemy wraps the driver's exception, and only that has the hint."""
    original = error.orig if isinstance(error, DBAPIError) else error
    refusal = original if isinstance(original, asyncpg.PostgresError) else getattr(original, "__cause__", None)
    hint = getattr(refusal, "hint", None)
    return RecordConflict(hint, str(refusal.args[0])) if hint and refusal else IdempotencyMismatch()


def _interface(error: Exception) -> bool:
    """Whether SQLAlchemy wraps a client-side failure of the driver: a connection that closed under it."""
    return isinstance(error, DBAPIError) and isinstance(
        error.orig.__cause__ if error.orig else None, asyncpg.InterfaceError
    )
