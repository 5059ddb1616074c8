"""The API's clock."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the time of this machine, in UTC."""
    return datetime.now(UTC)  # noqa: TID251  # no workflow runs here
