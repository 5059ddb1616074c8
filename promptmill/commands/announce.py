"""`promptmill announce`: a notice to everybody, on the page and in `GET /api/init`."""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime
from typing import Final

from promptmill.commands.access import duration_of
from promptmill.commands.operator import operator
from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.contracts.access import by_whom
from promptmill.contracts.announcements import Announcement
from promptmill.store.operations import ANNOUNCEMENT, OFF
from sql.models import Switch

NOTHING: Final = "Nothing is announced."


def moment(text: str) -> datetime:
    """Return when an announcement is over: a time with its zone, or that many hours, days or weeks from now.

    Raises:
        ValueError: It is neither, or has passed.
    """
    now = datetime.now(UTC)  # noqa: TID251  # no workflow runs here
    try:
        found = now + duration_of(text)
    except ValueError:
        found = _time(text)
    if found <= now:
        raise ValueError(f"{text} has passed")
    return found


async def announce(settings: Settings, text: str, announcement: Announcement) -> Switch | None:
    """Announce this, instead of what was announced before, and return it as recorded.

    Raises:
        RecordUnavailable: Postgres is unreachable.
        ConfigurationError: DATABASE_URL is not set.
    """
    return await _set(settings, announcement.model_dump_json(), text)


async def clear(settings: Settings) -> None:
    """Take back what is announced, if anything is.

    Raises:
        RecordUnavailable: Postgres is unreachable.
        ConfigurationError: DATABASE_URL is not set.
    """
    await _set(settings, OFF, None)


async def announced(settings: Settings) -> Switch | None:
    """Return what was last announced or cleared; None if nothing ever was.

    Raises:
        RecordUnavailable: Postgres is unreachable.
        ConfigurationError: DATABASE_URL is not set.
    """
    async with open_record(settings) as store:
        return (await store.operations.switches()).get(ANNOUNCEMENT)


def announcement_line(switch: Switch | None) -> str:
    """Describe what is announced now."""
    now = datetime.now(UTC)  # noqa: TID251  # no workflow runs here
    found = Announcement.of_switch(switch.value, now) if switch else None
    if switch is None or found is None:
        return NOTHING
    until = f" until {found.until.astimezone(UTC):%F %T} UTC" if found.until else ", until it is cleared"
    since = f"since {switch.changed_at:%F %T} UTC {by_whom(switch.changed_by)}".rstrip()
    return f"Announced {since}{until} ({found.level}): {switch.reason}"


async def _set(settings: Settings, value: str, text: str | None) -> Switch | None:
    async with open_record(settings) as store:
        if value != OFF or ANNOUNCEMENT in await store.operations.switches():
            await store.operations.set_switch(ANNOUNCEMENT, value, text, by=operator())
        return (await store.operations.switches()).get(ANNOUNCEMENT)


def _time(text: str) -> datetime:
    problem = "give a time with its zone, or how long: 2026-12-01T18:00Z, 12h, 7d"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(problem) from None
    if found.tzinfo is None or found.year == MAXYEAR:  # in UTC it might be later than any time
        raise ValueError(problem)
    return found.astimezone(UTC)
