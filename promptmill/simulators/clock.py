"""The simulators' clock: epoch seconds for arithmetic, and WaveSpeed's timestamp format."""

from __future__ import annotations

from datetime import UTC, datetime
from time import time_ns


def now() -> float:
    """Return epoch seconds."""
    return time_ns() / 1e9


def rfc3339(seconds: float) -> str:
    """Return a time in WaveSpeed's format: nine fractional digits and Z."""
    nanoseconds = round(seconds * 1e9)
    whole = datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{nanoseconds % 1_000_000_000:09d}Z"


def parse_moment(text: str) -> float:
    """Return the epoch seconds of an ISO 8601 timestamp; one without a time zone is UTC.

    Raises:
        ValueError: The text is not such a timestamp.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
