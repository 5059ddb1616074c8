"""The simulators' clock: epoch time, in seconds for reckoning and as WaveSpeed writes it."""

from __future__ import annotations

from datetime import UTC, datetime
from time import time_ns


def now() -> float:
    """Return epoch seconds."""
    return time_ns() / 1e9


def rfc3339(seconds: float) -> str:
    """Return a moment as WaveSpeed writes it: nine fraction digits and Z."""
    nanoseconds = round(seconds * 1e9)
    whole = datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{nanoseconds % 1_000_000_000:09d}Z"


def parse_moment(text: str) -> float:
    """Return epoch seconds of an ISO 8601 moment; one without a zone is UTC.

    Raises:
        ValueError: The text is not such a moment.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
