"""`promptmill flag`: features that can be turned on and off at run time, and what each state means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from promptmill.commands.operator import operator
from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.contracts.access import by_whom
from promptmill.store.operations import AI_PROMPTS, OFF, ON
from sql.models import Switch


@dataclass(frozen=True)
class Flag:
    """What it means for a flag to be on or off, in a sentence each."""

    on: str
    off: str


FLAGS: Final = {
    AI_PROMPTS: Flag(
        on="Grok writes prompts for jobs and prompt jobs that request one.",
        off="New jobs and prompt jobs that need Grok are refused (403 `ai_prompts_off`); accepted ones continue.",
    ),
}
"""Every flag. Each defaults to on and is read on every request, so changes need no restart."""


async def show_flags(settings: Settings) -> dict[str, Switch | None]:
    """Return every flag as it was set; None if it was never set.

    Raises:
        RecordUnavailable: Postgres is unreachable.
        ConfigurationError: DATABASE_URL is not set.
    """
    async with open_record(settings) as store:
        found = await store.operations.switches()
    return {name: found.get(name) for name in FLAGS}


async def set_flag(settings: Settings, name: str, *, on: bool, reason: str | None) -> Switch | None:
    """Turn one of `FLAGS` on or off and return its recorded state.

    Raises:
        RecordUnavailable: Postgres is unreachable.
        ConfigurationError: DATABASE_URL is not set.
    """
    async with open_record(settings) as store:
        await store.operations.set_switch(name, ON if on else OFF, reason, by=operator())
        return (await store.operations.switches()).get(name)


def flag_line(name: str, switch: Switch | None) -> str:
    """Describe a flag: its state, since when, why and by whom, and what that means."""
    if switch is None:
        return f"{name}: on (default). {FLAGS[name].on}"
    on = switch.value != OFF
    why = f" ({switch.reason})" if switch.reason else ""
    since = f"{switch.changed_at:%F %T} UTC {by_whom(switch.changed_by)}".rstrip()
    return f"{name}: {'on' if on else 'off'} since {since}{why}. {FLAGS[name].on if on else FLAGS[name].off}"
